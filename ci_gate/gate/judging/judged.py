"""From what was observed to the result: differences, causes, figures, conditions, verdict."""

from __future__ import annotations

import platform
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import msgspec

from ci_gate import __version__
from ci_gate.codecs.registry import codec
from ci_gate.diff.calls.compare import Compared as ComparedCalls
from ci_gate.diff.causes.fold import caused
from ci_gate.diff.causes.leading import MISSES
from ci_gate.diff.causes.traces import traces
from ci_gate.diff.equality import Equality
from ci_gate.diff.outcomes import counts as is_counted
from ci_gate.diff.outcomes import outcome, standing_outcomes
from ci_gate.gate.changes.commit import current_commit
from ci_gate.gate.judging.allowances import allowances
from ci_gate.gate.judging.changing import changes
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.replaying import Compared
from ci_gate.gate.planning import Plan
from ci_gate.mocks.matcher import BINDING
from ci_gate.model.change import Change, MadeCall
from ci_gate.model.difference import Cause, Difference, Moment
from ci_gate.model.exchange import BACKGROUND, STARTUP
from ci_gate.model.result import (
    Counts,
    Environment,
    ExchangeResult,
    KnownUse,
    QuarantineUse,
    Result,
    Unstable,
    Verdict,
)
from ci_gate.model.snapshot import Snapshot
from ci_gate.policy.conditions import evaluate
from ci_gate.policy.histogram import make_run
from ci_gate.policy.metrics import route_figures
from ci_gate.policy.verdict import judge
from ci_gate.replayer.samples import Samples
from ci_gate.service.outcome import ServiceFailed

