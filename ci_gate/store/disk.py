"""The JSON form of an exchange, both ways. Pure: no file is touched here.

Two forms share one reader. The snapshot form shows JSON bodies as JSON and moves large or binary
bodies outside; the journal form (`outside` None) keeps every body in the line, as text or base64.
Defaults are left out. Byte strings are text when they are valid UTF-8, else `{"b64": …}`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable

import msgspec

from ci_gate.errors import UsageError
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import (
    Body,
    Headers,
    HttpRequest,
    HttpResponse,
    Message,
    Opaque,
    Piece,
    Pieces,
    Raw,
    Stored,
)
from ci_gate.model.noise import Noise, Rebased
from ci_gate.store import styles

LARGE_BODY = 64 * 1024
"""Bodies beyond this many bytes lie in a file of their own."""
LARGE_BINARY = 4 * 1024
"""The same for bodies that are not UTF-8 text."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


class B64(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A byte string that is not UTF-8."""

    b64: str


Text = str | B64
Lines = str | list[str]
"""A text, or its lines with their line feeds."""


class DiskPiece(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One part of a stream: exactly one of `text` and `b64`."""

    at: float = 0.0
    text: Lines | None = None
    b64: str | None = None


class DiskBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A body: exactly one of `json`, `text`, `b64`, `file`, `opaque` and `pieces` is given."""

    json: msgspec.Raw = msgspec.Raw()
    style: str = ""
    text: Lines | None = None
    b64: str | None = None
    file: str | None = None
    opaque: str | None = None
    size: int | None = None
    pieces: list[DiskPiece] | None = None
    complete: bool = True


class DiskRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A request: HTTP when it has a method, else raw."""

    method: str | None = None
    target: Text = ""
    headers: tuple[tuple[Text, Text], ...] = ()
    body: DiskBody | None = None
    trailers: tuple[tuple[Text, Text], ...] = ()
    coding: str = ""
    version: str = "1.1"


class DiskResponse(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A response: HTTP when it has a status, else raw."""

    status: int | None = None
    reason: Text = ""
    headers: tuple[tuple[Text, Text], ...] = ()
    body: DiskBody | None = None
    trailers: tuple[tuple[Text, Text], ...] = ()
    coding: str = ""
    version: str = "1.1"


class DiskExchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """An exchange; `dependency` and `route` are left out where the file says them."""

    id: str
    request: DiskRequest
    response: DiskResponse | None = None
    dependency: str = ""
    route: str = ""
    groups: tuple[str, ...] = ()
    at: float = 0.0
    took: float = 0.0
    connection: int = 0
    error: str = ""
    notes: tuple[str, ...] = ()
    redacted: tuple[str, ...] = ()
    noise: tuple[Noise, ...] = ()
    rebased: tuple[Rebased, ...] = ()


def encode_exchange(exchange: Exchange, outside: dict[str, bytes] | None) -> dict[str, object]:
    """The disk form, as values `msgspec.json.encode` and `store.pretty` can write.

    `outside` receives bodies that go to files of their own, by SHA-256; None = the journal form.
    Pairs that belong on one line are tuples.
    """
    form: dict[str, object] = {"id": exchange.id}
    if exchange.dependency:
        form["dependency"] = exchange.dependency
    if exchange.route:
        form["route"] = exchange.route
    if exchange.groups:
        form["groups"] = list(exchange.groups)
    form["at"] = exchange.at
    form["took"] = exchange.took
    if exchange.connection:
        form["connection"] = exchange.connection
    if exchange.error:
        form["error"] = exchange.error
    if exchange.notes:
        form["notes"] = list(exchange.notes)
    if exchange.redacted:
        form["redacted"] = list(exchange.redacted)
    if exchange.noise:
        form["noise"] = [one_line(noise) for noise in exchange.noise]
    if exchange.rebased:
        form["rebased"] = [one_line(rebased) for rebased in exchange.rebased]
    form["request"] = _encode_message(exchange.request, outside)
    if exchange.response is not None:
        form["response"] = _encode_message(exchange.response, outside)
    return form


def one_line(struct: msgspec.Struct) -> msgspec.Raw:
    """A struct (with omit_defaults) as JSON on one line: what varies is one line in a diff."""
    return msgspec.Raw(msgspec.json.format(msgspec.json.encode(struct), indent=0))


def _encode_message(message: Message, outside: dict[str, bytes] | None) -> dict[str, object]:
    form: dict[str, object] = {}
    if isinstance(message, Raw):
        _put_body(form, message.body, outside)
        return form
    if isinstance(message, HttpRequest):
        form["method"] = message.method
        form["target"] = _encode_bytes(message.target)
    else:
        form["status"] = message.status
        if message.reason:
            form["reason"] = _encode_bytes(message.reason)
    if message.version != "1.1":
        form["version"] = message.version
    if message.headers:
        form["headers"] = _encode_headers(message.headers)
    if message.coding:
        form["coding"] = message.coding
    _put_body(form, message.body, outside)
    if message.trailers:
        form["trailers"] = _encode_headers(message.trailers)
    return form


def _encode_headers(headers: Headers) -> list[object]:
    return [(_encode_bytes(name), _encode_bytes(value)) for name, value in headers]


def _encode_bytes(data: bytes) -> object:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(data).decode()}


def _put_body(form: dict[str, object], body: Body, outside: dict[str, bytes] | None) -> None:
    if body == b"":
        return
    if isinstance(body, bytes):
        form["body"] = _encode_data(body, outside)
    elif isinstance(body, Stored):
        form["body"] = {"file": body.sha256, "size": body.size}
    elif isinstance(body, Opaque):
        form["body"] = {"opaque": body.digest, "size": body.size}
    else:
        form["body"] = _encode_pieces(body)


def _encode_pieces(body: Pieces) -> dict[str, object]:
    form: dict[str, object] = {
        "pieces": [{"at": piece.at, **_encode_text(piece.data)} for piece in body.items]
    }
    if not body.complete:
        form["complete"] = False
    return form


def _encode_data(data: bytes, outside: dict[str, bytes] | None) -> dict[str, object]:
    if outside is None:
        return _encode_text(data)
    if len(data) > LARGE_BODY:
        return _put_outside(data, outside)
    found = styles.to_json(data)
    if found is not None:
        text, style = found
        form: dict[str, object] = {"style": style} if style else {}
        return form | {"json": msgspec.Raw(text)}
    form = _encode_text(data)
    if "b64" in form and len(data) > LARGE_BINARY:
        return _put_outside(data, outside)
    return form


def _put_outside(data: bytes, outside: dict[str, bytes]) -> dict[str, object]:
    sha256 = hashlib.sha256(data).hexdigest()
    outside[sha256] = data
    return {"file": sha256, "size": len(data)}


def _encode_text(data: bytes) -> dict[str, object]:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(data).decode()}
    *whole, last = text.split("\n")
    lines = [line + "\n" for line in whole]
    if last:
        lines.append(last)
    return {"text": lines if len(lines) > 1 else text}


def _kept(body: Stored) -> Body:
    return body


class Decoder:
    """Disk forms back to exchanges. One per snapshot or journal: repeated header fields are
    shared, which is most of what a snapshot holds.

    `load` turns a body that lies in a file into what the exchange shall hold.
    """

    def __init__(self, load: Callable[[Stored], Body] = _kept) -> None:
        self._load = load
        self._fields: dict[tuple[Text, Text], tuple[bytes, bytes]] = {}

    def exchange(
        self, disk: DiskExchange, dependency: str, route: str, groups: tuple[str, ...]
    ) -> Exchange:
        """The exchange; `dependency`, `route`, `groups` hold where the form itself says nothing.

        Raises UsageError naming the exchange and what is wrong with it.
        """
        try:
            return Exchange(
                id=disk.id,
                dependency=disk.dependency or dependency,
                route=disk.route or route,
                groups=disk.groups or groups,
                at=disk.at,
                took=disk.took,
                connection=disk.connection,
                request=self._request(disk.request),
                response=None if disk.response is None else self._response(disk.response),
                error=disk.error,
                redacted=disk.redacted,
                notes=disk.notes,
                noise=disk.noise,
                rebased=disk.rebased,
            )
        except (ValueError, msgspec.MsgspecError, RecursionError) as error:
            raise UsageError(f"exchange {disk.id}: {error}") from error

    def _request(self, disk: DiskRequest) -> Message:
        body = b"" if disk.body is None else self._body(disk.body)
        if disk.method is None:
            if disk.target or disk.headers or disk.trailers or disk.coding:
                raise ValueError('its request has no "method"')
            return Raw(body)
        return HttpRequest(
            disk.method,
            _decode_bytes(disk.target),
            self._headers(disk.headers),
            body,
            self._headers(disk.trailers),
            disk.coding,
            disk.version,
        )

    def _response(self, disk: DiskResponse) -> Message:
        body = b"" if disk.body is None else self._body(disk.body)
        if disk.status is None:
            if disk.reason or disk.headers or disk.trailers or disk.coding:
                raise ValueError('its response has no "status"')
            return Raw(body)
        return HttpResponse(
            disk.status,
            _decode_bytes(disk.reason),
            self._headers(disk.headers),
            body,
            self._headers(disk.trailers),
            disk.coding,
            disk.version,
        )

    def _headers(self, disk: tuple[tuple[Text, Text], ...]) -> Headers:
        fields = self._fields
        headers = []
        for pair in disk:
            field = fields.get(pair)
            if field is None:
                field = (_decode_bytes(pair[0]), _decode_bytes(pair[1]))
                fields[pair] = field
            headers.append(field)
        return tuple(headers)

    def _body(self, disk: DiskBody) -> Body:
        text = bytes(disk.json)
        forms = (disk.text, disk.b64, disk.file, disk.opaque, disk.pieces)
        if (text != b"") + sum(form is not None for form in forms) != 1:
            raise ValueError("a body needs exactly one of json, text, b64, file, opaque and pieces")
        if text:
            return styles.from_json(text, disk.style)
        if disk.pieces is not None:
            items = tuple(Piece(p.at, _decode_text(p.text, p.b64)) for p in disk.pieces)
            return Pieces(items, disk.complete)
        if disk.file is not None:
            if disk.size is None or not _SHA256.fullmatch(disk.file):
                raise ValueError('a body in a file needs "file", a SHA-256 in hex, and "size"')
            return self._load(Stored(disk.file, disk.size))
        if disk.opaque is not None:
            return Opaque(disk.size or 0, disk.opaque)
        return _decode_text(disk.text, disk.b64)


def _decode_bytes(text: Text) -> bytes:
    return text.encode() if isinstance(text, str) else _decode_b64(text.b64)


def _decode_text(text: Lines | None, b64: str | None) -> bytes:
    if text is None:
        return _decode_b64(b64 or "")
    return (text if isinstance(text, str) else "".join(text)).encode()


def _decode_b64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"broken base64 ({error})") from error
