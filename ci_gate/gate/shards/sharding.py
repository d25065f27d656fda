"""One shard of a run: what differs in it is looked at again among all others, and what it keeps.

A shard judges its own exchanges only: startup, background, conditions and whatever is counted over
a whole run wait for `merge`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Set

import msgspec

from ci_gate import __version__
from ci_gate.config.options import RunOptions
from ci_gate.diff.calls.compare import Compared as ComparedCalls
from ci_gate.diff.calls.windows import STANDING_GROUPS
from ci_gate.diff.outcomes import is_red
from ci_gate.errors import CannotRun
from ci_gate.gate import events, planning
from ci_gate.gate.changes.commit import current_commit
from ci_gate.gate.judging.allowing import Allowed, allowed
from ci_gate.gate.judging.comparing import evidence_of, standing_of
from ci_gate.gate.judging.confirming import confirmed
from ci_gate.gate.judging.judged import Evidence, Judged
from ci_gate.gate.judging.standing import PASSING, by_exchange
from ci_gate.gate.observing.observation import Observation, Observed
from ci_gate.gate.planning import Plan
from ci_gate.model.difference import Difference, Moment
from ci_gate.model.result import ShardPart, Verdict
from ci_gate.model.shard import Basis, Kept, Shard, total
from ci_gate.report.words import plural


async def among_all(
    evidence: Evidence,
    seen: Observed,
    what: Allowed,
    options: RunOptions,
    log_path: str,
    sink: events.Sink,
) -> tuple[Evidence, Observed]:
    """The evidence of the shard's exchanges, and what it was made from.

    What differs may only lack what other exchanges leave behind: a filled cache, a counter. Then
    all requests are replayed in a freshly started service, as one run would, and that counts; its
    log replaces the one at `log_path`. What then does not differ is replayed a third time, alone:
    if it does not differ there either, it lacks nothing, and was unstable.
    """
    differing = _red(evidence)
    lacking = len(evidence.plan.steps) < len(evidence.plan.snapshot.inbound)
    if not differing or not lacking or evidence.failure or options.service.url:
        return evidence, seen
    sink(events.Stage("shard", f"{plural(len(differing), 'request')} again, among all others"))
    plan = planning.among_all(evidence.plan, options)
    try:
        whole = await Observation(options, plan, evidence.cleaning, sink).run(log_path)
    except CannotRun as error:
        note = f"the requests could not be replayed again, among all others: {error}"
        return msgspec.structs.replace(evidence, notices=(*evidence.notices, note)), seen
    again = evidence_of(whole, evidence.about, evidence.cleaning, evidence.seconds, whole=True)
    gone = differing - _red(again)
    if not gone or again.failure:
        return again, whole
    alone = await confirmed(allowed(_only(evidence, gone), what), options, sink)
    shaky = {
        name
        for name, found in by_exchange(alone).items()
        if any(one.standing in ("unstable", "collateral") for one in found)
    }
    return _with_notes(_with(again, alone, shaky), len(gone - shaky)), whole


def _only(evidence: Evidence, exchanges: Set[str]) -> Evidence:
    """The evidence without what differs in other exchanges."""
    steps = tuple(
        one
        if one.step.exchange.id in exchanges
        else msgspec.structs.replace(one, differences=(), response=None)
        for one in evidence.steps
    )
    calls = evidence.calls
    if calls is not None:
        left = tuple(one for one in calls.differences if one.exchange in exchanges)
        calls = msgspec.structs.replace(calls, differences=left)
    return msgspec.structs.replace(evidence, steps=steps, calls=calls, apart=(), notices=())


def _with(again: Evidence, alone: Evidence, shaky: Set[str]) -> Evidence:
    """The evidence of all, but for what was unstable in the shard."""
    first = {one.step.exchange.id: one for one in alone.steps if one.step.exchange.id in shaky}
    calls, before = again.calls, alone.calls
    if calls is not None and before is not None:
        differences = [one for one in calls.differences if one.exchange not in shaky]
        differences += [one for one in before.differences if one.exchange in shaky]
        lines = {name: found for name, found in before.lines.items() if name in shaky}
        calls = msgspec.structs.replace(
            calls, differences=tuple(differences), lines=calls.lines | lines
        )
    return msgspec.structs.replace(
        again,
        steps=tuple(first.get(one.step.exchange.id, one) for one in again.steps),
        calls=calls,
        unstable=alone.unstable,
        collateral=alone.collateral,
        moments={**again.moments, **{n: m for n, m in alone.moments.items() if n in shaky}},
    )


def _with_notes(evidence: Evidence, lacking: int) -> Evidence:
    if not lacking:
        return evidence
    note = f"{plural(lacking, 'request')} of this shard differed only without those of other shards"
    return msgspec.structs.replace(evidence, notices=(*evidence.notices, note))


def _red(evidence: Evidence) -> set[str]:
    return {one for one, found in by_exchange(evidence).items() if any(map(is_red, found))}


def basis_of(plan: Plan, options: RunOptions) -> Basis:
    """What shards of one run have in common."""
    replay = options.replay
    judged_by = (
        options.rules,
        options.routes,
        options.known,
        options.quarantine,
        options.policy.unstable,
        options.mocks,
        (replay.pace, replay.concurrency, replay.settle, replay.timeout),
    )
    return Basis(
        version=__version__,
        snapshot=plan.digest,
        settings=hashlib.sha256(msgspec.json.encode(judged_by)).hexdigest(),
        commit=current_commit(options.folder),
    )


def kept(
    evidence: Evidence, plain: ComparedCalls | None, seen: Observed, options: RunOptions
) -> Shard:
    """What `merge` needs of this shard. `plain`: its calls before anything was let pass, which
    `merge` does over all shards."""
    assert evidence.plan.shard is not None
    hidden = evidence.cleaning.hidden
    standing = standing_of(seen)
    calls = evidence.calls or ComparedCalls()
    exchanges = _exchanges(evidence, calls)
    counted = plain.by_group if plain is not None else {}
    rules = {
        index: times - standing.rules.get(index, 0)
        for index, times in evidence.plan.rules.counts.items()
    }
    return Shard(
        part=evidence.plan.shard,
        basis=basis_of(evidence.plan, options),
        exchanges=exchanges,
        measured=evidence.calls is not None,
        booted=bool(evidence.samples.begun_at),
        calls=total(counted[one.exchange] for one in exchanges if one.exchange in counted),
        answers=tuple(sorted(calls.answers)),
        standing=msgspec.structs.replace(
            standing, differences=_plain(evidence, (d for d in calls.differences if d.group))
        ),
        apart=_plain(evidence, evidence.apart),
        rules={index: times for index, times in rules.items() if times > 0},
        excused=tuple(map(hidden.difference, evidence.plan.rules.examples())),
        redacted=evidence.equality.count - standing.redacted,
        unstable=evidence.unstable,
        failure=hidden.text(evidence.failure),
        notices=tuple(map(hidden.text, evidence.notices)),
        varied=evidence.varied,
        bound=evidence.bound,
        replayed=_replayed(evidence),
        seconds=evidence.seconds,
    )


def own(evidence: Evidence) -> Evidence:
    """The evidence by which a shard is judged: without what is judged when shards are merged."""
    calls = evidence.calls
    if calls is not None:
        again = total(one for name, one in calls.by_group.items() if name in STANDING_GROUPS)
        calls = msgspec.structs.replace(
            calls,
            differences=tuple(one for one in calls.differences if not one.group),
            matched=calls.matched - again.matched,
            unmatched=calls.unmatched - again.unmatched,
            missing=calls.missing - again.missing,
            unexpected=calls.unexpected - again.unexpected,
            changed=calls.changed - again.changed,
        )
    return msgspec.structs.replace(evidence, calls=calls)


def as_part(judged: Judged, part: ShardPart, *, empty: bool) -> Judged:
    """What a shard's run directory says. `empty`: nothing fell to it, which is no fault."""
    result = judged.result
    verdict = Verdict(outcome=result.verdict.outcome, reasons=result.verdict.reasons)
    if empty:
        verdict = Verdict(outcome="pass")
    runs = tuple(
        msgspec.structs.replace(run, counts=msgspec.structs.replace(run.counts, unused=None))
        for run in result.runs
    )
    return msgspec.structs.replace(
        judged,
        result=msgspec.structs.replace(result, shard=part, verdict=verdict, runs=runs),
        rows=tuple(row for row in judged.rows if not row.group),
    )


