"""What Redis clients publish, and how others hear of it (PUBLISH, SPUBLISH, SUBSCRIBE and its like).

What the service publishes is heard by those of its own connections that have subscribed; what others
published while it was recorded comes again, see `recorder.pushes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ci_gate.codecs.base import Published, Pushed
from ci_gate.codecs.redis.resp import (
    Malformed,
    Reader,
    Typed,
    arguments,
    command,
    dump,
    parse,
)
from ci_gate.codecs.redis.said import Said
from ci_gate.model.message import RedisCommand

_SHARD = b"s:"
_PATTERN = b"p:"
_GLOB = re.compile(rb"\\.|\*+|\?|\[(?:\\.|[^\]\\])*\]|[^\\*?\[]|.", re.DOTALL)


def published(body: bytes) -> tuple[Published, ...]:
    """What a command, or a transaction, publishes when it is done. Shard channels begin with "s:"."""
    if b"PUBLISH" not in body.upper():
        return ()
    try:
        commands = [arguments(one) for one in Reader(inline=False).feed(body)]
    except Malformed:
        return ()
    return tuple(
        Published(_SHARD + args[1] if args[0] == b"SPUBLISH" else args[1], args[2])
        for args in commands
        if len(args) == 3 and args[0] in (b"PUBLISH", b"SPUBLISH")
    )


def publishing(topic: bytes, data: bytes) -> RedisCommand:
    """The command that publishes something; the inverse of `published`."""
    shard = topic.startswith(_SHARD)
    name, channel = (b"SPUBLISH", topic[len(_SHARD) :]) if shard else (b"PUBLISH", topic)
    return RedisCommand(command((name, channel, data)))


def pushed(whole: bytes, at: int = 0) -> tuple[Pushed, ...]:
    """What a message of a subscription, heard at `at`, tells; nothing for another push. Raises
    Malformed."""
    value = parse(whole)
    parts = value.value if isinstance(value, Typed) else value
    if not isinstance(parts, list) or len(parts) not in (3, 4):
        return ()
    topic, data = parts[-2:]
    if not isinstance(topic, bytes) or not isinstance(data, bytes):
        return ()
    by = parts[1] if parts[0] == b"pmessage" and isinstance(parts[1], bytes) else b""
    return (Pushed(_SHARD + topic if parts[0] == b"smessage" else topic, data, by, at),)


def told(said: Said, topic: bytes, data: bytes) -> bytes:
    """The messages by which a connection hears of it; none where it has not subscribed."""
    return b"".join(
        dump(Typed(">", list(parts)) if said.protocol == 3 else list(parts))
        for parts in _messages(said.channels, topic, data)
    )


def _messages(channels: dict[bytes, None], topic: bytes, data: bytes) -> Iterator[Sequence[object]]:
    if topic.startswith(_SHARD):
        if topic in channels:
            yield b"smessage", topic[2:], data
        return
    if topic in channels:
        yield b"message", topic, data
    for channel in channels:
        if channel.startswith(_PATTERN) and _glob(channel[2:]).fullmatch(topic):
            yield b"pmessage", channel[2:], topic, data


@lru_cache(maxsize=256)
def _glob(pattern: bytes) -> re.Pattern[bytes]:
    """A pattern of PSUBSCRIBE: `*`, `?`, `[a-z]`, `[^a]`, and `\\` before what stands for itself."""
    return re.compile(b"".join(map(_piece, _GLOB.findall(pattern))), re.DOTALL)


def _piece(text: bytes) -> bytes:
    if text[:1] == b"*":
        return b".*?"
    if text == b"?":
        return b"."
    if len(text) > 2 and text[:1] == b"[":
        inner = text[1:-1]
        negated, inner = (b"^", inner[1:]) if inner[:1] == b"^" else (b"", inner)
        members = re.sub(rb"[\[\]^&~|]", lambda found: b"\\" + found[0], inner)
        try:
            re.compile(b"[" + negated + members + b"]")
        except re.error:
            return re.escape(text)
        return b"[" + negated + members + b"]"
    return re.escape(text[1:] if text[:1] == b"\\" and len(text) > 1 else text)
