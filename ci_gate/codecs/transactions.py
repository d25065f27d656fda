"""A write made outside of the transaction that it belongs to: what a client would have said then."""

from __future__ import annotations

import msgspec

from ci_gate.codecs.redis.commands import effect
from ci_gate.codecs.redis.resp import Malformed, Reader, arguments, command
from ci_gate.model.message import Message, PgStatement, RedisCommand

_FRAME = 2
"""MULTI and EXEC."""


def outside(request: Message) -> tuple[Message, ...]:
    """The messages in place of `request`, a write, had it been made outside of its transaction; ()
    when it was made in none. A Redis transaction is one message: what is left of it comes first,
    then its last write."""
    if isinstance(request, PgStatement) and request.transaction:
        return (msgspec.structs.replace(request, transaction=False, block=0),)
    if isinstance(request, RedisCommand) and isinstance(request.body, bytes):
        return _after_exec(request, request.body)
    return ()


def _after_exec(request: RedisCommand, body: bytes) -> tuple[Message, ...]:
    try:
        said = [tuple(arguments(one)) or (b"",) for one in Reader(inline=False).feed(body)]
    except Malformed:
        return ()
    if len(said) <= _FRAME or said[0] != (b"MULTI",):
        return ()
    at = next((i for i in range(len(said) - 2, 0, -1) if effect(said[i][0]) == "write"), 0)
    if not at:
        return ()
    alone = msgspec.structs.replace(request, body=command(said.pop(at)))
    rest = b"".join(map(command, said))
    left = (msgspec.structs.replace(request, body=rest),) if len(said) > _FRAME else ()
    return (*left, alone)
