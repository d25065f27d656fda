"""What was observed, compared with the snapshot: the evidence by which a run is judged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from ci_gate.codecs.registry import codec
from ci_gate.correlation.chains import resource
from ci_gate.diff.calls.compare import Compared as ComparedCalls
from ci_gate.diff.calls.compare import compare_calls
from ci_gate.diff.equality import Equality
from ci_gate.diff.rules import Rules
from ci_gate.gate.judging.changing import made_calls, orders
from ci_gate.gate.judging.judged import About, Evidence, last_lines
from ci_gate.gate.judging.moments import fails, moments
from ci_gate.gate.observing.answering import answered
from ci_gate.gate.observing.callrecords import explained, live_calls, recorded_calls
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.observation import Observed
from ci_gate.gate.observing.replaying import Compared, undone
from ci_gate.mocks.matcher import BINDING
from ci_gate.model.binding import Bindings
from ci_gate.model.call import Answered
from ci_gate.model.difference import Moment
from ci_gate.model.exchange import Exchange
from ci_gate.model.shard import Standing, total


def evidence_of(
    seen: Observed, about: About, cleaning: Cleaning, seconds: float, *, whole: bool = False
) -> Evidence:
    """Compare everything, once: what may vary remembers what it has seen.

    `seconds`: how long all of the run took. `whole`: calls are held against those of all requests,
    judged or not, so that one that has moved between them is told as such.
    """
    failure = seen.failure
    equality = seen.learning.equality()
    notices = list(seen.notices)
    reasons = []
    if seen.replay is None:
        notices.append(seen.plan.nothing)
    if failure is not None:
        reasons.append(failure.reason)
        notices.append(last_lines(failure))
    if seen.overflow:
        reasons.append(f"{seen.overflow} more outbound calls were made than can be compared")
    steps = _compare_answers(seen, equality)
    calls = _compare_calls(seen, equality) if seen.replay is not None else None
    # Looking at all of them counts what varies once more.
    varied = seen.learning.varied() - (seen.replay.unjudged if seen.replay is not None else 0)
    if calls is not None and whole:
        calls = _among_all(seen, calls)
    fates = calls.fates if calls is not None else {}
    made = made_calls(seen, fates, _answered(seen)) if fates else ()
    differing = {one.step.exchange.id for one in steps if one.differences}
    differing |= {one.exchange for one in calls.differences} if calls is not None else set()
    return Evidence(
        about=about,
        plan=seen.plan,
        steps=steps,
        samples=seen.samples,
        calls=calls,
        apart=seen.apart,
        equality=equality,
        cleaning=cleaning,
        failure="; ".join(reasons),
        notices=tuple(notices),
        varied=varied,
        bound=_bound(seen),
        seconds=seconds,
        moments=_moments(seen, differing, steps, about.folder),
        made=made,
        orders=orders(seen) if fates else {},
        blamed=blamed(seen.plan.snapshot.bindings, seen.learning.substitution.blame, differing),
        after=earlier_writes(seen.plan.snapshot.inbound, differing),
    )


def _bound(seen: Observed) -> int:
    """The calls that were matched by values that the service makes up, but for requests that are
    not judged."""
    unjudged = {one.exchange.id for one in seen.plan.steps if not one.judged}
    return sum(
        call.tier == BINDING and not (call.groups and unjudged.issuperset(call.groups))
        for call in seen.calls
    )


def standing_of(seen: Observed) -> Standing:
    """What was called at startup and in the background, compared by itself: all shards see it, and
    of all it is counted once."""
    if seen.replay is None:
        return Standing()
    rules, equality = seen.plan.rules.apart(), seen.learning.equality()
    calls = _calls(seen, rules, equality, {})
    return Standing(
        calls=total(calls.by_group.values()),
        differences=calls.differences,
        rules=rules.counts,
        redacted=equality.count,
    )


def _moments(
    seen: Observed, differing: Collection[str], steps: Sequence[Compared], folder: str
) -> dict[str, Moment]:
    if seen.log is None:
        return {}
    failed = {one.step.exchange.id for one in steps if any(map(fails, one.differences))}
    return moments(seen.log, seen.plan.steps, seen.samples, differing, failed, folder)


def earlier_writes(
    inbound: Sequence[Exchange], exchanges: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Exchange -> the writes to its resource that were recorded before it, for those of `exchanges`
    that have any: reads, and whatever depends on what there is."""
    http = codec("http")
    writes: dict[str, list[str]] = {}
    found: dict[str, tuple[str, ...]] = {}
    for one in inbound:
        about = resource(one.route)
        if one.id in exchanges and writes.get(about):
            found[one.id] = tuple(writes[about])
        if about and http.facts(one).effect == "write":
            writes.setdefault(about, []).append(one.id)
    return found


