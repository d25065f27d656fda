"""When a live call is a recorded one: equal in all that is compared, under what may vary."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from ci_gate.diff.calls.keys import call_key
from ci_gate.diff.calls.windows import STANDING_GROUPS
from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import Masks
from ci_gate.diff.messages import compare
from ci_gate.diff.noise.calls import LearnedCalls
from ci_gate.diff.rules import Rules
from ci_gate.model.call import CallRecord
from ci_gate.model.difference import Difference

_TRIES = 20_000
"""Trial comparisons in one run; in a storm of calls beyond that none is looked for any more."""


class Sameness:
    """Compares calls for one run."""

    def __init__(
        self, rules: Rules, learned: LearnedCalls, equality: Equality, routes: Mapping[str, str]
    ) -> None:
        self._rules = rules
        self._learned = learned
        self._equality = equality
        self._routes = routes
        self._tries = _TRIES

    def key(self, record: CallRecord) -> Hashable:
        """Equal for recorded calls that are the same."""
        group = next((one for one in record.groups if one in self._routes), "")
        group = group or next(iter(record.groups), "")
        masks = self._masks(record, group, record)
        return call_key(record, masks, self._learned.blank(record))

    def live_key(self, call: CallRecord, group: str) -> Hashable:
        """Equal for live calls of one group that are the same, whatever was recorded."""
        return call_key(call, self._rules.masks_for(*self._scope(call, group), "request"))

    def _masks(self, call: CallRecord, group: str, record: CallRecord) -> Masks:
        """What may vary in `call`, live or recorded, when it is `record`."""
        masks = self._rules.masks_for(*self._scope(call, group), "request")
        return self._learned.masks(masks, record, group)

    def _scope(self, call: CallRecord, group: str) -> tuple[str, str, str, str]:
        standing = group if group in STANDING_GROUPS else ""
        return self._routes.get(group, ""), call.dependency, call.route, standing

    def differences(
        self, record: CallRecord, call: CallRecord, group: str
    ) -> tuple[Difference, ...]:
        """The differing places of a live call that is `record`; what varies is remembered."""
        masks = self._masks(call, group, record)
        return compare("request", record.parts, call.parts, masks, self._equality)

    def trial(self, record: CallRecord, call: CallRecord, group: str) -> tuple[Difference, ...]:
        """The same, without consequences."""
        masks = self._masks(call, group, record).quiet()
        return compare("request", record.parts, call.parts, masks, self._equality.scratch())

    def first(
        self, records: Sequence[CallRecord], call: CallRecord, group: str
    ) -> CallRecord | None:
        """The first recorded call that a live one is equal to; None also when too many have been
        looked at in this run."""
        for record in records:
            self._tries -= 1
            if self._tries < 0:
                return None
            if all(one.notice for one in self.trial(record, call, group)):
                return record
        return None
