"""A live outbound call, as the mock saw it and comparing needs it: no protocol left in it."""

from __future__ import annotations

import msgspec

from ci_gate.model.exchange import Facts
from ci_gate.model.message import Part


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One outbound call, recorded or live, in the terms every protocol shares.

    `matched` (live calls): id of the recorded exchange that answered it, "" = a miss.
    `tier` is the matcher's tier (1 window, 2 epoch, 3 startup, 4 binding, 5 miss, 0 recorded).
    """

    id: str
    """Recorded: the exchange's id. Live: "live-17"."""
    dependency: str
    route: str
    """The call's own route: "POST /charges"."""
    label: str
    """As people write it: "POST /charges?dry=1"."""
    facts: Facts
    parts: tuple[Part, ...]
    coarse: tuple[str, ...] = ()
    """`Key.coarse`: calls with the same coarse key are candidates for one another."""
    groups: tuple[str, ...] = ()
    at: float = 0.0
    """Milliseconds since the recording's or the run's start."""
    ended: float = 0.0
    """When its answer was complete; 0 = not known, or none came."""
    failed: bool = False
    """Its answer was an error, or there was none."""
    awaited: tuple[str, ...] = ()
    """Live calls: what came only after this one's answer though it was recorded not to wait for
    it. Ids of recorded calls; ids of inbound exchanges, whose response it is."""
    overtaken: tuple[str, ...] = ()
    """Live calls: what came before this one's answer though it was recorded to come behind it. Ids
    as above."""
    matched: str = ""
    tier: int = 0
    rewritten: str = ""
    """Live calls: how it was written, when that is not how the recorded call that means the same
    is; the other fields say it as that does."""
    migration: bool = False
    """A miss at startup that was answered as done: it changes the structure of a database."""
    new_host: bool = False
    """True: not one of the snapshot's dependencies; `dependency` is the host."""
    nearest: str = ""
    """Misses: the nearest recorded calls and the places that differed, for people."""


class Answered(msgspec.Struct, frozen=True):
    """When an inbound exchange's request came and its response was complete, milliseconds since the
    recording's start and since the run's; ends are 0 when there was no response."""

    recorded: tuple[float, float]
    live: tuple[float, float] = (0.0, 0.0)
