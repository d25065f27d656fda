"""An exchange as selections see it: plain data under fixed names.

    id  dependency  route  groups  at  took  error
    request   method  target  path  query  headers  trailers  body
    response  status  headers  trailers  body

A call that is no HTTP has its own parts: sql, params, results; command, reply.
Headers, trailers and query are objects of lists, names lower case (query names as sent). A JSON
body is its value, another text body its text; bodies that are neither, and their fields, are null.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec

from ci_gate.codecs.registry import codec_of
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import (
    Body,
    Headers,
    HttpRequest,
    HttpResponse,
    Message,
    Part,
    Pieces,
    Raw,
    Stored,
)
from ci_gate.policy.fields import ANY, Schema
from ci_gate.store.bodies import read_body

_LISTS: Schema = {"*": [None]}
_COMMON: dict[str, Schema] = {"headers": _LISTS, "trailers": _LISTS, "body": ANY}
SCHEMA: Schema = {
    "id": None,
    "dependency": None,
    "route": None,
    "groups": [None],
    "at": None,
    "took": None,
    "error": None,
    "request": {
        "method": None,
        "target": None,
        "path": None,
        "query": _LISTS,
        **_COMMON,
        "sql": None,
        "params": ANY,
        "transaction": None,
        "rows": ANY,
        "command": ANY,
        "database": None,
    },
    "response": {"status": None, **_COMMON, "results": ANY, "at": None, "reply": ANY},
}
"""The fields there are, as `policy.fields` checks expressions against them."""

MAX_QUERY_FIELDS = 1000


def document(exchange: Exchange, folder: str, *, bodies: bool = True) -> dict[str, Any]:
    """The document of one exchange; `folder` is the snapshot's, `bodies` False leaves them null."""
    response = exchange.response
    return {
        "id": exchange.id,
        "dependency": exchange.dependency,
        "route": exchange.route,
        "groups": list(exchange.groups),
        "at": exchange.at,
        "took": exchange.took,
        "error": exchange.error,
        "request": _message(exchange.request, folder, bodies),
        "response": None if response is None else _message(response, folder, bodies),
    }


def _message(message: Message, folder: str, bodies: bool) -> dict[str, Any]:
    body = _body(message, folder) if bodies else None
    if isinstance(message, HttpRequest):
        path, _, query = message.target.partition(b"?")
        return {
            "method": message.method,
            "target": _text(message.target),
            "path": _text(unquote_to_bytes(path)),
            "query": _query(query),
            "headers": _fields(message.headers),
            "trailers": _fields(message.trailers),
            "body": body,
        }
    if isinstance(message, HttpResponse):
        return {
            "status": message.status,
            "headers": _fields(message.headers),
            "trailers": _fields(message.trailers),
            "body": body,
        }
    if isinstance(message, Raw):
        return {"body": body}
    return {part.place: _part(part) for part in codec_of(message).places(message)}


def _part(part: Part) -> Any:
    """A part of a message that is no HTTP: JSON as what it says, bytes that are no text as null."""
    value = part.value
    if not isinstance(value, bytes):
        return value if isinstance(value, int | str) else None
    try:
        return msgspec.json.decode(value) if part.media == "json" else value.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _body(message: Message, folder: str) -> Any:
    data = _bytes(message.body, folder)
    if data is None:
        return None
    if not isinstance(message, HttpRequest | HttpResponse) or not _is_json(message.headers):
        try:
            return data.decode()
        except UnicodeDecodeError:
            return None
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _bytes(body: Body, folder: str) -> bytes | None:
    if isinstance(body, bytes):
        return body
    if isinstance(body, Stored):
        return read_body(folder, body)
    if isinstance(body, Pieces):
        return b"".join(piece.data for piece in body.items)
    return None


def _is_json(headers: Headers) -> bool:
    for name, value in headers:
        if name.lower() == b"content-type":
            media = value.partition(b";")[0].strip().lower()
            return media.endswith((b"/json", b"+json"))
    return False


def _fields(headers: Headers) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    for name, value in headers:
        result.setdefault(_text(name.lower()), []).append(_text(value))
    return result


def _query(query: bytes) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(
            _text(query), keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS, errors="replace"
        )
    except ValueError:
        return result
    for name, value in pairs:
        result.setdefault(name, []).append(value)
    return result


def _text(data: bytes) -> str:
    """Bytes that are meant as text; what is not UTF-8 is read as Latin-1, as HTTP has it."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
