"""What a verb tells its caller while it works: frozen events to one sink. Verbs never print."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec


class Note(msgspec.Struct, frozen=True):
    """One line for people."""

    text: str
    level: Literal["info", "warning", "error"] = "info"


class Stage(msgspec.Struct, frozen=True):
    """A new stage began: "mocks", "service", "replay", "compare"; `text` is one line."""

    name: str
    text: str = ""


class Progress(msgspec.Struct, frozen=True):
    """`done` of `total` inbound requests; total 0 = unknown (recording)."""

    done: int
    total: int
    failed: int = 0
    what: str = "requests"
    """What is counted, where it is something else."""
    failing: str = "failed"
    """What the `failed` ones are."""


class Addresses(msgspec.Struct, frozen=True):
    """Where things listen now: name -> URL or host:port ("inbound", "proxy", dependency names)."""

    addresses: dict[str, str]


Event = Note | Stage | Progress | Addresses
Sink = Callable[[Event], None]


def ignore(event: Event) -> None:
    """A sink for callers that do not listen."""
