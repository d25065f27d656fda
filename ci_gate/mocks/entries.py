"""Recorded calls in the matcher's memory, and who gets them first when nobody can tell whose they are."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ci_gate.mocks.epochs import Targets
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Key


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded call, ready to be matched. Built once before the run."""

    exchange: Exchange
    key: Key
    read: bool
    """Its effect is "read": it may answer more than once."""
    targets: Targets = ()
    """What it reads or writes, see `mocks.epochs`."""
    session: bool = False
    """It is about the connection (`Codec.about_session`): not counted, not compared."""
    opened: tuple[tuple[str, str], ...] = ()
    """(place pattern, kind) of the places that are compared by kind."""
    after: str = ""
    """The inbound exchange that had begun last when it was made; "" before the first."""
    job: bool = False
    """Made at the start, and by the clock from then on: nobody's whenever it is made again."""


class Entry:
    """A recorded call in the matcher's memory."""

    __slots__ = (
        "after", "epoch", "exchange", "full", "groups", "job", "last", "order", "prepared", "read",
        "session", "targets", "uses",
    )  # fmt: skip

    def __init__(self, recorded: Recorded, order: int, epoch: int, last: int = 0) -> None:
        self.exchange = recorded.exchange
        self.full = recorded.key.full
        self.read = recorded.read
        self.session = recorded.session
        self.groups = recorded.exchange.groups
        self.after = recorded.after
        self.job = recorded.job
        self.order = order
        self.targets = recorded.targets
        self.last = last
        """Which of its groups comes last (see `ranks`). Equal writes that several requests may have
        made go first to whom no later one can ask for, and of those first what the fewest can:
        else a request that could have had any of them takes the only one of another."""
        self.epoch = epoch
        """See `mocks.epochs`."""
        self.uses = 0
        """Live calls it answered in tier 1; tiers 2 and 3 do not count."""
        self.prepared: object = None
        """The answer serialised ahead; the server's to use."""


def ranks(recorded: Sequence[Recorded]) -> dict[str, int]:
    """Inbound exchanges in the order in which they came, as far as calls tell: when was each first
    in flight?"""
    found: dict[str, int] = {}
    for one in recorded:
        for group in one.exchange.groups:
            found.setdefault(group, len(found))
    return found
