"""From what was observed to the result: differences, causes, figures, conditions, verdict."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from ci_gate import __version__
from ci_gate.codecs.registry import codec
from ci_gate.diff.calls import Compared as ComparedCalls
from ci_gate.diff.causes import causes
from ci_gate.diff.equality import Equality
from ci_gate.diff.outcomes import is_red, outcome, standing_outcomes
from ci_gate.diff.rules import Rules
from ci_gate.gate.replaying import Compared
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.result import Counts, Environment, ExchangeResult, Result
from ci_gate.model.snapshot import Snapshot
from ci_gate.policy.conditions import Condition, evaluate
from ci_gate.policy.histogram import make_run
from ci_gate.policy.metrics import route_figures
from ci_gate.policy.verdict import judge
from ci_gate.replayer.plan import Step
from ci_gate.replayer.samples import Samples
from ci_gate.service.outcome import ServiceFailed
from ci_gate.store.snapshot import digest


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run observed. `calls` None: not measured (`replay` alone)."""

    mode: Literal["run", "replay", "prove"]
    snapshot: Snapshot
    places: Mapping[str, str]
    """Exchange id -> file in the snapshot."""
    planned: tuple[Step, ...]
    steps: tuple[Compared, ...]
    """In the order of `planned`; empty when the service never got ready."""
    samples: Samples
    calls: ComparedCalls | None
    escapes: tuple[Difference, ...] = ()
    equality: Equality
    rules: Rules
    conditions: tuple[Condition, ...] = ()
    failure: ServiceFailed | None = None
    overflow: int = 0
    """Calls beyond what is kept to be compared."""
    notices: tuple[str, ...] = ()
    snapshot_name: str
    config: str
    commit: str = ""
    service: str
    started_at: str
    seconds: float


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """The result, a row an exchange, and the live exchanges that differ."""

    result: Result
    rows: tuple[ExchangeResult, ...]
    changes: tuple[Exchange, ...] = ()


def judged(evidence: Evidence) -> Judged:
    """Judge a run."""
    calls = evidence.calls or ComparedCalls()
    by_exchange: dict[str, list[Difference]] = {}
    for one in evidence.steps:
        if one.step.judged:
            by_exchange.setdefault(one.step.exchange.id, []).extend(one.differences)
    for difference in calls.differences:
        if difference.exchange:
            by_exchange.setdefault(difference.exchange, []).append(difference)
    everything = [
        *(difference for found in by_exchange.values() for difference in found),
        *(one for one in calls.differences if not one.exchange),
        *evidence.escapes,
    ]
    rows = tuple(
        _row(evidence, one, by_exchange.get(one.step.exchange.id, []))
        for one in evidence.steps
        if one.step.judged
    )
    return Judged(
        result=_result(evidence, everything, rows, calls),
        rows=rows + standing_outcomes(calls.differences, _standing(evidence.snapshot)),
        changes=tuple(_change(one) for one in evidence.steps if one.response and one.differences),
    )


def _row(evidence: Evidence, one: Compared, differences: Sequence[Difference]) -> ExchangeResult:
    exchange = one.step.exchange
    return outcome(
        exchange.id,
        exchange.route,
        codec("http").label(exchange.request),
        one.latency / 1e6,
        differences,
        evidence.places.get(exchange.id, ""),
    )


def _change(one: Compared) -> Exchange:
    return msgspec.structs.replace(one.step.exchange, response=one.response)


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
    differences: Sequence[Difference],
    rows: Sequence[ExchangeResult],
    calls: ComparedCalls,
) -> Result:
    counts = _counts(evidence, rows, calls)
    latencies: dict[str, list[int]] = {}
    counted: dict[str, tuple[int, int]] = {}
    for one, row in zip((x for x in evidence.steps if x.step.judged), rows, strict=True):
        route = one.step.exchange.route
        total, failed = counted.get(route, (0, 0))
        counted[route] = (total + 1, failed + (row.state != "passed"))
        if one.answered:
            latencies.setdefault(route, []).append(one.latency)
    run = make_run(counts, latencies)
    figures = route_figures(run, counted)
    folded = causes(differences)
    result = Result(
        service=evidence.service,
        mode=evidence.mode,
        verdict=judge(counts, (), (), "", True),
        runs=(run,),
        causes=folded,
        routes=figures,
        rules=evidence.rules.uses(),
        excused=evidence.rules.examples(),
        notices=_notices(evidence),
        environment=_environment(evidence),
    )
    evaluations = evaluate(evidence.conditions, result)
    failure = evidence.failure
    verdict = judge(
        counts,
        folded,
        evaluations,
        _failure_text(failure) if failure is not None else "",
        bool(counts.answered or any(row.state != "passed" for row in rows)),
        rules=result.rules,
        own_service=evidence.mode != "replay",
    )
    return msgspec.structs.replace(result, verdict=verdict)


def _failure_text(failure: ServiceFailed) -> str:
    return failure.reason


def _notices(evidence: Evidence) -> tuple[str, ...]:
    notices = list(evidence.notices)
    if evidence.failure is not None and evidence.failure.last_lines:
        notices.append("last lines of the service: " + "\n".join(evidence.failure.last_lines))
    if evidence.overflow:
        notices.append(f"{evidence.overflow} more outbound calls were made than are compared")
    if evidence.calls is None:
        notices.append("outbound calls were not measured: `ci-gate run` compares them, too")
    return tuple(notices)


def _counts(evidence: Evidence, rows: Sequence[ExchangeResult], calls: ComparedCalls) -> Counts:
    judged_steps = [one for one in evidence.steps if one.step.judged]
    failed = sum(row.state != "passed" for row in rows)
    measured = evidence.calls is not None
    samples = evidence.samples
    return Counts(
        total=sum(one.judged for one in evidence.planned),
        succeeded=len(rows) - failed,
        failed=failed,
        answered=sum(one.answered for one in judged_steps),
        matching=sum(not any(map(is_red, row.differences)) for row in rows),
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
    return Environment(
        version=__version__,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        started_at=evidence.started_at,
        seconds=round(evidence.seconds, 3),
        commit=evidence.commit,
        snapshot=evidence.snapshot_name,
        snapshot_digest=digest(evidence.snapshot),
        config=evidence.config,
    )
