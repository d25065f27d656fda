"""What a client asks about a statement, or about a command in a transaction, when nobody has asked so
while it was recorded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ci_gate.codecs.postgres.describing import Descriptions
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, PgResult, PgStatement, RedisCommand, RedisReply


class Describing(Protocol):
    """Answers about statements, made of what was recorded of them."""

    def of(self, request: Message) -> Message | None:
        """The answer to a question about a statement; None where the recording does not tell."""
        ...


class _Postgres:
    """Of statements; what is prepared, and what is to be copied, may be."""

    def __init__(self, recorded: Iterable[Exchange]) -> None:
        self._recorded = recorded
        self._descriptions: Descriptions | None = None
        """Made when a statement is first described: most never are."""

    def of(self, request: Message) -> Message | None:
        if not isinstance(request, PgStatement):
            return None
        if request.step in ("parse", "copy"):
            return PgResult()  # no refusal was recorded
        if request.step not in ("describe", "portal"):
            return None
        if self._descriptions is None:
            self._descriptions = Descriptions(
                (one.request, one.response)
                for one in self._recorded
                if isinstance(one.request, PgStatement) and isinstance(one.response, PgResult)
            )
        return self._descriptions.of(request)


class _Redis:
    """Of commands that a transaction queues: they may be."""

    def of(self, request: Message) -> Message | None:
        queued = isinstance(request, RedisCommand) and request.queued
        return RedisReply(b"+QUEUED\r\n") if queued else None  # no refusal was recorded


def describing(protocol: str, recorded: Iterable[Exchange]) -> Describing | None:
    """Of a protocol in which statements are described, or refused before they are run; None for
    others."""
    if protocol == "redis":
        return _Redis()
    return _Postgres(recorded) if protocol == "postgres" else None
