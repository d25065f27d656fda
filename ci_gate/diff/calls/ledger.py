"""The differences of a run's calls as they are found: charged, excused, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from ci_gate.diff.calls.lines import Fate
from ci_gate.diff.calls.windows import STANDING_GROUPS
from ci_gate.diff.render import clean
from ci_gate.diff.rules import Rules
from ci_gate.model.call import CallRecord
from ci_gate.model.difference import Difference
from ci_gate.model.shard import CallCounts

CallCount = Literal["matched", "unmatched", "missing", "unexpected", "changed"]


class Ledger:
    """What has been found so far. `routes`: judged inbound exchanges, id -> route."""

    def __init__(self, rules: Rules, routes: Mapping[str, str]) -> None:
        self.rules = rules
        self.routes = routes
        self.differences: list[Difference] = []
        self._counts: Counter[tuple[CallCount, str]] = Counter()
        self.fates: dict[str, Fate] = {}
        """By live call: what it is."""
        self.gone: list[tuple[CallRecord, str]] = []
        """Recorded calls that were not made, with the group they are charged to."""

    def count(self, what: CallCount, group: str, times: int = 1) -> None:
        """Count calls of a group, as `Counts` has them."""
        self._counts[what, group] += times

    def total(self, what: CallCount) -> int:
        """Those of all groups."""
        return sum(times for (one, _), times in self._counts.items() if one == what)

    def by_group(self) -> dict[str, CallCounts]:
        """All that was counted."""
        found: dict[str, dict[str, int]] = {}
        for (what, group), times in self._counts.items():
            found.setdefault(group, {})[what] = times
        return {group: CallCounts(**counted) for group, counted in found.items()}

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
