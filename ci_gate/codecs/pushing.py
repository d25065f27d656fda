"""What others than the service have published, as a message that would publish it: so it is cleaned,
written and read like any other."""

from __future__ import annotations

from collections.abc import Sequence

from ci_gate.codecs.base import Published, Pushed
from ci_gate.codecs.postgres.listening import notified
from ci_gate.codecs.redis.published import published, publishing
from ci_gate.model.message import Message, PgStatement, RedisCommand

_NOTIFY = "SELECT pg_notify($1, $2)"


def as_message(protocol: str, pushed: Pushed) -> Message:
    """The statement or command by which a client of this protocol ("postgres", "redis") publishes
    what was pushed."""
    if protocol == "redis":
        return publishing(pushed.topic, pushed.data)
    return PgStatement(_NOTIFY, (_text(pushed.topic), _text(pushed.data)), "execute")


def published_by(message: Message) -> Sequence[Published]:
    """The inverse: what a statement or a command publishes."""
    if isinstance(message, RedisCommand) and isinstance(message.body, bytes):
        return published(message.body)
    if isinstance(message, PgStatement):
        return notified(message.sql, message.params)
    return ()


def _text(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data
