"""Differences and causes: what deviated, and what differences share an origin."""

from __future__ import annotations

from typing import Literal

import msgspec

Standing = Literal["", "unstable", "known", "before", "quarantined", "collateral"]
"""What a difference counts for, besides rules: "" = what it is.

unstable: it did not repeat when its chain was replayed alone; known: its cause is; before: the
baseline has it, too; quarantined: its exchange is, for this kind of difference; collateral: it did
not repeat, and an exchange before it had missed a call.
"""
STANDINGS: tuple[Standing, ...] = ("", "unstable", "known", "before", "quarantined")
"""In the order of reports; what is collateral is told with the miss."""


class Difference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One observed deviation, as text fit for any report (masked, bounded, not yet escaped).

    `change` is one of
      response: "status", "value", "type", "added", "removed", "header", "body", "no-response"
      calls:    "missing", "unexpected", "changed", "repeated", "reordered", "new-host", "header",
                "moved" (to another request), "response-order" (to the other side of the response),
                "fan-out" (from calls made at once to one after the other, or back),
                "rewritten" (SQL in other words with the same meaning: a notice),
                "migration" (at startup, tables changed as nobody recorded)
      other:    "not-replayed", "escape" (a connection that went past the mocks)
    """

    change: str
    exchange: str = ""
    """Inbound exchange it is charged to; "" for the groups startup and background."""
    group: str = ""
    """"startup" or "background" when no inbound exchange is charged."""
    route: str = ""
    """Route of that inbound exchange."""
    dependency: str = ""
    """Set for calls."""
    call: str = ""
    """Route of the outbound call: "POST /charges"."""
    call_id: str = ""
    """Id of the recorded outbound exchange concerned, where there is one."""
    effect: str = ""
    """For calls: "read" or "write"."""
    place: str = ""
    """"response.body.$.items[3].price", "request.body.$.amount", "response.status"."""
    expected: str = ""
    actual: str = ""
    detail: str = ""
    """More for a person: nearest recorded calls and what differed, log lines."""
    transforms: tuple[str, ...] = ()
    """What turns expected into actual, each claim borne out by the whole values, the most telling
    first: "rounded to 2 places", "renamed to total" (see `diff.transforms`)."""
    excused: int = 0
    """Index of the rule that excuses it; 0 = none."""
    notice: bool = False
    """True: worth a line, never red (a reordered read, a changed client header)."""
    standing: Standing = ""
    cause: str = ""
    """Id of the cause it was folded into, itself or as what follows: "C2"; "" = excused, or not
    folded yet."""


class Moment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the service logged while an inbound exchange was replayed; texts are redacted."""

    lines: tuple[str, ...] = ()
    """The last ones, bounded."""
    error: str = ""
    """The exception that a stack trace among them tells of: "KeyError: 'rate'", "" = none."""
    files: tuple[str, ...] = ()
    """Where it was raised and came through, innermost first, files of the repository only:
    "orders/shop.py:88 create"."""


class Cause(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Differences that come from the same change, folded together. `id` is "C1", "C2"…"""

    id: str
    title: str
    """One line: "response.body.$.total: number became string"."""
    change: str
    routes: tuple[str, ...]
    place: str = ""
    """Place pattern, indices as [*]; of several the first."""
    places: tuple[str, ...] = ()
    """All place patterns, when there are several."""
    transform: str = ""
    """What turns every expected value into the live one: "rounded to 2 places"; "" = nothing that
    explains all of them."""
    dependency: str = ""
    exchanges: tuple[str, ...] = ()
    """Ids of the inbound exchanges concerned, all of them."""
    count: int = 1
    """Differences folded in, those that follow from it included."""
    examples: tuple[Difference, ...] = ()
    """The smallest first, at most three."""
    following: tuple[str, ...] = ()
    """Titles of what follows from it in the same exchanges, and in those that depend on them."""
    moment: Moment = Moment()
    """What the service logged in the moment of an example."""
    notice: bool = False
    fingerprint: str = ""
    """The same in every run, for `known` (see `diff.causes.fingerprint`)."""
    standing: Standing = ""
    collateral: tuple[str, ...] = ()
    """Ids of later exchanges that differed, too, and pass without the calls that missed here."""
