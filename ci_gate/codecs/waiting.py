"""Requests that wait at the server until there is something to say, or their time is over."""

from __future__ import annotations

from ci_gate.codecs.redis.commands import BLOCKING
from ci_gate.codecs.redis.resp import Malformed, Reader, arguments
from ci_gate.model.message import Message, RedisCommand

LONGEST_WAIT = 200.0
"""Milliseconds that a mock lets such a request wait: a worker's loop neither spins nor stands still
while it is gated."""


def waits(request: Message) -> bool:
    """True for BLPOP and its like, XREAD with BLOCK among them."""
    if not isinstance(request, RedisCommand) or not isinstance(request.body, bytes):
        return False
    # A command is kept as an array of strings: its name is the third line.
    if not BLOCKING.intersection(request.body.split(b"\r\n", 3)[2:3]):
        return False
    try:
        commands = [arguments(one) for one in Reader(inline=False).feed(request.body)]
    except Malformed:
        return False
    if len(commands) != 1 or not commands[0] or commands[0][0] not in BLOCKING:
        return False
    name, *rest = commands[0]
    return not name.startswith(b"XREAD") or any(one.upper() == b"BLOCK" for one in rest)
