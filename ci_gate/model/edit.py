"""What a change edits in what the gate judges by: snapshot, rules, conditions, configuration."""

from __future__ import annotations

from typing import Literal

import msgspec

EDITS = 200
"""Edits that are kept of one change."""

Subject = Literal[
    "route",
    "value",
    "call",
    "noise",
    "rebased",
    "assumed",
    "rule",
    "known",
    "quarantine",
    "condition",
    "config",
]


class Edit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One edit as behaviour. Texts are masked and bounded, not escaped."""

    subject: Subject
    """route: what comes in. value: a place of recorded messages. call: what the service calls.
    noise, rebased: what was learned of a place. assumed: an answer that nobody has recorded."""
    change: Literal["added", "removed", "changed"]
    what: str
    """Route, call, rule, condition or key: "POST /charges"."""
    place: str = ""
    """For values: the place pattern in the exchange's own message."""
    dependency: str = ""
    """For calls and their values."""
    effect: str = ""
    """For calls: "read" or "write"."""
    cause: str = ""
    """For calls: the inbound route that makes them, "startup" or "background"."""
    before: str = ""
    after: str = ""
    count: int = 1
    """Exchanges concerned."""
    looser: bool = False
    """True: the gate lets more pass than before."""


class Edits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All edits between two revisions, what loosens the gate first."""

    base: str
    """The revision compared with, as git abbreviates it."""
    head: str
    items: tuple[Edit, ...] = ()
    """At most EDITS."""
    more: int = 0
    """Edits that are not listed."""
    notes: tuple[str, ...] = ()
    """What could not be compared, and what the whole came to."""
