"""What a client asks about a statement, when nobody has asked so while it was recorded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ci_gate.codecs.postgres.describing import Descriptions
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, PgResult, PgStatement


class Describing(Protocol):
    """Answers about statements, made of what was recorded of them."""

    def of(self, request: Message) -> Message | None:
        """The answer to a question about a statement; None where the recording does not tell."""
        ...


class _Postgres:
    def __init__(self, recorded: Iterable[Exchange]) -> None:
        self._descriptions = Descriptions(
            (one.request, one.response)
            for one in recorded
            if isinstance(one.request, PgStatement) and isinstance(one.response, PgResult)
        )

    def of(self, request: Message) -> Message | None:
        if not isinstance(request, PgStatement) or request.step not in ("describe", "portal"):
            return None
        return self._descriptions.of(request)


def describing(protocol: str, recorded: Iterable[Exchange]) -> Describing | None:
    """Of a protocol in which statements are described; None for others."""
    return _Postgres(recorded) if protocol == "postgres" else None
