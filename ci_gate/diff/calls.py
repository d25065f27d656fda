"""Compares what a service called with what it was recorded calling, window by window.

A recorded call that nothing used is *missing*; a live call that nothing answered is *changed*
when a recorded call of the same coarse key and window is left over, *repeated* when the same call
was recorded less often, a *new-host*, or *unexpected*. The groups startup and background compare
by key, not by count. Ambiguous calls count for any of their groups.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import msgspec

from ci_gate.diff.callkeys import call_key
from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import Masks
from ci_gate.diff.messages import compare
from ci_gate.diff.noisecalls import NOTHING_LEARNED, LearnedCalls
from ci_gate.diff.order import reordered
from ci_gate.diff.pairing import closest
from ci_gate.diff.render import clean
from ci_gate.diff.rules import Rules
from ci_gate.diff.windows import STANDING_GROUPS, Windows
from ci_gate.model.call import CallRecord
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import BACKGROUND

_BINDING = 4
_PLACES = 20
"""Changed places of one call that are kept."""
_TRIES = 20_000
"""Comparisons of misses with calls that were made already; a storm beyond that is unexpected."""

_Judged = tuple[CallRecord, tuple[str, ...]]
"""A live call and those of its groups that are judged."""


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """What comparing the calls of a run came to. Counts are of calls, not of places."""

    differences: tuple[Difference, ...] = ()
    """Excused ones and notices too."""
    matched: int = 0
    """Live calls that were answered from the snapshot."""
    unmatched: int = 0
    unused: int = 0
    """Recorded calls of judged groups that answered nothing."""
    missing: int = 0
    """Without what rules excuse, as the next two."""
    unexpected: int = 0
    """Calls nobody recorded, new hosts, and calls made more often than recorded."""
    changed: int = 0


def compare_calls(
    expected: Sequence[CallRecord],
    live: Sequence[CallRecord],
    rules: Rules,
    equality: Equality,
    routes: Mapping[str, str],
    *,
    startup: bool = True,
    learned: LearnedCalls = NOTHING_LEARNED,
) -> Compared:
    """Compare all calls of a run. `expected` and `live` are in the order of their times.

    `routes`: the inbound exchanges that were replayed and are judged, id -> route; calls of
    others are not looked at. `startup` False leaves the groups startup and background out (for a
    service that was not started by this run). `learned`: what varies in the recorded calls.
    """
    return _Comparison(expected, rules, equality, routes, startup, learned).run(live)


class _Comparison:
    def __init__(
        self,
        expected: Sequence[CallRecord],
        rules: Rules,
        equality: Equality,
        routes: Mapping[str, str],
        startup: bool,
        learned: LearnedCalls,
    ) -> None:
        self.rules = rules
        self.learned = learned
        self.equality = equality
        self.routes = routes
        self.windows = Windows(expected, routes, self._key, startup=startup)
        self.differences: list[Difference] = []
        self.missing = self.unexpected = self.changed = 0
        self.tries = _TRIES
        self.known: dict[Hashable, CallRecord | None] = {}

    def _key(self, record: CallRecord) -> Hashable:
        group = next((one for one in record.groups if one in self.routes), "")
        group = group or next(iter(record.groups), "")
        return call_key(record, self._masks(record, group, record))

    def _masks(self, call: CallRecord, group: str, record: CallRecord) -> Masks:
        """What may vary in `call`, live or recorded, when it is `record`."""
        masks = self.rules.masks_for(*self._scope(call, group), "request")
        return self.learned.masks(masks, record, group)

    def _scope(self, call: CallRecord, group: str) -> tuple[str, str, str, str]:
        standing = group if group in STANDING_GROUPS else ""
        return self.routes.get(group, ""), call.dependency, call.route, standing

    def run(self, live: Sequence[CallRecord]) -> Compared:
        """Compare, in the order in which one finding takes away from the next."""
        windows = self.windows
        judged: list[_Judged] = [(call, windows.judged(call.groups)) for call in live]
        for call in live:
            if call.matched in windows.recorded:
                windows.see(call)
        judged = [(call, groups) for call, groups in judged if groups]
        matched = [(call, groups) for call, groups in judged if call.matched in windows.recorded]
        missed = [(call, groups) for call, groups in judged if call.matched not in windows.recorded]
        own = {call.id for call, groups in matched if windows.consume(call, groups)}
        extra = [
            (call, groups)
            for call, groups in matched
            if call.id not in own and not windows.stands_for(call, groups)
        ]
        for call, groups in matched:
            self._compare_matched(call, groups[0])
        self._compare_missed(missed, matched, extra)
        self._compare_order([one for one in matched if one[0].id in own])
        self._report_missing()
        unused = sum(
            1
            for record in windows.recorded.values()
            if record.id not in windows.answered and windows.judged(record.groups)
        )
        return Compared(
            differences=tuple(self.differences),
            matched=len(matched),
            unmatched=len(missed),
            unused=unused,
            missing=self.missing,
            unexpected=self.unexpected,
            changed=self.changed,
        )

    def _add(
        self,
        call: CallRecord,
        group: str,
        change: str,
        *,
        call_id: str = "",
        place: str = "",
        expected: str = "",
        actual: str = "",
        detail: str = "",
        notice: bool = False,
    ) -> bool:
        """Add a difference of `call`, charged to `group`; True when it is red."""
        standing = group in STANDING_GROUPS
        found = Difference(
            change=change,
            exchange="" if standing else group,
            group=group if standing else "",
            route=self.routes.get(group, ""),
            dependency=clean(call.dependency),
            call=clean(call.route),
            call_id=call_id,
            effect=call.facts.effect,
            place=place,
            expected=expected,
            actual=actual,
            detail=detail,
            notice=notice,
        )
        excused = self.rules.excuse(found)
        if excused:
            found = msgspec.structs.replace(found, excused=excused)
        self.differences.append(found)
        return not excused and not notice

    # -- calls that were answered

    def _compare_matched(self, call: CallRecord, group: str) -> None:
        """A call that was answered may still differ where the matcher does not look. A bound
        one was let differ by the matcher itself, which knows the pairs of values."""
        record = self.windows.recorded[call.matched]
        if call.tier == _BINDING or call.parts == record.parts:
            return
        masks = self._masks(call, group, record)
        found = compare("request", record.parts, call.parts, masks, self.equality)
        if self._add_places(call, group, record, found):
            self.changed += 1

    def _add_places(
        self, call: CallRecord, group: str, record: CallRecord, found: Sequence[Difference]
    ) -> bool:
        """One difference for each place; True when any is red. The recorded call is known, so
        what was recorded near it says nothing more."""
        places = [one for one in found if not one.notice]
        more = len(places) - _PLACES
        red = False
        for number, one in enumerate(places[:_PLACES], 1):
            texts = (
                one.detail,
                f"and {more} more places" if more > 0 and number == _PLACES else "",
            )
            red |= self._add(
                call,
                group,
                "changed",
                call_id=record.id,
                place=one.place,
                expected=one.expected,
                actual=one.actual,
                detail=" · ".join(text for text in texts if text),
            )
        for one in found:
            if one.notice:
                self._add(
                    call,
                    group,
                    one.change,
                    call_id=record.id,
                    place=one.place,
                    expected=one.expected,
                    actual=one.actual,
                    detail=one.detail,
                    notice=True,
                )
        return red

    # -- calls that were not, and calls too many

    def _compare_missed(
        self, missed: Sequence[_Judged], matched: Sequence[_Judged], extra: Sequence[_Judged]
    ) -> None:
        known = [(call, groups) for call, groups in missed if not call.new_host]
        paired = closest(known, self.windows.left, self.windows.position.__getitem__, self._try)
        for record in paired.values():
            self.windows.pair(record)
        repeated: dict[tuple[Hashable, str], list[CallRecord]] = {}
        for call, groups in missed:
            changed = paired.get(call.id)
            if call.new_host:
                self._unexpected(call, groups[0], "new-host")
            elif changed is not None:
                self._report_changed(call, changed, self._charged(changed, groups))
            else:
                same = self._same(call, groups)
                if same is None:
                    self._unexpected(call, groups[0], "unexpected")
                else:
                    key = (self.windows.key(same.id), self._charged(same, groups))
                    repeated.setdefault(key, []).append(call)
        for call, groups in extra:
            if groups[0] in STANDING_GROUPS:
                self._unexpected(call, groups[0], "unexpected")
            else:
                key = (self.windows.key(call.matched), groups[0])
                repeated.setdefault(key, []).append(call)
        self._report_repeated(repeated, matched)

    def _try(self, record: CallRecord, call: CallRecord) -> Sequence[Difference]:
        """The differing places of two calls, without consequences."""
        group = next(iter(self.windows.judged(call.groups)), "")
        masks = self._masks(call, group, record).quiet()
        return compare("request", record.parts, call.parts, masks, self.equality.scratch())

    def _charged(self, record: CallRecord, groups: Sequence[str]) -> str:
        return next((one for one in groups if one in record.groups), groups[0])

    def _same(self, call: CallRecord, groups: tuple[str, ...]) -> CallRecord | None:
        """A recorded call of these groups that a miss is equal to: it was made too often."""
        masks = self.rules.masks_for(*self._scope(call, groups[0]), "request")
        place = (call_key(call, masks), groups)
        if place not in self.known:
            self.known[place] = self._look_for(call, groups)
        return self.known[place]

    def _look_for(self, call: CallRecord, groups: Sequence[str]) -> CallRecord | None:
        for record in self.windows.alike(call, groups):
            self.tries -= 1
            if self.tries < 0:
                return None
            if all(one.notice for one in self._try(record, call)):
                return record
        return None

    def _report_changed(self, call: CallRecord, record: CallRecord, group: str) -> None:
        masks = self._masks(call, group, record)
        found = compare("request", record.parts, call.parts, masks, self.equality)
        if any(not one.notice for one in found):
            if self._add_places(call, group, record, found):
                self.changed += 1
        elif self._add(
            call,
            group,
            "changed",
            call_id=record.id,
            place="request",
            expected=clean(record.label),
            actual=clean(call.label),
            detail=clean(call.nearest, 1000),
        ):
            self.changed += 1

    def _unexpected(self, call: CallRecord, group: str, change: str) -> None:
        if self._add(
            call, group, change, actual=clean(call.label), detail=clean(call.nearest, 1000)
        ):
            self.unexpected += 1

    def _report_repeated(
        self,
        repeated: Mapping[tuple[Hashable, str], Sequence[CallRecord]],
        matched: Sequence[_Judged],
    ) -> None:
        made: dict[tuple[Hashable, str], int] = {}
        for call, groups in matched if repeated else ():
            for group in groups:
                made_here = (self.windows.key(call.matched), group)
                made[made_here] = made.get(made_here, 0) + 1
        for (key, group), calls in repeated.items():
            call = calls[0]
            recorded = self.windows.times(key, group)
            unmatched = sum(1 for one in calls if one.matched not in self.windows.recorded)
            times = made.get((key, group), 0) + unmatched
            if self._add(
                call,
                group,
                "repeated",
                call_id=call.matched,
                expected=f"{recorded} call" if recorded == 1 else f"{recorded} calls",
                actual=f"{times} call" if times == 1 else f"{times} calls",
                detail=f"{clean(call.label)}: made {times}, recorded {recorded}",
            ):
                self.unexpected += len(calls)

    # -- order, and what was not called

    def _compare_order(self, own: Sequence[_Judged]) -> None:
        """Only calls that belong to one request for certain have a place in its order."""
        windows: dict[str, list[CallRecord]] = {}
        for call, groups in own:
            record = self.windows.recorded[call.matched]
            if len(call.groups) == len(record.groups) == 1 and groups[0] not in STANDING_GROUPS:
                windows.setdefault(groups[0], []).append(call)
        position = self.windows.position
        for group, calls in windows.items():
            records = [self.windows.recorded[call.matched] for call in calls]
            order = [(position[one.id], one.dependency, one.facts) for one in records]
            ranks = {one: rank for rank, one in enumerate(sorted(index for index, _, _ in order))}
            for at, red in reordered(order):
                self._add(
                    calls[at],
                    group,
                    "reordered",
                    call_id=records[at].id,
                    expected=f"call {ranks[order[at][0]] + 1} of {len(calls)}",
                    actual=f"call {at + 1} of {len(calls)}",
                    notice=not red or self.learned.unordered(group, records[at].dependency),
                )

    def _report_missing(self) -> None:
        for record in self.windows.missing():
            group = record.groups[0]
            # A timer need not fire in a run that is shorter than the recording.
            notice = group == BACKGROUND or self.learned.optional(record)
            if self._add(
                record,
                group,
                "missing",
                call_id=record.id,
                expected=clean(record.label),
                notice=notice,
            ):
                self.missing += 1