_FAILED = ("failed", "error")


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What was run, as the user names it."""

    mode: Literal["run", "replay", "prove"]
    service: str
    snapshot: str
    config: str
    folder: str
    """Whose commit is named."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run observed. `calls` None: not measured (`replay` alone)."""

    about: About
    plan: Plan
    steps: tuple[Compared, ...] = ()
    """In the order of the plan's."""
    samples: Samples
    calls: ComparedCalls | None = None
    apart: tuple[Difference, ...] = ()
    """Differences of connections, which are no calls: escapes, failed handshakes."""
    equality: Equality
    cleaning: Cleaning
    failure: str = ""
    """Why the run failed, whatever was compared: the service died, or too much was called."""
    notices: tuple[str, ...] = ()
    collateral: Mapping[str, str] = {}
    """Exchange -> an earlier one whose missed call it differed after, and only after that."""
    unstable: tuple[Unstable, ...] = ()
    known: tuple[KnownUse, ...] = ()
    quarantine: tuple[QuarantineUse, ...] = ()
    varied: int = 0
    """Places that varied as learned."""
    bound: int = 0
    """Calls that were matched by values that the service makes up."""
    seconds: float
    moments: Mapping[str, Moment] = {}
    """What the service logged during the exchanges that differ."""
    blamed: Mapping[str, str] = {}
    """Exchange -> the earlier one that did not bring a value it had to send."""
    after: Mapping[str, Collection[str]] = {}
    """Exchange -> the earlier writes to its resource."""
    made: tuple[MadeCall, ...] = ()
    """Live calls that were not made as recorded; not redacted yet."""
    orders: Mapping[str, tuple[str, ...]] = {}
    """Group -> the recorded calls of it that were made, in live order."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """The result, a row an exchange, and what `accept` needs of the first that differ."""

    result: Result
    rows: tuple[ExchangeResult, ...]
    changes: tuple[Change, ...] = ()
    unstable: Literal["fail", "warn"] = "fail"
    """What unstable rows come to."""


def judged(evidence: Evidence) -> Judged:
    """Judge a run."""
    hidden = evidence.cleaning.hidden.difference
    calls = evidence.calls or ComparedCalls()
    apart = [*map(hidden, evidence.apart)]
    by_exchange: dict[str, list[Difference]] = {}
    for one in evidence.steps:
        if one.step.judged:
            by_exchange.setdefault(one.step.exchange.id, []).extend(map(hidden, one.differences))
    for difference in map(hidden, calls.differences):
        if difference.exchange:
            by_exchange.setdefault(difference.exchange, []).append(difference)
        else:
            apart.append(difference)
    everything = [*(one for found in by_exchange.values() for one in found), *apart]
    told = caused(everything, evidence.moments, evidence.blamed, evidence.after)
    by_exchange.clear()
    for difference in told.differences:
        by_exchange.setdefault(difference.exchange, []).append(difference)
    rows = tuple(
        _row(evidence, one, by_exchange.get(one.step.exchange.id, []))
        for one in evidence.steps
        if one.step.judged
    )
    apart = by_exchange.get("", [])
    return Judged(
        result=_result(evidence, told.causes, rows, calls),
        rows=rows + standing_outcomes(apart, _standing(evidence.plan.snapshot)),
        changes=changes(
            by_exchange,
            {one.step.exchange.id: one.response for one in evidence.steps},
            (evidence.made, evidence.orders),
            evidence.plan.snapshot,
            evidence.cleaning,
        ),
        unstable=evidence.plan.unstable,
    )


def last_lines(failure: ServiceFailed, most: int = 0) -> str:
    """What a failed service said in the end, at most so many lines (0: all that were kept), as a
    notice; an error that they tell of stands first, because notices are cut where they are long."""
    said = [line for line in failure.last_lines if line.strip()]
    if not said:
        return "the service has printed nothing"
    told = [trace.error for trace in traces(said)[-1:]]
    return "; ".join((*told, "last lines of the service: " + "\n".join(said[-most:])))


def _row(evidence: Evidence, one: Compared, differences: Sequence[Difference]) -> ExchangeResult:
    exchange = one.step.exchange
    row = outcome(
        exchange.id,
        exchange.route,
        codec("http").label(exchange.request),
        one.latency / 1e6,
        differences,
        evidence.plan.places.get(exchange.id, ""),
    )
    if not differences:
        return row
    moment = evidence.moments.get(exchange.id, Moment())
    lines = evidence.calls.lines.get(exchange.id, ()) if evidence.calls is not None else ()
    hidden = evidence.cleaning.hidden
    return msgspec.structs.replace(row, log=moment.lines, calls=tuple(map(hidden.line, lines)))


def _standing(snapshot: Snapshot) -> dict[str, list[str]]:
    """The dependencies that were called in the groups startup and background."""
    found: dict[str, list[str]] = {STARTUP: [], BACKGROUND: []}
    for call in snapshot.outbound:
        for group in call.groups:
            if group in found and call.dependency not in found[group]:
                found[group].append(call.dependency)
    return found


def _result(
    evidence: Evidence,
    causes: Sequence[Cause],
    rows: Sequence[ExchangeResult],
    calls: ComparedCalls,
) -> Result:
    plan = evidence.plan
    hidden = evidence.cleaning.hidden
    counts = _counts(evidence, rows, calls)
    latencies: dict[str, list[int]] = {}
    counted: dict[str, tuple[int, int]] = {}
    for one, row in zip((x for x in evidence.steps if x.step.judged), rows, strict=True):
        route = one.step.exchange.route
        total, failed = counted.get(route, (0, 0))
        counted[route] = (total + 1, failed + (row.state in _FAILED))
        if one.answered:
            latencies.setdefault(route, []).append(one.latency)
    run = make_run(counts, latencies)
    folded = _with_collateral(causes, evidence.collateral)
    result = Result(
        service=evidence.about.service,
        mode=evidence.about.mode,
        verdict=Verdict(outcome="inconclusive"),
        runs=(run,),
        causes=folded,
        routes=route_figures(run, counted),
        rules=plan.rules.uses(),
        known=evidence.known,
        quarantine=evidence.quarantine,
        unstable=evidence.unstable,
        allowances=allowances(plan),
        excused=tuple(map(hidden.difference, plan.rules.examples())),
        notices=(*map(hidden.text, evidence.notices), *_passed(evidence)),
        environment=_environment(evidence),
    )
    verdict = judge(
        counts,
        folded,
        evaluate(plan.conditions, result),
        hidden.text(evidence.failure),
        bool(counts.answered or any(row.state != "passed" for row in rows)),
        rules=result.rules,
        known=result.known,
        quarantine=result.quarantine,
        own_service=evidence.about.mode != "replay",
        unstable=plan.unstable,
    )
    return msgspec.structs.replace(result, verdict=verdict)


def _passed(evidence: Evidence) -> list[str]:
    """What was not equal and is not red, for people: how often."""
    found = [f"{evidence.varied} places varied as learned"] if evidence.varied else []
    if evidence.bound:
        calls = "1 call was" if evidence.bound == 1 else f"{evidence.bound} calls were"
        found.append(f"{calls} matched by values that the service makes up (tier {BINDING})")
    return found


def _with_collateral(found: Sequence[Cause], collateral: Mapping[str, str]) -> tuple[Cause, ...]:
    """What is collateral of a miss is told with the first cause that has it."""
    with_miss: dict[str, list[str]] = {}
    for exchange, miss in collateral.items():
        for cause in found:
            if miss in cause.exchanges and cause.change in MISSES and not cause.standing:
                with_miss.setdefault(cause.id, []).append(exchange)
                break
    return tuple(
        msgspec.structs.replace(one, collateral=tuple(with_miss[one.id]))
        if one.id in with_miss
        else one
        for one in found
    )


def _let_pass(row: ExchangeResult) -> bool:
    """It changed, and nothing of that is red."""
    changed = [one for one in row.differences if not (one.excused or one.notice)]
    return bool(changed) and not any(map(is_counted, changed))


def _counts(evidence: Evidence, rows: Sequence[ExchangeResult], calls: ComparedCalls) -> Counts:
    failed = sum(row.state in _FAILED for row in rows)
    unstable = sum(row.state == "unstable" for row in rows)
    measured = evidence.calls is not None
    samples = evidence.samples
    return Counts(
        total=sum(one.judged for one in evidence.plan.steps),
        succeeded=len(rows) - failed - unstable,
        failed=failed,
        unstable=unstable,
        answered=sum(one.answered for one in evidence.steps if one.step.judged),
        matching=sum(not any(map(is_counted, row.differences)) for row in rows),
        let_pass=sum(map(_let_pass, rows)),
        seconds=(samples.ended_at - samples.begun_at) / 1e9,
        matched=calls.matched if measured else None,
        unmatched=calls.unmatched if measured else None,
        unused=calls.unused if measured else None,
        missing=calls.missing if measured else None,
        unexpected=calls.unexpected if measured else None,
        changed=calls.changed if measured else None,
        redacted=evidence.equality.count,
    )


def _environment(evidence: Evidence) -> Environment:
    plan, about = evidence.plan, evidence.about
    return Environment(
        version=__version__,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        started_at=plan.started_at.isoformat(timespec="seconds"),
        seconds=round(evidence.seconds, 3),
        commit=current_commit(about.folder),
        snapshot=about.snapshot,
        snapshot_digest=plan.digest,
        config=about.config,
    )
