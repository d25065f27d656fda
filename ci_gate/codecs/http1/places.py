"""The parts of a message in reading order, and a message with some of them replaced."""

from __future__ import annotations

import re

import msgspec

from ci_gate.codecs.base import LARGE
from ci_gate.model.message import Body, Headers, HttpRequest, HttpResponse, Part, Stored

_Said = HttpRequest | HttpResponse

_PARAMETER = re.compile(rb';[ \t]*([A-Za-z0-9_-]{1,40})=(?:"([^"]{0,200})"|([^;"\s]{0,200}))')
_TEXTS = frozenset((b"application/javascript", b"application/ecmascript", b"application/x-ndjson"))
_XMLS = frozenset((b"text/xml", b"application/xml"))
_FORM = b"application/x-www-form-urlencoded"


def places(message: _Said) -> tuple[Part, ...]:
    """Request: method, path, query (when there is a "?"), headers, body, trailers (when there are
    any); response: status, headers, body, trailers. Path and query are bytes, as sent."""
    if isinstance(message, HttpRequest):
        path, mark, query = message.target.partition(b"?")
        parts = [Part("method", message.method), Part("path", path, "path")]
        if mark:
            parts.append(Part("query", query, "query"))
    else:
        parts = [Part("status", message.status)]
    parts.append(Part("headers", message.headers, "headers"))
    parts.append(_body_part(message.headers, message.body))
    if message.trailers:
        parts.append(Part("trailers", message.trailers, "headers"))
    return tuple(parts)


def with_places(message: _Said, parts: dict[str, Part]) -> _Said:
    """The message with the given parts. With a new body, the recorded Content-Length becomes its
    length, unless the body is coded: then its length on the wire is not known before it is said.
    """
    changes: dict[str, object] = {}
    for place in ("method", "status", "headers", "body", "trailers"):
        if place in parts:
            changes[place] = parts[place].value
    if "path" in parts or "query" in parts:
        assert isinstance(message, HttpRequest)
        changes["target"] = _target(message.target, parts)
    changed: _Said = msgspec.structs.replace(message, **changes)
    if "body" in parts and changed.body != message.body and not changed.coding:
        headers = _with_length(changed.headers, changed.body)
        changed = msgspec.structs.replace(changed, headers=headers)
    return changed


def _target(target: bytes, parts: dict[str, Part]) -> bytes:
    path, mark, query = target.partition(b"?")
    if "path" in parts:
        path = _bytes(parts["path"])
    if "query" in parts:
        mark, query = b"?", _bytes(parts["query"])
    return path + mark + query


def _bytes(part: Part) -> bytes:
    value = part.value
    if isinstance(value, str):
        return value.encode("utf-8")
    assert isinstance(value, bytes)
    return value


def _with_length(headers: Headers, body: Body) -> Headers:
    if not isinstance(body, bytes | Stored):
        return headers
    size = b"%d" % (len(body) if isinstance(body, bytes) else body.size)
    return tuple(
        (name, size if name.lower() == b"content-length" else value) for name, value in headers
    )


def _body_part(headers: Headers, body: Body) -> Part:
    for name, value in headers:
        if name.lower() == b"content-type":
            return _typed(value, body)
    return Part("body", body, _sniffed(body))


def _typed(content_type: bytes, body: Body) -> Part:
    media = content_type.partition(b";")[0].strip().lower()
    if media == b"application/json" or media.endswith(b"+json"):
        return Part("body", body, "json")
    if media == _FORM:
        # Clients that are told no type say this one of JSON, too.
        return Part("body", body, "json" if _sniffed(body) == "json" else "form")
    if media == b"multipart/form-data":
        return Part("body", body, "multipart", _parameter(content_type, b"boundary"))
    if media in _XMLS or media.endswith(b"+xml"):
        return Part("body", body, "xml")
    if media.startswith(b"text/") or media in _TEXTS:
        return Part("body", body, "text", _parameter(content_type, b"charset"))
    return Part("body", body, _sniffed(body))


def _parameter(content_type: bytes, name: bytes) -> str:
    for match in _PARAMETER.finditer(content_type):
        if match[1].lower() == name:
            return (match[2] or match[3] or b"").decode("latin-1")
    return ""


def _sniffed(body: Body) -> str:
    """JSON is often sent without saying so."""
    if not isinstance(body, bytes) or len(body) > LARGE or body.lstrip()[:1] not in (b"{", b"["):
        return "binary"
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "binary"
    return "json"
