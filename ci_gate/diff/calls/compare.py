"""Compares what a service called with what it was recorded calling, window by window.

A recorded call that nothing used is *missing*; a live call that nothing answered is *changed*
when a recorded call of the same coarse key and window is left over, *repeated* when the same call
was recorded less often, *moved* when another request was recorded making it and does not any more,
a *new-host*, or *unexpected*. What was made as recorded may still come in another order, or at
another moment (`diff.calls.moves`). The groups startup and background compare by key, not by count.
Ambiguous calls count for any of their groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from ci_gate.diff.calls.extras import Extras, Judged, charged, made_again
from ci_gate.diff.calls.ledger import Ledger
from ci_gate.diff.calls.lines import call_lines
from ci_gate.diff.calls.moves import Made, moves
from ci_gate.diff.calls.order import reordered
from ci_gate.diff.calls.pairing import closest
from ci_gate.diff.calls.same import Sameness
from ci_gate.diff.calls.transactions import left_transaction
from ci_gate.diff.calls.windows import STANDING_GROUPS, Windows
from ci_gate.diff.causes.titles import TRANSACTION
from ci_gate.diff.equality import Equality
from ci_gate.diff.noise.calls import NOTHING_LEARNED, LearnedCalls
from ci_gate.diff.render import clean
from ci_gate.diff.rules import Rules
from ci_gate.model.call import Answered, CallRecord
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import BACKGROUND
from ci_gate.model.result import CallLine
from ci_gate.model.shard import CallCounts

_PLACES = 20
"""Changed places of one call that are kept."""


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
    """Calls with another content, and calls that another request makes now."""
    by_group: dict[str, CallCounts] = {}
    """The same counts by the group that a call is charged to."""
    answers: frozenset[str] = frozenset()
    """Recorded calls that a live call was answered with, whichever group that was of."""
    lines: dict[str, tuple[CallLine, ...]] = {}
    """By inbound exchange that has differences: its calls, as recorded and as made."""
    fates: dict[str, tuple[str, str]] = {}
    """Live call that was not made as recorded -> id of the recorded call that it is a form of ("" =
    none), and the change."""


def compare_calls(
    expected: Sequence[CallRecord],
    live: Sequence[CallRecord],
    rules: Rules,
    equality: Equality,
    routes: Mapping[str, str],
    *,
    startup: bool = True,
    learned: LearnedCalls = NOTHING_LEARNED,
    answered: Mapping[str, Answered] | None = None,
) -> Compared:
    """Compare all calls of a run. `expected` and `live` are in the order of their times.

    `routes`: the inbound exchanges that were replayed and are judged, id -> route; calls of
    others are not looked at. `startup` False leaves the groups startup and background out (for a
    service that was not started by this run). `learned`: what varies in the recorded calls.
    `answered`: when the inbound exchanges were, where that is known.
    """
    sameness = Sameness(rules, learned, equality, routes)
    comparison = _Comparison(
        Windows(expected, routes, sameness.key, startup=startup),
        Ledger(rules, routes),
        sameness,
        learned,
        answered or {},
    )
    return comparison.run(live)


class _Comparison:
    def __init__(
        self,
        windows: Windows,
        ledger: Ledger,
        sameness: Sameness,
        learned: LearnedCalls,
        answered: Mapping[str, Answered],
    ) -> None:
        self.windows = windows
        self.ledger = ledger
        self.sameness = sameness
        self.learned = learned
        self.answered = answered

    def run(self, live: Sequence[CallRecord]) -> Compared:
        """Compare, in the order in which one finding takes away from the next."""
        windows, ledger = self.windows, self.ledger
        for call in live:
            if call.matched in windows.recorded:
                windows.see(call)
        judged: list[Judged] = [
            (call, groups) for call in live if (groups := windows.judged(call.groups))
        ]
        matched = [(call, groups) for call, groups in judged if call.matched in windows.recorded]
        missed = [(call, groups) for call, groups in judged if call.matched not in windows.recorded]
        own = {call.id for call, groups in matched if windows.consume(call, groups)}
        ledger.fates = {call.id: (windows.recorded[call.matched], "") for call, _ in matched}
        surplus = [
            (call, groups)
            for call, groups in matched
            if call.id not in own and not windows.stands_for(call, groups)
        ]
        for call, groups in matched:
            self._compare_matched(call, groups[0])
        self._compare_rest(missed, surplus, matched)
        self._compare_moments([one for one in matched if one[0].id in own])
        self._report_missing()
        for _, groups in matched:
            ledger.count("matched", groups[0])
        for _, groups in missed:
            ledger.count("unmatched", groups[0])
        return self._compared(judged)

    def _compared(self, judged: Sequence[Judged]) -> Compared:
        windows, ledger = self.windows, self.ledger
        unused = sum(
            1
            for record in windows.recorded.values()
            if record.id not in windows.answered and windows.judged(record.groups)
        )
        differing = {one.exchange for one in ledger.differences} - {""}
        return Compared(
            differences=tuple(ledger.differences),
            matched=ledger.total("matched"),
            unmatched=ledger.total("unmatched"),
            unused=unused,
            missing=ledger.total("missing"),
            unexpected=ledger.total("unexpected"),
            changed=ledger.total("changed"),
            by_group=ledger.by_group(),
            answers=frozenset(windows.answered),
            lines=call_lines(differing, judged, ledger.fates, ledger.gone, windows.position),
            fates={
                name: (record.id if record is not None else "", change)
                for name, (record, change) in ledger.fates.items()
                if change
            },
        )

    # -- calls that were answered, and changed forms of recorded ones

    def _compare_matched(self, call: CallRecord, group: str) -> None:
        """A call that was answered may still differ where the matcher does not look."""
        record = self.windows.recorded[call.matched]
        if call.rewritten:
            self.ledger.add(
                call,
                group,
                "rewritten",
                call_id=record.id,
                expected=clean(record.label),
                actual=clean(call.rewritten),
                detail="written in another way, with the same meaning",
                notice=True,
            )
        if call.parts != record.parts:
            self._add_places(call, group, record, self.sameness.differences(record, call, group))

    def _compare_rest(
        self, missed: Sequence[Judged], surplus: Sequence[Judged], matched: Sequence[Judged]
    ) -> None:
        """Calls that were not answered, and calls too many."""
        known = [one for one in missed if not (one[0].new_host or one[0].migration)]
        windows = self.windows
        paired = closest(known, windows.left, windows.position.__getitem__, self._distance)
        for record in paired.values():
            windows.pair(record)
        extras = Extras(windows, self.ledger, self.sameness, self.learned)
        again = made_again(missed, paired, self.sameness)
        repeats = {name for names in again.values() for name in names}
        for call, groups in missed:
            if call.id in paired:
                record, times = paired[call.id], len(again.get(call.id, ()))
                self._report_changed(call, record, charged(record, groups), times)
            elif call.id in repeats:
                self.ledger.fates[call.id] = (None, "repeated")
            else:
                extras.missed(call, groups)
        self._compare_surplus(surplus, extras)
        extras.tell(matched)

    def _compare_surplus(self, surplus: Sequence[Judged], extras: Extras) -> None:
        """What has not moved: calls answered with what only others recorded are changed forms, too."""
        windows = self.windows
        surplus = [one for one in surplus if not extras.tell_moved(*one)]
        strange = [
            (call, groups)
            for call, groups in surplus
            if not windows.times(windows.key(call.matched), groups[0])
        ]
        paired = closest(strange, windows.left, windows.position.__getitem__, self._distance)
        for call, groups in surplus:
            record = paired.get(call.id)
            if record is None:
                extras.surplus(call, groups)
            else:
                windows.pair(record)
                self._report_changed(call, record, charged(record, groups), 0)

    def _distance(self, record: CallRecord, call: CallRecord) -> Sequence[Difference]:
        group = next(iter(self.windows.judged(call.groups)), "")
        return self.sameness.trial(record, call, group)

    def _report_changed(self, call: CallRecord, record: CallRecord, group: str, again: int) -> None:
        """`again`: how often it was made anew because it was refused."""
        found = self.sameness.differences(record, call, group)
        if any(not one.notice for one in found):
            self._add_places(call, group, record, found, again)
            return
        # The matcher knew better: something differs that comparing does not look at.
        self.ledger.fates[call.id] = (record, "changed")
        red = self.ledger.add(
            call,
            group,
            "changed",
            call_id=record.id,
            place="request",
            expected=clean(record.label),
            actual=clean(call.label),
            detail=clean(call.nearest, 1000),
        )
        self.ledger.count("changed", group, red)

    def _add_places(
        self,
        call: CallRecord,
        group: str,
        record: CallRecord,
        found: Sequence[Difference],
        again: int = 0,
    ) -> None:
        """One difference for each place. The recorded call is known, so what was recorded near it
        says nothing more."""
        places = [one for one in found if not one.notice]
        more = len(places) - _PLACES
        refused = f"refused, and made again: {again + 1} times in all" if again else ""
        red = False
        for number, one in enumerate(places[:_PLACES], 1):
            rest = f"and {more} more places" if more > 0 and number == _PLACES else ""
            detail = " · ".join(text for text in (one.detail, rest, refused) if text)
            red |= self._add_place(call, group, "changed", record, one, detail)
        for one in found:
            if one.notice:
                self._add_place(call, group, one.change, record, one, one.detail)
        if red:
            self.ledger.count("changed", group)
            self.ledger.fates[call.id] = (record, "changed")

    def _add_place(
        self,
        call: CallRecord,
        group: str,
        change: str,
        record: CallRecord,
        one: Difference,
        detail: str,
    ) -> bool:
        return self.ledger.add(
            call,
            group,
            change,
            call_id=record.id,
            place=one.place,
            expected=one.expected,
            actual=one.actual,
            detail=detail,
            transforms=one.transforms,
            notice=one.notice,
        )

    # -- order and moments, and what was not called

    def _compare_moments(self, own: Sequence[Judged]) -> None:
        """Only calls that belong to one request for certain have a place in it."""
        by_group: dict[str, list[Made]] = {}
        for call, groups in own:
            record = self.windows.recorded[call.matched]
            if len(call.groups) == len(record.groups) == 1 and groups[0] not in STANDING_GROUPS:
                by_group.setdefault(groups[0], []).append((call, record))
        for group, made in by_group.items():
            self._compare_order(group, made)
            self._compare_transactions(group, made)
            for one in moves(group, made, self.answered, self.ledger.routes):
                texts = {"expected": one.expected, "actual": one.actual, "detail": one.detail}
                loose = self.learned.loose(group, one.record.dependency)
                self._add_moved(group, one.change, (one.call, one.record), texts, loose=loose)

    def _compare_order(self, group: str, made: Sequence[Made]) -> None:
        order = [(self.windows.position[record.id], record) for _, record in made]
        ranks = {one: rank for rank, one in enumerate(sorted(index for index, _ in order))}
        for at, red in reordered(order):
            texts = {
                "expected": f"call {ranks[order[at][0]] + 1} of {len(made)}",
                "actual": f"call {at + 1} of {len(made)}",
            }
            loose = not red or self.learned.unordered(group, made[at][1].dependency)
            self._add_moved(group, "reordered", made[at], texts, loose=loose)

    def _compare_transactions(self, group: str, made: Sequence[Made]) -> None:
        for call, record, home in left_transaction(made):
            names = ", ".join(dict.fromkeys(clean(one.route) for one in home))
            red = self.ledger.add(
                call,
                group,
                "changed",
                call_id=record.id,
                place=TRANSACTION,
                expected=f"in one transaction with {names}",
                actual="in another transaction",
            )
            self.ledger.count("changed", group, red)
            if red:
                self.ledger.fates[call.id] = (record, "changed")

    def _add_moved(
        self, group: str, change: str, made: Made, texts: dict[str, str], *, loose: bool
    ) -> None:
        """A call that was answered as recorded, in another place or at another moment."""
        call, record = made
        if self.ledger.add(call, group, change, call_id=record.id, notice=loose, **texts):
            self.ledger.fates[call.id] = (record, change)

    def _report_missing(self) -> None:
        for record in self.windows.missing():
            group = record.groups[0]
            self.ledger.gone.append((record, group))
            red = self.ledger.add(
                record,
                group,
                "missing",
                call_id=record.id,
                expected=clean(record.label),
                # A timer need not fire in a run that is shorter than the recording.
                notice=group == BACKGROUND or self.learned.optional(record),
            )
            self.ledger.count("missing", group, red)
