"""Protocols in which one request can be written in several ways: what compares by meaning.

Asked for only after a request was not found as it is written. SQL is such a protocol; for others
there is nothing to ask."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

from ci_gate.codecs.postgres.spellings import PostgresSpellings
from ci_gate.model.message import Message


class Spellings(Protocol):
    """What one protocol knows of other ways to write a request."""

    def alike(self, request: Message) -> Hashable:
        """Cheap: requests that mean the same have the same; others may have, too."""
        ...

    def same(self, request: Message, recorded: Message) -> bool:
        """True when both mean the same, values included."""
        ...

    def spelled(self, request: Message, recorded: Message) -> Message:
        """`request`, which `recorded` is the same as, written as that is where only the way it is
        written differs."""
        ...

    def answer(self, answer: Message, recorded: Message, request: Message) -> Message:
        """The answer to `recorded` as an answer to `request`, which means the same."""
        ...


_POSTGRES = PostgresSpellings()


def spellings(protocol: str) -> Spellings | None:
    """Of a protocol, by its name; None where a request can be written in one way only."""
    return _POSTGRES if protocol == "postgres" else None
