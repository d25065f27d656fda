"""Messages of any protocol with our own addresses as names, and back.

Where a protocol says how long its strings are, an address cannot be replaced in the bytes as they
are: it is replaced in the message's values, and the message is made anew.
"""

from __future__ import annotations

from collections.abc import Callable

from ci_gate.codecs.base import Codec
from ci_gate.model.message import (
    Message,
    Part,
    PgResult,
    PgStatement,
    RedisCommand,
    RedisReply,
)
from ci_gate.values import named
from ci_gate.values.addresses import Addresses
from ci_gate.values.places import rewrite

_COUNTED = (RedisCommand, RedisReply, PgStatement, PgResult)
"""Messages that say how long their strings are."""


def with_names(codec: Codec, message: Message, addresses: Addresses) -> Message:
    """`message` with live addresses as names: `{service}`, `{payments}`."""
    if isinstance(message, _COUNTED):
        return _in_values(codec, message, addresses.to_names)
    return named.with_names(message, addresses)


def with_live(codec: Codec, message: Message, addresses: Addresses) -> Message:
    """`message` with names as live addresses."""
    if isinstance(message, _COUNTED):
        return _in_values(codec, message, addresses.to_live)
    return named.with_live(message, addresses)


def with_change(codec: Codec, message: Message, change: Callable[[bytes], bytes]) -> Message:
    """`message` with `change` applied to all text in it; itself where nothing changes."""
    if isinstance(message, _COUNTED):
        return _in_values(codec, message, change)
    new = named.changed(message, change)
    return message if new == message else new


def _in_values(codec: Codec, message: Message, change: Callable[[bytes], bytes]) -> Message:
    body = message.body
    if not isinstance(body, bytes):
        return message
    texts = [body]
    if isinstance(message, PgStatement):
        texts += [message.sql.encode(), *map(_bytes, message.params)]
    if all(change(text) == text for text in texts):
        return message

    def changed(_: str, text: str) -> str:
        return change(text.encode()).decode()

    parts: dict[str, Part] = {}
    for part in codec.places(message):
        if part.media == "json":
            parts[part.place] = rewrite(part, changed)
    return codec.with_places(message, parts)


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value or b""
