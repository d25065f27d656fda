"""What the differences of a run count for, besides rules: evidence in, evidence out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from ci_gate.gate.judging import Evidence
from ci_gate.model.difference import Difference, Standing

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
        calls = msgspec.structs.replace(calls, differences=all_of(calls.differences))
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
