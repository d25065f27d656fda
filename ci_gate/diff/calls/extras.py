"""Live calls that were not recorded so: too often, by another request, or not at all."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from ci_gate.diff.calls.ledger import Ledger
from ci_gate.diff.calls.same import Sameness
from ci_gate.diff.calls.windows import STANDING_GROUPS, Windows
from ci_gate.diff.causes.titles import AFTER_ERROR
from ci_gate.diff.noise.calls import LearnedCalls
from ci_gate.diff.render import clean
from ci_gate.model.call import CallRecord

_SHOWN = 3
"""Other forms of a new call that are shown."""

_RETRIES = 5
"""As often may a client make a new call again because we refuse it, until it is a new habit."""

Judged = tuple[CallRecord, tuple[str, ...]]
"""A live call and those of its groups that are judged."""
_Place = tuple[Hashable, str]
"""(key, group)."""


class Extras:
    """Sorts what is left of the live calls and tells it, when all have been given."""

    def __init__(
        self, windows: Windows, ledger: Ledger, sameness: Sameness, learned: LearnedCalls
    ) -> None:
        self._windows = windows
        self._ledger = ledger
        self._sameness = sameness
        self._learned = learned
        self._repeated: dict[_Place, list[CallRecord]] = {}
        self._new: dict[tuple[str, str, str], list[CallRecord]] = {}
        self._known: dict[Hashable, CallRecord | None] = {}

    def missed(self, call: CallRecord, groups: tuple[str, ...]) -> None:
        """A call that nothing answered, and that is no changed form of a recorded one."""
        same = None if call.new_host or call.migration else self._same(call, groups)
        if same is not None:
            place = (self._windows.key(same.id), charged(same, groups))
            self._repeated.setdefault(place, []).append(call)
        elif call.new_host or call.migration or not self.tell_moved(call, groups):
            self._new.setdefault((groups[0], call.dependency, call.route), []).append(call)

    def surplus(self, call: CallRecord, groups: tuple[str, ...]) -> None:
        """A call that was answered with what was recorded for others, or at another time, and that
        has not moved."""
        if groups[0] in STANDING_GROUPS:
            self._new.setdefault((groups[0], call.dependency, call.route), []).append(call)
        else:
            place = (self._windows.key(call.matched), groups[0])
            self._repeated.setdefault(place, []).append(call)

    def tell(self, matched: Sequence[Judged]) -> None:
        """Add the differences. `matched`: all live calls that were answered."""
        for (group, _, _), calls in self._new.items():
            self._tell_new(calls, group)
        made = self._made(matched) if self._repeated else {}
        for (key, group), calls in self._repeated.items():
            self._tell_repeated(calls, group, made.get((key, group), ()), key)

    def _same(self, call: CallRecord, groups: tuple[str, ...]) -> CallRecord | None:
        """A recorded call of these groups that a miss is equal to: it was made too often."""
        place = (self._sameness.live_key(call, groups[0]), groups)
        if place not in self._known:
            alike = self._windows.alike(call, groups)
            self._known[place] = self._sameness.first(alike, call, groups[0])
        return self._known[place]

    def tell_moved(self, call: CallRecord, groups: tuple[str, ...]) -> bool:
        """Tell, and say True, when another request was recorded making this call and does not make it
        any more: one change, told for both. Where rules allow that it is gone there, it is not the
        same."""
        ledger, routes = self._ledger, self._ledger.routes
        candidates = self._windows.elsewhere(call, groups)
        record = self._sameness.first(candidates, call, groups[0])
        if record is None or self._learned.optional(record):
            return False
        before, group = record.groups[0], groups[0]
        if ledger.rules.allows(ledger.difference(record, before, "missing")):
            return False
        self._windows.pair(record)
        ledger.fates[call.id] = (record, "moved")
        old, new = routes[before], routes.get(group, "")
        detail = f"moved from {old} to {new or group}"
        texts = {
            "call_id": record.id,
            "expected": old,
            "actual": new,
            "detail": detail if old != new else f"moved to another request of {old}",
        }
        red = ledger.add(record, before, "moved", **texts)
        red |= ledger.add(call, group, "moved", **texts)
        ledger.count("changed", before, red)
        return True

    def _tell_new(self, calls: Sequence[CallRecord], group: str) -> None:
        """Calls of one route that nobody recorded: one difference, which shows the first."""
        call = calls[0]
        change = "new-host" if call.new_host else "migration" if call.migration else "unexpected"
        others = list(dict.fromkeys(one.label for one in calls[1:] if one.label != call.label))
        more = f"made {len(calls)} times" if len(calls) > 1 else ""
        if more and not others and len(calls) <= _RETRIES:
            more = f"refused, and made again: {len(calls)} times in all"
        if others:
            more += f", also as {', '.join(map(clean, others[:_SHOWN]))}"
            more += ", …" if len(others) > _SHOWN else ""
        detail = "\n".join(text for text in (more, clean(call.nearest, 1000)) if text)
        if self._ledger.add(call, group, change, actual=clean(call.label), detail=detail):
            self._ledger.count("unexpected", group, len(calls))
        for one in calls:
            self._ledger.fates[one.id] = (None, change)

    def _made(self, matched: Sequence[Judged]) -> Mapping[_Place, list[CallRecord]]:
        """The answered calls of each key and group, in their order."""
        made: dict[_Place, list[CallRecord]] = {}
        for call, groups in matched:
            for group in groups:
                made.setdefault((self._windows.key(call.matched), group), []).append(call)
        return made

    def _tell_repeated(
        self, calls: Sequence[CallRecord], group: str, made: Sequence[CallRecord], key: Hashable
    ) -> None:
        call, recorded = calls[0], self._windows.times(key, group)
        unmatched = [one for one in calls if one.matched not in self._windows.recorded]
        times = len(made) + len(unmatched)
        detail = f"{clean(call.label)}: made {times}, recorded {recorded}"
        before = [one for one in made if one not in calls and one.at <= call.at]
        if before and self._windows.recorded[before[-1].matched].failed:
            detail += f", again {AFTER_ERROR}"
        for one in calls:
            self._ledger.fates[one.id] = (None, "repeated")
        if self._ledger.add(
            call,
            group,
            "repeated",
            call_id=call.matched,
            expected=f"{recorded} call" if recorded == 1 else f"{recorded} calls",
            actual=f"{times} call" if times == 1 else f"{times} calls",
            detail=detail,
        ):
            self._ledger.count("unexpected", group, len(calls))


def made_again(
    missed: Sequence[Judged], paired: Mapping[str, CallRecord], sameness: Sameness
) -> dict[str, list[str]]:
    """Live id of a call that is a changed form of a recorded one -> those of the same call, made
    again in the same request because it was refused: by us, so that nothing follows from them."""
    first: dict[tuple[Hashable, tuple[str, ...]], str] = {}
    for call, groups in missed:
        if call.id in paired:
            first.setdefault((sameness.live_key(call, groups[0]), groups), call.id)
    found: dict[str, list[str]] = {}
    for call, groups in missed if first else ():
        same = None if call.id in paired or call.new_host else sameness.live_key(call, groups[0])
        changed = first.get((same, groups))
        if same is not None and changed is not None:
            found.setdefault(changed, []).append(call.id)
    return found


def charged(record: CallRecord, groups: Sequence[str]) -> str:
    """The group that a live call of `groups` is charged to when it is a form of `record`."""
    return next((one for one in groups if one in record.groups), groups[0])