def blamed(
    bindings: Bindings, blame: Callable[[str], str], exchanges: Collection[str]
) -> dict[str, str]:
    """Exchange -> the earlier one that did not bring a value it had to send, for those of
    `exchanges` that `blame` says something of (`Substitution.blame`)."""
    found: dict[str, str] = {}
    for binding in bindings.inbound:
        for spot in binding.used:
            why = blame(spot.exchange) if spot.exchange in exchanges else ""
            if why and (spot.exchange not in found or binding.made.exchange in why):
                found[spot.exchange] = binding.made.exchange
    return found


def _compare_answers(seen: Observed, equality: Equality) -> tuple[Compared, ...]:
    if seen.replay is None:
        return ()
    if seen.samples.begun_at:
        compared = seen.replay.compare(seen.samples, seen.plan.rules, equality)
        return tuple(_in_recorded_terms(seen, one) for one in compared)
    why = seen.failure.reason if seen.failure is not None else ""
    return tuple(undone(one, "not-replayed", why) for one in seen.plan.steps)


def _in_recorded_terms(seen: Observed, one: Compared) -> Compared:
    """With recorded values instead of live ones that travel, in an answer that is kept."""
    if one.response is None or not one.differences:
        return one
    http = codec("http")
    parts = seen.learning.substitution.in_recorded_terms(http.places(one.response))
    return msgspec.structs.replace(one, response=http.with_places(one.response, parts))


def _answered(seen: Observed) -> dict[str, Answered]:
    return answered(seen.plan.snapshot, seen.plan.steps, seen.samples, seen.began)


def _compare_calls(seen: Observed, equality: Equality) -> ComparedCalls:
    booted = bool(seen.samples.begun_at)
    judged = [one.exchange for one in seen.plan.steps if one.judged and booted]
    return _calls(seen, seen.plan.rules, equality, {one.id: one.route for one in judged})


def _among_all(seen: Observed, judged: ComparedCalls) -> ComparedCalls:
    """The calls of judged requests, as they are told when all requests are. `judged`: as they are
    told without the others, which has counted what rules excuse."""
    steps = seen.plan.steps
    routes = {one.exchange.id: one.exchange.route for one in steps}
    rules, equality = seen.plan.rules.apart(), seen.learning.equality()
    calls = _calls(seen, rules, equality, routes)
    others = {one.exchange.id for one in steps if not one.judged}
    by_group = {name: one for name, one in calls.by_group.items() if name not in others}
    return msgspec.structs.replace(
        calls,
        differences=tuple(one for one in calls.differences if one.exchange not in others),
        by_group=by_group,
        **msgspec.structs.asdict(total(by_group.values())),
        answers=judged.answers,
        lines={name: one for name, one in calls.lines.items() if name not in others},
    )


def _calls(
    seen: Observed, rules: Rules, equality: Equality, routes: Mapping[str, str]
) -> ComparedCalls:
    recorded = recorded_calls(seen.plan.snapshot)
    live = live_calls(seen.calls, seen.mocks, seen.addresses, seen.began)
    compared = compare_calls(
        recorded,
        explained(live, recorded),
        rules,
        equality,
        routes,
        startup=seen.started,
        learned=seen.learning.calls(),
        answered=_answered(seen),
    )
    if seen.samples.begun_at:
        return compared
    # A service that did not come up has not made its calls; those it made may say why.
    made = tuple(one for one in compared.differences if one.change != "missing")
    return msgspec.structs.replace(compared, differences=made, missing=0)
