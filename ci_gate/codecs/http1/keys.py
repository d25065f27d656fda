"""What makes two requests the same call, and how a call is named."""

from __future__ import annotations

import hashlib

from ci_gate.codecs.base import LARGE
from ci_gate.codecs.http1.routes import fold_path, shown_path
from ci_gate.model.exchange import Exchange, Facts
from ci_gate.model.message import Body, Headers, HttpRequest, Key, Opaque, Stored

READS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
"""Safe methods (RFC 9110 section 9.2.1)."""

FIELDS = (
    "content-type",
    "accept",
    "authorization",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "range",
    "if-modified-since",
    "if-unmodified-since",
)
"""The request fields that a key compares. The last five decide what is answered (RFC 9110 sections
13 and 14): a recorded 304 or 206 is no answer to a call without the recorded condition or range."""

_Compared = tuple[bytes | bool | None, ...]
_COMPARED = {name.encode(): index for index, name in enumerate(FIELDS)}
_MEMO_ENTRIES = 32768
_memo: dict[int, tuple[Headers, _Compared]] = {}
"""By identity: requests with the same memoised head share their headers object. The entry keeps
that object alive, so its identity cannot come to mean another."""


def full(request: HttpRequest) -> tuple[object, ...]:
    """Method, target, body and the compared fields, for the fast path."""
    body = request.body
    return (
        request.method,
        request.target,
        body if type(body) is bytes and len(body) <= LARGE else _body_key(body),
        _compared(request.headers),
    )


def key(request: HttpRequest) -> Key:
    """coarse: ("http", method, folded path); full: see `full`; fields: the compared fields.

    Compared are the media type, Accept, presence and scheme of Authorization, presence of an
    idempotency key, entity tags and ranges asked for, and presence of a date in a condition: mocks
    move Last-Modified with the clock.
    """
    path = request.target.partition(b"?")[0]
    coarse = ("http", request.method, fold_path(path))
    return Key(coarse, full(request), _compared(request.headers))


def route(request: HttpRequest) -> str:
    """ "GET /orders/{id}"."""
    return f"{request.method} {fold_path(request.target.partition(b'?')[0])}"


def label(request: HttpRequest) -> str:
    """ "POST /charges?dry=1"."""
    path, mark, query = request.target.partition(b"?")
    return f"{request.method} {shown_path(path)}" + ("?" + _shown_query(query) if mark else "")


def facts(exchange: Exchange) -> Facts:
    """A safe method reads, any other writes; the target is the dependency as a whole."""
    request = exchange.request
    assert isinstance(request, HttpRequest)
    return Facts(
        effect="read" if request.method in READS else "write",
        targets=(exchange.dependency,),
    )


def _shown_query(query: bytes) -> str:
    return "?".join(shown_path(piece) for piece in query.split(b"?"))


def _body_key(body: Body) -> tuple[object, ...]:
    if isinstance(body, bytes):  # it may also come, or be kept, as a file
        return ("stored", hashlib.sha256(body).hexdigest())
    if isinstance(body, Stored):
        return ("stored", body.sha256)
    if isinstance(body, Opaque):
        return ("opaque", body.size, body.digest)
    return ("pieces", b"".join(piece.data for piece in body.items), body.complete)


def _compared(headers: Headers) -> _Compared:
    entry = _memo.get(id(headers))
    if entry is not None and entry[0] is headers:
        return entry[1]
    found: list[bytes | None] = [None] * len(FIELDS)
    for name, value in headers:
        index = _COMPARED.get(name.lower())
        if index is not None and found[index] is None:
            found[index] = value
    media, accept, authorization, idempotency, match, none_match, span, since, until = found
    compared = (
        media.partition(b";")[0].strip().lower() if media is not None else None,
        accept,
        authorization.partition(b" ")[0].lower() if authorization is not None else None,
        idempotency is not None,
        match,
        none_match,
        span,
        since is not None,
        until is not None,
    )
    if len(_memo) >= _MEMO_ENTRIES:
        _memo.clear()
    _memo[id(headers)] = (headers, compared)
    return compared
