"""The verdict: pass, fail or inconclusive, with the reasons, and the exit code that says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ci_gate.model.difference import Cause
from ci_gate.model.result import (
    Counts,
    Evaluation,
    KnownUse,
    Outcome,
    QuarantineUse,
    RuleUse,
    Verdict,
)

_SHOWN = 5
"""Causes that are named in the reasons."""


def judge(
    counts: Counts,
    causes: Sequence[Cause],
    evaluations: Sequence[Evaluation],
    service_failure: str,
    replayed_any: bool,
    *,
    rules: Sequence[RuleUse] = (),
    warnings: Sequence[str] = (),
    known: Sequence[KnownUse] = (),
    quarantine: Sequence[QuarantineUse] = (),
    own_service: bool = True,
    unstable: Literal["fail", "warn"] = "fail",
) -> Verdict:
    """Judge a run; strict by default, and nothing is green because nothing was looked at.

    fail: the service failed; an unexcused difference, whatever the conditions say; a request that
    failed or was not replayed; a `fail_if` that holds; with `unstable` "fail" also a difference
    that did not repeat.
    inconclusive: nothing was replayed; with `own_service` False (`replay`) nothing was answered
    at all; a `fail_if` that could not be judged. A failure outweighs it.
    pass: everything else; `warn_if`, and `rules`, `known` and `quarantine` that are expired or not
    needed any more, only warn.
    """
    red = [one for one in causes if not one.notice and not one.standing]
    shaky = _unstable(causes)
    silent = not (own_service or service_failure) and counts.total > 0 and counts.answered == 0
    failures = [] if silent else _failures(counts, red, evaluations, service_failure)
    if unstable == "fail" and not silent:
        failures += shaky
        shaky = []
    unclear = _unclear(counts, evaluations, replayed_any, silent)
    outcome: Outcome = "fail" if failures else "inconclusive" if unclear else "pass"
    return Verdict(
        outcome=outcome,
        reasons=(*failures, *unclear),
        warnings=(
            *warnings,
            *shaky,
            *_warned(evaluations),
            *_rule_warnings(rules),
            *_stale(known, quarantine),
        ),
        evaluations=tuple(evaluations),
    )


def _failures(
    counts: Counts, red: Sequence[Cause], evaluations: Sequence[Evaluation], service_failure: str
) -> list[str]:
    reasons = [service_failure] if service_failure else []
    reasons += [_titled(cause) for cause in red[:_SHOWN]]
    if len(red) > _SHOWN:
        reasons.append(f"and {len(red) - _SHOWN} more causes")
    if not red and counts.failed:
        reasons.append(f"{counts.failed} of {counts.total} requests failed")
    judged = counts.succeeded + counts.failed + counts.unstable
    lost = counts.total - judged
    if lost > 0 and judged > 0:
        reasons.append(f"{lost} of {counts.total} requests were not replayed")
    return reasons + [
        f"{_named(one)} (observed {one.observed})"
        for one in evaluations
        if one.level == "fail" and one.outcome == "fail"
    ]


def _unstable(causes: Sequence[Cause]) -> list[str]:
    """One line for each cause that did not repeat."""
    found = [one for one in causes if one.standing == "unstable" and not one.notice]
    lines = [f"unstable: {_titled(one)}" for one in found[:_SHOWN]]
    return lines + ([f"and {len(found) - _SHOWN} more unstable"] if len(found) > _SHOWN else [])


def _titled(cause: Cause) -> str:
    """A title with its route, where the title alone would be the same for several."""
    if cause.dependency or len(cause.routes) != 1:
        return cause.title
    return f"{cause.title} ({cause.routes[0]})"


def _unclear(
    counts: Counts, evaluations: Sequence[Evaluation], replayed_any: bool, silent: bool
) -> list[str]:
    reasons = []
    if (
        not counts.total
        or not replayed_any
        or not (counts.succeeded + counts.failed + counts.unstable)
    ):
        reasons.append("no request was replayed: there is nothing to judge")
    elif silent:
        reasons.append("the target answered nothing at all: is it the right address?")
    return reasons + [
        f"{_named(one)} could not be judged: {one.observed}"
        for one in evaluations
        if one.level == "fail" and one.outcome == "inconclusive"
    ]


def _warned(evaluations: Sequence[Evaluation]) -> list[str]:
    found = []
    for one in evaluations:
        if one.level == "warn" and one.outcome == "fail":
            found.append(f"{_named(one)} (observed {one.observed})")
        elif one.level == "warn" and one.outcome == "inconclusive":
            found.append(f"{_named(one)} could not be judged: {one.observed}")
    return found


def _rule_warnings(rules: Sequence[RuleUse]) -> list[str]:
    found = []
    for use in rules:
        if use.state == "unused":
            found.append(f"rule {use.index} never matched: {use.text}")
        elif use.state == "expired":
            found.append(f"rule {use.index} expired on {use.until} and excuses nothing: {use.text}")
    return found


def _stale(known: Sequence[KnownUse], quarantine: Sequence[QuarantineUse]) -> list[str]:
    """Entries that need somebody's hand."""
    found = []
    for one in known:
        name = f"known {one.index} ({one.fingerprint})"
        if one.state == "expired":
            found.append(f"{name} expired on {one.until} and lets nothing pass: {one.reason}")
        elif one.state == "gone" and one.title:
            found.append(
                f"{name} does not cover what there is now, which goes further: {one.title}"
            )
        elif one.state == "gone":
            found.append(f"{name} no longer occurs, take it out: {one.reason}")
    for use in quarantine:
        if use.state == "expired":
            name = f"quarantine {use.index} ({use.exchange})"
            found.append(f"{name} expired on {use.until} and lets nothing pass: {use.reason}")
    return found


def _named(one: Evaluation) -> str:
    return f"{one.route}: {one.condition}" if one.route else one.condition


def exit_code(verdict: Verdict) -> int:
    """0 pass, 1 fail, 3 inconclusive."""
    return {"pass": 0, "fail": 1, "inconclusive": 3}[verdict.outcome]
