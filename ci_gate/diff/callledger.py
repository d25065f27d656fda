"""The differences of a run's calls as they are found: charged, excused, counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ci_gate.diff.calllines import Fate
from ci_gate.diff.render import clean
from ci_gate.diff.rules import Rules
from ci_gate.diff.windows import STANDING_GROUPS
from ci_gate.model.call import CallRecord
from ci_gate.model.difference import Difference


class Ledger:
    """What has been found so far. `routes`: judged inbound exchanges, id -> route."""

    def __init__(self, rules: Rules, routes: Mapping[str, str]) -> None:
        self.rules = rules
        self.routes = routes
        self.differences: list[Difference] = []
        self.missing = self.unexpected = self.changed = 0
        self.fates: dict[str, Fate] = {}
        """By live call: what it is."""
        self.gone: list[tuple[CallRecord, str]] = []
        """Recorded calls that were not made, with the group they are charged to."""

    def difference(self, call: CallRecord, group: str, change: str, **more: Any) -> Difference:
        """A difference of `call`, charged to `group`; `more` are its other fields."""
        standing = group in STANDING_GROUPS
        return Difference(
            change=change,
            exchange="" if standing else group,
            group=group if standing else "",
            route=self.routes.get(group, ""),
            dependency=clean(call.dependency),
            call=clean(call.route),
            effect=call.facts.effect,
            **more,
        )

    def add(self, call: CallRecord, group: str, change: str, **more: Any) -> bool:
        """Keep a difference (see `difference`); True when it is red."""
        found = self.difference(call, group, change, **more)
        excused = self.rules.excuse(found)
        if excused:
            found = msgspec.structs.replace(found, excused=excused)
        self.differences.append(found)
        return not excused and not found.notice
