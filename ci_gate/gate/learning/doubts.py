"""Would the replays that taught pass what they taught? What would be red is no lesson.

Every replay is compared as `run` compares: with the rules, and with what was learned. So a rule
that excuses a call quiets learning as it quiets a run, and nothing is learned under which the
unchanged service would be red at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ci_gate.codecs.registry import codec
from ci_gate.diff.calls.compare import compare_calls
from ci_gate.diff.embedded import with_stand_ins
from ci_gate.diff.equality import Equality, stand_ins_of
from ci_gate.diff.messages import compare
from ci_gate.diff.noise.membernames import as_recorded
from ci_gate.diff.outcomes import charge, is_red
from ci_gate.diff.rules import Rules
from ci_gate.gate.learning.rehearsing import Rehearsal
from ci_gate.gate.observing.callrecords import recorded_calls
from ci_gate.gate.observing.learned import Learning
from ci_gate.model.call import CallRecord
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import Exchange
from ci_gate.model.snapshot import Snapshot


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the replays would be red for."""

    exchange: str
    """Inbound; "" at startup and in the background."""
    route: str
    call: str = ""
    """The recorded call that it is about."""
    place: str = ""
    why: str
    seen: str = ""
    """The values of the first such difference."""


def doubts(snapshot: Snapshot, rehearsals: Sequence[Rehearsal], rules: Rules) -> list[Doubt]:
    """What the rehearsals would be red for under what a snapshot has learned from them."""
    recorded = recorded_calls(snapshot)
    met: dict[tuple[str, ...], list[Difference]] = {}
    for one in rehearsals:
        learning = Learning(snapshot)
        learning.keep_clock(one.clocked and not one.ahead)
        learning.know_timed(one.timed)
        equality = Equality(redacted=True, timed=one.timed)
        found: dict[tuple[str, ...], Difference] = {}
        for difference in (
            *_calls(snapshot, recorded, one, rules, equality, learning),
            *_answers(snapshot, one, rules, equality, learning),
        ):
            if is_red(difference):
                found.setdefault(_key(difference), difference)
        for key, difference in found.items():
            met.setdefault(key, []).append(difference)
    return [_doubt(found, len(rehearsals)) for found in met.values()]


def _key(one: Difference) -> tuple[str, ...]:
    about = one.call_id or one.actual
    return (one.exchange or one.group, one.change, one.dependency, about, one.place)


def _calls(
    snapshot: Snapshot,
    recorded: Sequence[CallRecord],
    one: Rehearsal,
    rules: Rules,
    equality: Equality,
    learning: Learning,
) -> Sequence[Difference]:
    routes = {exchange.id: exchange.route for exchange in snapshot.inbound}
    judged = {name: routes[name] for name in one.responses if name in routes}
    learned = learning.calls()
    return compare_calls(recorded, one.calls, rules, equality, judged, learned=learned).differences


def _answers(
    snapshot: Snapshot, one: Rehearsal, rules: Rules, equality: Equality, learning: Learning
) -> Iterator[Difference]:
    for exchange in snapshot.inbound:
        yield from _answer(exchange, one, rules, equality, learning)


def _answer(
    exchange: Exchange, one: Rehearsal, rules: Rules, equality: Equality, learning: Learning
) -> Sequence[Difference]:
    http = codec("http")
    live, recorded = one.responses.get(exchange.id), exchange.response
    if live is None or recorded is None or live == recorded:
        return ()
    before = http.places(recorded)
    stand_ins = stand_ins_of("response", before, exchange.redacted)
    masks = learning.masks(rules.masks_for(exchange.route, side="response"), exchange)
    after = http.places(live)
    if masks.varying is not None and masks.varying.named:
        after = as_recorded("response", before, after, masks.varying.allows)
    after = with_stand_ins("response", before, after, exchange.redacted, equality)
    found = compare("response", before, after, masks, equality, stand_ins)
    return charge(found, exchange.id, exchange.route, rules)


def _doubt(found: Sequence[Difference], replays: int) -> Doubt:
    first = found[0]
    return Doubt(
        exchange=first.exchange,
        route=first.route or first.group,
        call=first.call_id,
        place=first.place,
        why=_why(first, len(found), replays),
        seen=_seen(first),
    )


def _why(one: Difference, times: int, replays: int) -> str:
    """What happened, and in how many replays."""
    often = f" ({times} of {replays} replays)" if times < replays else ""
    call = f"{one.call} ({one.dependency})"
    if one.change == "missing":
        if times == replays:
            return f"{one.expected} ({one.dependency}) is never called"
        made = f"made in {replays - times} of {replays} replays"
        return f"the {one.effect} {one.expected} ({one.dependency}) comes and goes: {made}"
    if one.change in ("unexpected", "new-host"):
        near = f"; {one.detail}" if one.detail else ""
        what = f"{one.actual or one.dependency} ({one.dependency})"
        return f"{what} was not recorded, so that nothing answers it{often}{near}"
    if one.change == "repeated":
        return f"{call} is called more often than recorded{often}: {one.detail}"
    if one.change == "reordered":
        return f"{call} is called in another order{often}: {one.actual} instead of {one.expected}"
    where = f"{call} {one.place}" if one.dependency else one.place
    detail = f"; {one.detail}" if one.detail else ""
    return f"{where} varies otherwise than was learned of it{often}{detail}"


def _seen(one: Difference) -> str:
    if not one.place:
        return ""
    return f"{one.expected or 'nothing'} was recorded, {one.actual or 'nothing'} came"
