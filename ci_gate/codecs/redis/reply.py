"""A recorded reply in the RESP version that a client asks for now."""

from __future__ import annotations

from ci_gate.codecs.redis.resp import Typed, dump, parse
from ci_gate.model.message import RedisReply

_REDIRECTIONS = (b"-MOVED ", b"-ASK ")
_REDIRECTED = (
    b"-ERR ci-gate: this call was recorded to be sent on to another node, which is past the mock: "
    b"give the service one server, not a cluster\r\n"
)
"""What is said instead of a redirection."""


def as_asked(reply: RedisReply, protocol: int) -> bytes:
    """The reply in RESP2 or RESP3.

    Version 2 has no maps, sets, doubles, booleans…: they become what a server of Redis 7 says to a
    client of that version. A reply that was recorded in version 2 says in version 3 what it said,
    but for a list of names and values, which is a map there. To another node nobody is sent on.
    """
    body = reply.body
    assert isinstance(body, bytes)
    if body.startswith(_REDIRECTIONS):
        return _REDIRECTED
    if protocol == 2:
        return dump(plain(parse(body))) if _has_three(body) else body
    if reply.paired:
        value = parse(body)
        return dump(Typed("%", value)) if isinstance(value, list) else body
    return dump(Typed("_")) if body in (b"$-1\r\n", b"*-1\r\n") else body


def _has_three(body: bytes) -> bool:
    """Cheap, and true for every body that holds a type of version 3 (and for some others)."""
    return body[:1] in b"_,#(!=%~>|" or (
        body[:1] == b"*" and any(b"\n" + bytes((kind,)) in body for kind in b"_,#(!=%~>|")
    )


def plain(value: object) -> object:
    """A value as RESP2 says it."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, Typed):
        return value
    kind, inner = value.kind, value.value
    if isinstance(inner, bool):
        return int(inner)
    if kind == "_":
        return None
    if kind == "|":
        assert isinstance(inner, list)
        return plain(inner[1])
    if isinstance(inner, list):
        return [plain(one) for one in inner]
    if isinstance(inner, bytes) and kind not in "+-":
        # A verbatim string names its format in its first four bytes.
        return Typed("-", inner) if kind == "!" else inner[4:] if kind == "=" else inner
    return value
