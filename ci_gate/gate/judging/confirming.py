"""Confirm on red: what differed is replayed again, alone, in a freshly started service.

Alone means: the chains of the exchanges that differed, in recorded order, and nothing else. Those
that missed a call have a boot of their own, after the others, so that what a miss does to the
service's state (an open circuit breaker, a full pool) shows in what passes without it. One boot for
all chains of a kind, not one each: it costs one more start of the service, at most two.

An exchange that has none of its differences any more was *unstable*, or, after an exchange that
missed a call, *collateral* of that one. One that differs otherwise than before stays what it was:
alone it lacks something, and nothing follows from that. Nor does a call that is there again, made
by another request of the chains: who made it is not always known for certain. Startup, background
and connections that went past the mocks are no chains and stand as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence, Set

import msgspec

from ci_gate.config.options import RunOptions
from ci_gate.diff.causes.fingerprint import about, of_difference
from ci_gate.diff.causes.fold import causes
from ci_gate.diff.causes.leading import MISSES
from ci_gate.diff.outcomes import is_red
from ci_gate.errors import CannotRun
from ci_gate.gate import events
from ci_gate.gate.judging.comparing import evidence_of
from ci_gate.gate.judging.judged import Evidence, last_lines
from ci_gate.gate.judging.standing import by_exchange, marked
from ci_gate.gate.observing.observation import Observation
from ci_gate.gate.planning import Plan, alone, chains_of
from ci_gate.model.difference import Difference, Standing
from ci_gate.model.result import Unstable
from ci_gate.report.words import plural

MOST = 50
"""Exchanges that are replayed again; of more, some of every cause."""
FEW = 5
"""Last lines of a service that did not live to the end of it."""
LEAST_TIME = 60.0
TIMES = 2.0
"""A boot and its replay may take so many seconds, or so many times what the run has taken."""

_Found = dict[str, Sequence[Difference]]
"""Exchange -> what differs in it."""


async def confirmed(evidence: Evidence, options: RunOptions, sink: events.Sink) -> Evidence:
    """The evidence with what did not repeat marked as such; the same where nothing is red, or no
    service can be started afresh. It only ever takes away from what is red."""
    failing = {
        exchange: red
        for exchange, found in by_exchange(evidence).items()
        if (red := [one for one in found if is_red(one)])
    }
    if not failing or evidence.failure or options.service.url:
        return evidence
    chosen = _sample(failing)
    again: _Found = {}
    calls: set[str] = set()
    notices: list[str] = []
    for ids in _boots(chosen, failing):
        found, note = await _replayed(ids, evidence, options, sink)
        again |= {one: found[one] for one in ids if one in found}
        calls |= {about(one) for red in found.values() for one in red if one.dependency}
        notices += [note] if note else []
    seen = _Seen(evidence.plan, by_exchange(evidence), failing, again, calls)
    marks = seen.marks()
    if again:
        notices.append(_summary(len(failing), again, marks))
    return msgspec.structs.replace(
        marked(evidence, lambda one: marks.get(one, one.standing)),
        collateral={**evidence.collateral, **seen.collateral},
        unstable=(*evidence.unstable, *_unstable(evidence.plan, marks)),
        notices=(*evidence.notices, *notices),
    )


def _sample(failing: Mapping[str, Sequence[Difference]]) -> list[str]:
    """At most `MOST` exchanges: one of each cause, then a second of each, and so on."""
    if len(failing) <= MOST:
        return list(failing)
    found = causes(one for red in failing.values() for one in red)
    chosen: dict[str, None] = {}
    for turn in range(len(failing)):
        for cause in found:
            if turn < len(cause.exchanges) and len(chosen) < MOST:
                chosen[cause.exchanges[turn]] = None
    return list(chosen)


def _boots(
    chosen: Iterable[str], failing: Mapping[str, Sequence[Difference]]
) -> list[tuple[str, ...]]:
    """What is replayed in one boot each: first all that missed no call."""
    ids = list(chosen)
    missed = tuple(one for one in ids if _missed(failing[one]))
    others = tuple(one for one in ids if one not in missed)
    return [part for part in (others, missed) if part]


def _missed(differences: Iterable[Difference]) -> bool:
    return any(one.dependency and one.change in MISSES for one in differences)


async def _replayed(
    ids: Sequence[str], evidence: Evidence, options: RunOptions, sink: events.Sink
) -> tuple[_Found, str]:
    """What differs in each exchange of their chains that could be replayed, and why that were
    none."""
    sink(events.Stage("confirm", f"{plural(len(ids), 'request')} again, alone"))
    plan = alone(evidence.plan, ids, options)
    limit = max(LEAST_TIME, TIMES * evidence.seconds)
    try:
        async with asyncio.timeout(limit):
            seen = await Observation(options, plan, evidence.cleaning, sink).run("")
    except TimeoutError:
        return {}, f"replaying again was given up after {limit:.0f} s"
    except CannotRun as error:
        return {}, f"nothing could be replayed again: {error}"
    again = evidence_of(seen, evidence.about, evidence.cleaning, 0.0)
    if again.failure:
        said = f"; {last_lines(seen.failure, FEW)}" if seen.failure is not None else ""
        return {}, f"nothing could be replayed again: {again.failure}{said}"
    return {
        name: [one for one in differences if is_red(one)]
        for name, differences in by_exchange(again).items()
        if not any(one.change == "not-replayed" for one in differences)
    }, ""


class _Seen:
    """Both replays of the exchanges that differed."""

    def __init__(
        self,
        plan: Plan,
        first: Mapping[str, Sequence[Difference]],
        failing: Mapping[str, Sequence[Difference]],
        again: _Found,
        calls: Set[str],
    ) -> None:
        self.collateral: dict[str, str] = {}
        """Exchange -> the one before it that missed a call."""
        self._plan = plan
        self._first = first
        self._failing = failing
        self._again = again
        self._calls = calls
        """What differed in calls again, whichever request made them."""
        self._chains = chains_of(plan.snapshot)

    def marks(self) -> dict[Difference, Standing]:
        """The differences that did not repeat, and what they count for."""
        gone = {exchange: self._gone(exchange) for exchange in self._again}
        misses = [
            step.exchange.id
            for step in self._plan.steps
            if _missed(
                one
                for one in self._failing.get(step.exchange.id, ())
                if one not in gone.get(step.exchange.id, ())
            )
        ]
        marks: dict[Difference, Standing] = {}
        for exchange, differences in gone.items():
            miss = self._miss_before(exchange, misses) if not self._again[exchange] else ""
            if differences and miss:
                self.collateral[exchange] = miss
            marks |= dict.fromkeys(differences, "collateral" if miss else "unstable")
        return marks

    def _gone(self, exchange: str) -> list[Difference]:
        """What did not repeat; nothing when it differed otherwise than at first."""
        known = {of_difference(one) for one in self._first[exchange]}
        now = {of_difference(one) for one in self._again[exchange]}
        if not now <= known:
            return []
        return [
            one
            for one in self._failing[exchange]
            if of_difference(one) not in now and not (one.dependency and about(one) in self._calls)
        ]

    def _miss_before(self, exchange: str, misses: Sequence[str]) -> str:
        """The last exchange before this one that missed a call and is not of its chain."""
        if not misses or _missed(self._failing[exchange]):
            return ""
        order = [step.exchange.id for step in self._plan.steps]
        chain = self._chains.of([exchange])
        earlier = order[: order.index(exchange)]
        found = [one for one in misses if one in earlier and one not in chain]
        return found[-1] if found else ""


def _unstable(plan: Plan, marks: Mapping[Difference, Standing]) -> tuple[Unstable, ...]:
    """The exchanges with what did not repeat, as `quarantine` would name it."""
    found: dict[str, set[str]] = {}
    for difference, standing in marks.items():
        if standing == "unstable":
            found.setdefault(difference.exchange, set()).add(of_difference(difference))
    return tuple(
        Unstable(
            exchange=one.exchange.id,
            route=one.exchange.route,
            differences=tuple(sorted(found[one.exchange.id])),
        )
        for one in plan.steps
        if one.exchange.id in found
    )


def _summary(failing: int, again: _Found, marks: Mapping[Difference, Standing]) -> str:
    """One line for people."""
    gone = {one.exchange for one in marks}
    repeated = sum(1 for name, found in again.items() if found or name not in gone)
    of = f"{len(again):,} of {failing:,}" if len(again) < failing else f"{failing:,}"
    requests = "request" if failing == 1 else "requests"
    if failing == 1:
        outcome = "it differed again" if repeated else "it did not differ again"
    else:
        outcome = f"{_counted(repeated, len(again))} differed again"
    return f"{of} failing {requests} replayed again, alone: {outcome}"


def _counted(number: int, of: int) -> str:
    return "none" if not number else "all" if number == of else f"{number:,}"
