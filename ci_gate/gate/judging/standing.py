"""What the differences of a run count for, besides rules: evidence in, evidence out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from ci_gate.diff.calls.compare import Compared
from ci_gate.diff.outcomes import counts
from ci_gate.gate.judging.judged import Evidence
from ci_gate.model.difference import Difference, Standing

PASSING = frozenset({"known", "before", "quarantined"})
"""Standings of what does not count."""
Mark = Callable[[Difference], Standing]


def by_exchange(evidence: Evidence) -> dict[str, list[Difference]]:
    """Every judged exchange with its differences, those of its calls included."""
    found: dict[str, list[Difference]] = {
        one.step.exchange.id: list(one.differences) for one in evidence.steps if one.step.judged
    }
    for difference in evidence.calls.differences if evidence.calls is not None else ():
        if difference.exchange in found:
            found[difference.exchange].append(difference)
    return found


def every(evidence: Evidence) -> list[Difference]:
    """Every difference that is judged."""
    found = [one for differences in by_exchange(evidence).values() for one in differences]
    calls = evidence.calls.differences if evidence.calls is not None else ()
    return [*found, *(one for one in calls if not one.exchange), *evidence.apart]


def marked(evidence: Evidence, mark: Mark) -> Evidence:
    """The evidence with the standing of every difference as `mark` says."""

    def all_of(differences: Iterable[Difference]) -> tuple[Difference, ...]:
        return tuple(
            one
            if one.excused or one.notice or (standing := mark(one)) == one.standing
            else msgspec.structs.replace(one, standing=standing)
            for one in differences
        )

    calls = evidence.calls
    if calls is not None:
        calls = _counted(
            msgspec.structs.replace(calls, differences=all_of(calls.differences)), calls
        )
    return msgspec.structs.replace(
        evidence,
        steps=tuple(
            msgspec.structs.replace(one, differences=all_of(one.differences))
            if one.differences
            else one
            for one in evidence.steps
        ),
        calls=calls,
        apart=all_of(evidence.apart),
    )


def _counted(calls: Compared, before: Compared) -> Compared:
    """The calls with counts that leave out what passes now and did not before, as what a rule
    excuses is left out."""
    passing = [
        now
        for now, was in zip(calls.differences, before.differences, strict=True)
        if now.standing != was.standing and now.standing in PASSING
    ]
    red = {_call(one) for one in calls.differences if one.change == "changed" and counts(one)}
    changed = {_call(one) for one in passing if one.change == "changed"}
    return msgspec.structs.replace(
        calls,
        missing=calls.missing - sum(one.change == "missing" for one in passing),
        unexpected=calls.unexpected - sum(map(_extra, passing)),
        changed=calls.changed - len(changed - red),
    )


def _call(one: Difference) -> tuple[str, str, str, str]:
    return one.exchange, one.group, one.dependency, one.call_id


def _extra(one: Difference) -> int:
    """The calls too many that a difference stands for."""
    if one.change in ("unexpected", "new-host"):
        return 1
    made, recorded = one.actual.partition(" ")[0], one.expected.partition(" ")[0]
    known = one.change == "repeated" and made.isdigit() and recorded.isdigit()
    return max(int(made) - int(recorded), 0) if known else 0
