"""The JSON form of an exchange back to the exchange. Pure: no file is touched here."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Hashable
from typing import TypeVar

import msgspec

from ci_gate.errors import UsageError
from ci_gate.model.exchange import Exchange, Push
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
from ci_gate.store import postgresforms, redisforms, styles
from ci_gate.store.disk import (
    DiskBody,
    DiskExchange,
    DiskPush,
    DiskRequest,
    DiskResponse,
    Lines,
    Text,
)

T = TypeVar("T", bound=Hashable)
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _kept(body: Stored) -> Body:
    return body


_SHARED = 8192
"""Headers, and small answers, that are kept at hand."""
_SMALL = 512
"""Bytes of the longest body of such an answer."""


class Decoder:
    """Disk forms back to exchanges. One per snapshot or journal: repeated headers and small answers
    are shared, which is most of what a snapshot of small exchanges holds.

    `load` turns a body that lies in a file into what the exchange shall hold; `whole` does so for
    databases, whose messages are said and compared as a whole.
    """

    def __init__(
        self,
        load: Callable[[Stored], Body] = _kept,
        whole: Callable[[Stored], Body] | None = None,
    ) -> None:
        self._load = load
        self._whole = whole or load
        self._fields: dict[tuple[Text, Text], tuple[bytes, bytes]] = {}
        self._whole_headers: dict[Headers, Headers] = {}
        self._answers: dict[HttpResponse, HttpResponse] = {}

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
                signed=disk.signed,
                notes=disk.notes,
                noise=disk.noise,
                rebased=disk.rebased,
                accepted=disk.accepted,
                assumed=disk.assumed,
                pushed=tuple(map(self._push, disk.pushed)) if disk.pushed else (),
                blocking=disk.blocking,
            )
        except (ValueError, msgspec.MsgspecError, RecursionError) as error:
            raise UsageError(f"exchange {disk.id}: {error}") from error

    def _request(self, disk: DiskRequest) -> Message:
        if bytes(disk.command) or disk.command_body is not None:
            inside = (
                None if disk.command_body is None else self._body(disk.command_body, self._whole)
            )
            return redisforms.request(disk.command, disk.database, inside, queued=disk.queued)
        load = self._load if disk.sql is None else self._whole
        body = b"" if disk.body is None else self._body(disk.body, load)
        if disk.sql is not None:
            return postgresforms.request(disk.sql, disk.params, disk.step, body, disk.transaction)
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

    def _push(self, disk: DiskPush) -> Push:
        return Push(disk.dependency, disk.after, self._request(disk.request))

    def _response(self, disk: DiskResponse) -> Message:
        if bytes(disk.results) or disk.results_body is not None:
            inside = (
                None if disk.results_body is None else self._body(disk.results_body, self._whole)
            )
            return postgresforms.response(disk.results, disk.at, inside)
        if bytes(disk.reply) or disk.reply_body is not None:
            inside = None if disk.reply_body is None else self._body(disk.reply_body, self._whole)
            return redisforms.response(disk.reply, inside, paired=disk.paired)
        body = b"" if disk.body is None else self._body(disk.body, self._load)
        if disk.status is None:
            if disk.reason or disk.headers or disk.trailers or disk.coding:
                raise ValueError('its response has no "status"')
            return Raw(body)
        answer = HttpResponse(
            disk.status,
            _decode_bytes(disk.reason),
            self._headers(disk.headers),
            body,
            self._headers(disk.trailers),
            disk.coding,
            disk.version,
        )
        return (
            _shared(self._answers, answer)
            if isinstance(body, bytes) and len(body) <= _SMALL
            else answer
        )

    def _headers(self, disk: tuple[tuple[Text, Text], ...]) -> Headers:
        fields = self._fields
        if len(fields) >= _SHARED:
            fields.clear()
        headers = []
        for pair in disk:
            field = fields.get(pair)
            if field is None:
                field = (_decode_bytes(pair[0]), _decode_bytes(pair[1]))
                fields[pair] = field
            headers.append(field)
        return _shared(self._whole_headers, tuple(headers))

    def _body(self, disk: DiskBody, load: Callable[[Stored], Body]) -> Body:
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
            return load(Stored(disk.file, disk.size))
        if disk.opaque is not None:
            return Opaque(disk.size or 0, disk.opaque)
        return _decode_text(disk.text, disk.b64)


def _shared(known: dict[T, T], value: T) -> T:
    """The one that is equal to it, if there was one."""
    if len(known) >= _SHARED:
        known.clear()
    return known.setdefault(value, value)


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
