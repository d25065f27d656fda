"""Rules: committed relaxations. What one covers, why, who owns it, when it expires."""

from __future__ import annotations

import msgspec


class Where(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which exchanges a rule covers; every given field must hold, none given covers all."""

    route: str = ""
    """The causing inbound route, as in the snapshot: "GET /orders/{id}"."""
    dependency: str = ""
    call: str = ""
    """The outbound call's own route, e.g. "POST /charges"."""
    group: str = ""
    """"startup" or "background"."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One relaxation. Either a place rule (`at` and `allow`) or a calls rule (`calls`)."""

    index: int
    """Position in the file, from 1, as reports name it."""
    where: Where = Where()
    at: str = ""
    """Place pattern: "response.body.$.updated_at", "request.headers.x-id", "response.headers.*"."""
    allow: str = ""
    """Kind the live value must have at that place: a kind of `values.kinds`, or "any"."""
    calls: tuple[str, ...] = ()
    """Kinds of call difference allowed: missing, unexpected, changed, repeated, reordered, moved,
    response-order, fan-out, migration (see `model.difference`)."""
    effect: str = ""
    """For `calls`: "read" or "write"; "" = both."""
    reason: str
    owner: str = ""
    until: str = ""
    """ISO date, the last day the rule excuses; "" = no end."""
    line: int = 0