def _exchanges(evidence: Evidence, calls: ComparedCalls) -> tuple[Kept, ...]:
    hidden = evidence.cleaning.hidden
    found = by_exchange(evidence)
    return tuple(
        Kept(
            exchange=name,
            answered=one.answered,
            latency=one.latency,
            differences=_plain(evidence, found[name]),
            moment=evidence.moments.get(name, Moment()),
            lines=tuple(map(hidden.line, calls.lines.get(name, ()))),
            blamed=evidence.blamed.get(name, ""),
            collateral=evidence.collateral.get(name, ""),
        )
        for one in evidence.steps
        if one.step.judged
        for name in (one.step.exchange.id,)
    )


def _plain(evidence: Evidence, differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """Without secrets, and without what passes: that is decided over all shards."""
    hidden = evidence.cleaning.hidden.difference
    return tuple(
        msgspec.structs.replace(hidden(one), standing="")
        if one.standing in PASSING
        else hidden(one)
        for one in differences
    )


def _replayed(evidence: Evidence) -> float:
    """Seconds of the shard's own exchanges: those that are only replayed take their part."""
    seconds = (evidence.samples.ended_at - evidence.samples.begun_at) / 1e9
    answered = [one.step.judged for one in evidence.steps if one.answered]
    return seconds * sum(answered) / len(answered) if answered else seconds
