"""The JSON form of an exchange. Pure: no file is touched here.

Two forms share one reader (`store.decode`). The snapshot form shows JSON bodies as JSON and moves
large or binary bodies outside; the journal form (`outside` None) keeps every body in the line, as
text or base64. Defaults are left out. Byte strings are text when they are valid UTF-8, else `{"b64": …}`.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

import msgspec

from ci_gate.model.exchange import Exchange
from ci_gate.model.message import (
    Body,
    Headers,
    HttpRequest,
    Message,
    Opaque,
    PgResult,
    PgStatement,
    Pieces,
    Raw,
    RedisCommand,
    RedisReply,
    Stored,
)
from ci_gate.model.noise import Accepted, Noise, Rebased
from ci_gate.store import postgresforms, redisforms, styles

LARGE_BODY = 64 * 1024
"""Bodies beyond this many bytes lie in a file of their own."""
_NEVER = -1
"""A journal is for us: what is shown as JSON in a snapshot is kept there as it is."""
_REPEATED = PgStatement | PgResult | RedisCommand | RedisReply
KNOWN = 8192
"""Messages whose journal form is kept in mind."""
KNOWN_BYTES = 2048
"""Longest body of one of them."""
LARGE_BINARY = 4 * 1024
"""The same for bodies that are not UTF-8 text."""


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
    """A request: HTTP when it has a method, PostgreSQL when it has SQL, Redis when it has a command,
    else raw."""

    sql: str | None = None
    params: msgspec.Raw = msgspec.Raw()
    step: str = ""
    transaction: bool | int = False
    """As a number: which one of its window (in a journal, of its connection)."""
    command: msgspec.Raw = msgspec.Raw()
    command_body: DiskBody | None = None
    database: int = 0
    queued: bool = False
    method: str | None = None
    target: Text = ""
    headers: tuple[tuple[Text, Text], ...] = ()
    body: DiskBody | None = None
    trailers: tuple[tuple[Text, Text], ...] = ()
    coding: str = ""
    version: str = "1.1"


class DiskResponse(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A response: HTTP when it has a status, PostgreSQL when it has results, Redis when it has a
    reply, else raw. `outcome` names results or a reply that dependency.json has."""

    outcome: str = ""
    results: msgspec.Raw = msgspec.Raw()
    results_body: DiskBody | None = None
    at: str = ""
    reply: msgspec.Raw = msgspec.Raw()
    reply_body: DiskBody | None = None
    paired: bool = False
    status: int | None = None
    reason: Text = ""
    headers: tuple[tuple[Text, Text], ...] = ()
    body: DiskBody | None = None
    trailers: tuple[tuple[Text, Text], ...] = ()
    coding: str = ""
    version: str = "1.1"


class DiskPush(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """See `model.exchange.Push`."""

    dependency: str
    request: DiskRequest
    after: float = 0.0


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
    signed: dict[str, bool] = {}
    noise: tuple[Noise, ...] = ()
    rebased: tuple[Rebased, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    assumed: bool = False
    pushed: tuple[DiskPush, ...] = ()
    blocking: bool = False


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
    if exchange.signed:
        form["signed"] = exchange.signed
    if exchange.noise:
        form["noise"] = [one_line(noise) for noise in exchange.noise]
    if exchange.rebased:
        form["rebased"] = [one_line(rebased) for rebased in exchange.rebased]
    if exchange.accepted:
        form["accepted"] = [one_line(accepted) for accepted in exchange.accepted]
    if exchange.assumed:
        form["assumed"] = True
    if exchange.blocking:
        form["blocking"] = True
    form["request"] = _encode_message(exchange.request, outside)
    if exchange.response is not None:
        form["response"] = _encode_message(exchange.response, outside)
    if exchange.pushed:
        form["pushed"] = [
            {
                "dependency": one.dependency,
                "after": one.after,
                "request": _encode_message(one.message, outside),
            }
            for one in exchange.pushed
        ]
    return form


def digest_of(exchange: Exchange) -> str:
    """SHA-256 (hex) of an exchange's stored form. Its route is left out: the configuration names
    routes anew."""
    bare = msgspec.structs.replace(exchange, route="")
    bodies: dict[str, bytes] = {}
    return hashlib.sha256(msgspec.json.encode(encode_exchange(bare, bodies))).hexdigest()


def one_line(struct: msgspec.Struct) -> msgspec.Raw:
    """A struct (with omit_defaults) as JSON on one line: what varies is one line in a diff."""
    return msgspec.Raw(msgspec.json.format(msgspec.json.encode(struct), indent=0))


def _encode_message(message: Message, outside: dict[str, bytes] | None) -> object:
    if outside is None and isinstance(message, _REPEATED):
        known = _journalled(message)
        if known is not None:
            return known
    form: dict[str, object] = {}
    if isinstance(message, Raw):
        _put_body(form, message.body, outside)
        return form
    if isinstance(message, RedisCommand | RedisReply):
        return _encode_redis(message, outside)
    if isinstance(message, PgStatement | PgResult):
        return _encode_postgres(message, outside)
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


@lru_cache(maxsize=KNOWN)
def _journalled(message: PgStatement | PgResult | RedisCommand | RedisReply) -> msgspec.Raw | None:
    """The journal form, made once of what databases are told and say again and again; None for
    what is large or cannot be encoded as it is."""
    if not isinstance(message.body, bytes) or len(message.body) > KNOWN_BYTES:
        return None
    if isinstance(message, PgStatement | PgResult):
        form = _encode_postgres(message, None)
    else:
        form = _encode_redis(message, None)
    try:
        return msgspec.Raw(msgspec.json.encode(form))
    except UnicodeEncodeError:
        return None


def _encode_redis(
    message: RedisCommand | RedisReply, outside: dict[str, bytes] | None
) -> dict[str, object]:
    largest = LARGE_BODY if outside is not None else _NEVER
    if isinstance(message, RedisCommand):
        form, name = redisforms.request_form(message, largest), "command"
    else:
        form, name = redisforms.response_form(message, largest), "reply"
    if name not in form:
        _put_body(form, message.body, outside, f"{name}_body")
        form.setdefault(f"{name}_body", {"text": ""})
    return form


def _encode_postgres(
    message: PgStatement | PgResult, outside: dict[str, bytes] | None
) -> dict[str, object]:
    if isinstance(message, PgStatement):
        form = postgresforms.request_form(message)
        _put_body(form, message.body, outside)
        return form
    largest = LARGE_BODY if outside is not None else _NEVER
    form = postgresforms.response_form(message, largest)
    if "results" not in form:
        _put_body(form, message.body, outside, "results_body")
        form.setdefault("results_body", {"text": ""})
    return form


def _encode_headers(headers: Headers) -> list[object]:
    return [(_encode_bytes(name), _encode_bytes(value)) for name, value in headers]


def _encode_bytes(data: bytes) -> object:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(data).decode()}


def _put_body(
    form: dict[str, object], body: Body, outside: dict[str, bytes] | None, name: str = "body"
) -> None:
    if body == b"":
        return
    if isinstance(body, bytes):
        form[name] = _encode_data(body, outside)
    elif isinstance(body, Stored):
        form[name] = {"file": body.sha256, "size": body.size}
    elif isinstance(body, Opaque):
        form[name] = {"opaque": body.digest, "size": body.size}
    else:
        form[name] = _encode_pieces(body)


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
