"""Shards of one run as the evidence that one run would have given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ci_gate.diff.calls.compare import Compared as ComparedCalls
from ci_gate.diff.equality import Equality
from ci_gate.diff.outcomes import counts
from ci_gate.errors import UsageError
from ci_gate.gate.judging.comparing import earlier_writes
from ci_gate.gate.judging.judged import About, Evidence
from ci_gate.gate.observing.callrecords import recorded_calls
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.replaying import Compared
from ci_gate.gate.planning import Plan
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import BACKGROUND, STARTUP
from ci_gate.model.shard import Kept, Shard, total
from ci_gate.replayer.plan import Step
from ci_gate.replayer.samples import Samples


def evidence_of_shards(
    shards: Sequence[Shard], plan: Plan, about: About, cleaning: Cleaning
) -> Evidence:
    """The evidence of a whole run. `shards` are complete and in order; `plan` replays everything.

    Raises UsageError when an exchange is in no shard or in two.
    """
    seen = _by_exchange(shards)
    steps = tuple(_step(step, seen) for step in plan.steps)
    for one in shards:
        plan.rules.add(one.rules, one.excused)
    plan.rules.add(_most([one.standing.rules for one in shards]), ())
    equality = Equality()
    equality.count = sum(one.redacted for one in shards)
    equality.count += max((one.standing.redacted for one in shards), default=0)
    samples = Samples(0)
    samples.ended_at = round(1e9 * sum(one.replayed for one in shards))
    differing = {name for name, one in seen.items() if one.differences}
    notices = _told(shards, lambda one: one.notices)
    return Evidence(
        about=about,
        plan=plan,
        steps=steps,
        samples=samples,
        calls=_calls(shards, plan),
        apart=_once(d for one in shards for d in one.apart),
        equality=equality,
        cleaning=cleaning,
        failure="; ".join(_told(shards, lambda one: [one.failure] if one.failure else [])),
        notices=tuple(notices) if plan.steps else (plan.nothing,),
        collateral={name: one.collateral for name, one in seen.items() if one.collateral},
        unstable=tuple(entry for one in shards for entry in one.unstable),
        varied=sum(one.varied for one in shards),
        bound=sum(one.bound for one in shards),
        seconds=max((one.seconds for one in shards), default=0.0),
        moments={name: one.moment for name, one in seen.items()},
        blamed={name: one.blamed for name, one in seen.items() if one.blamed},
        after=earlier_writes(plan.snapshot.inbound, differing),
    )


def _by_exchange(shards: Sequence[Shard]) -> dict[str, Kept]:
    found: dict[str, Kept] = {}
    for shard in shards:
        for one in shard.exchanges:
            if one.exchange in found:
                raise UsageError(f"exchange {one.exchange} is in two shards; run them all again")
            found[one.exchange] = one
    return found


def _step(step: Step, seen: dict[str, Kept]) -> Compared:
    name = step.exchange.id
    if name not in seen:
        raise UsageError(f"exchange {name} ({step.exchange.route}) is in no shard; run them again")
    one = seen[name]
    own = tuple(d for d in one.differences if not d.dependency)
    return Compared(step, one.answered, one.latency, own)


def _calls(shards: Sequence[Shard], plan: Plan) -> ComparedCalls | None:
    measured = [one for one in shards if one.measured]
    if not measured:
        return None
    standing = _standing(measured)
    exchanges = [kept for one in measured for kept in one.exchanges]
    differences = [d for one in exchanges for d in one.differences if d.dependency]
    answers = frozenset(name for one in measured for name in one.answers)
    judged = {kept.exchange for one in measured if one.booted for kept in one.exchanges}
    judged |= {STARTUP, BACKGROUND}
    recorded = {
        one.id for one in recorded_calls(plan.snapshot) if not judged.isdisjoint(one.groups)
    }
    parts = total(one.calls for one in measured)
    # What every shard sees again counts once.
    again = [one.standing.calls for one in measured]
    missing = sum(one.change == "missing" and counts(one) for one in standing)
    return ComparedCalls(
        differences=(*differences, *standing),
        matched=parts.matched + max(one.matched for one in again),
        unmatched=parts.unmatched + max(one.unmatched for one in again),
        unused=len(recorded - answers),
        missing=parts.missing + missing,
        unexpected=parts.unexpected + max(one.unexpected for one in again),
        changed=parts.changed + max(one.changed for one in again),
        answers=answers,
        lines={one.exchange: one.lines for one in exchanges if one.lines},
    )


def _standing(shards: Sequence[Shard]) -> tuple[Difference, ...]:
    """What differs at startup and in the background: missing is what no shard has called, anything
    else what any of them has."""
    gone = [
        {_about(d) for d in one.standing.differences if d.change == "missing"}
        for one in shards
        if one.booted
    ]
    nowhere = set.intersection(*gone) if gone else set()
    return _once(
        d
        for one in shards
        for d in one.standing.differences
        if d.change != "missing" or _about(d) in nowhere
    )


def _once(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """The first of those that say the same."""
    found: dict[tuple[str, ...], Difference] = {}
    for one in differences:
        found.setdefault(_about(one), one)
    return tuple(found.values())


def _about(one: Difference) -> tuple[str, ...]:
    """A call of startup or background, whatever its values in one boot; a connection by its address."""
    address = "" if one.call else one.actual
    return one.change, one.group, one.dependency, one.call, one.call_id, one.place, address


def _most(used: Sequence[dict[int, int]]) -> dict[int, int]:
    indices = sorted({index for one in used for index in one})
    return {index: max(one.get(index, 0) for one in used) for index in indices}


def _told(shards: Sequence[Shard], texts: Callable[[Shard], Iterable[str]]) -> list[str]:
    """What all shards say is said once, anything else with the shard that says it."""
    said = {one.part.index: list(texts(one)) for one in shards}
    everywhere = set.intersection(*(set(one) for one in said.values())) if said else set()
    found: dict[str, None] = {}
    for one in shards:
        for text in said[one.part.index]:
            found[text if text in everywhere else f"shard {one.part}: {text}"] = None
    return list(found)
