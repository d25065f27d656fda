"""What a run keeps of an exchange that differed, so that the change can be accepted later."""

from __future__ import annotations

from typing import Literal

import msgspec

from ci_gate.model.difference import Difference
from ci_gate.model.exchange import Exchange


class MadeCall(msgspec.Struct, frozen=True, kw_only=True):
    """A live call that was not made as recorded."""

    change: str
    """A change of `Difference`."""
    recorded: str = ""
    """Id of the recorded call that it is a form of; "" = none."""
    exchange: Exchange
    """The live request in recorded terms, redacted; never with an answer. Its groups are those that
    the call may belong to."""
    after: str = ""
    """Id of the recorded call of the same group that was made last before it; "" = none was."""
    late: bool = False
    """It came after the response."""
    awaited: tuple[str, ...] = ()
    """Ids of inbound exchanges whose response waited for its answer."""
    overtaken: tuple[str, ...] = ()
    """Ids of the recorded calls, or of the inbound exchange, that no longer waited for it."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What differed in one inbound exchange, or in the group startup or background."""

    name: str
    """Id of the exchange, or the group."""
    live: Exchange | None = None
    """The recorded request and the live answer, where the answer differed; redacted."""
    differences: tuple[Difference, ...] = ()
    """All of them, with the causes that they were folded into."""
    calls: tuple[MadeCall, ...] = ()
    more: int = 0
    """Live calls that are not kept."""
    order: tuple[str, ...] = ()
    """Ids of the recorded calls that were made, in live order."""
    stored: dict[str, str] = {}
    """Id -> digest of the stored form, of every exchange of the snapshot that is concerned."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One line of what accepting changes. Texts are masked and bounded."""

    exchange: str
    """Of the snapshot; of a new call the id that it gets."""
    what: str
    """"GET /orders/17", "payments POST /charges"."""
    change: Literal["changed", "added", "removed", "moved"]
    place: str = ""
    was: str = ""
    now: str = ""
    note: str = ""
    """"assumed: …"."""
    file: str = ""
