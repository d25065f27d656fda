"""Where regressions can be seeded into what was observed of an unchanged service.

They are seeded between the service and the comparing: what it said and called is changed after it
said it, so that its state stays sound and one boot is enough for all of them.
"""

from __future__ import annotations

import copy
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence

import msgspec

from ci_gate.codecs.base import Codec
from ci_gate.codecs.transactions import outside
from ci_gate.diff.regressions import (
    CALL_KINDS,
    RESPONSE_KINDS,
    Seed,
    argument_seeds,
    response_seeds,
)
from ci_gate.gate.observing.callrecords import live_calls
from ci_gate.gate.observing.observation import Observed
from ci_gate.gate.observing.replaying import Replay
from ci_gate.mocks.matcher import MISS
from ci_gate.mocks.server import LiveCall
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.message import Message, Part
from ci_gate.policy.conditions import Condition
from ci_gate.replayer.samples import DIFFERENT, EQUAL, PENDING, Samples
from ci_gate.values.places import fold

MOST, LEAST = 600, 100
"""Places that are tried unless somebody says how many: at most, and at least."""
WORK = 300_000
"""Requests and calls that are judged for all places together, which takes about two minutes."""
PATTERNS = 200
"""Places of one route and kind that are remembered."""
DELAY = 1.0
"""Seconds."""
NEW_HOST = "seeded.example:443"
KINDS = (*CALL_KINDS, *RESPONSE_KINDS)

Calls = list[LiveCall]


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One regression that can be seeded."""

    kind: str
    route: str
    pattern: str
    """What makes two of them alike: the place without indices, and the call."""
    exchange: Exchange | None = None
    """The recorded one whose message is changed: inbound, or the call's."""
    group: str = ""
    """The inbound exchange, "startup" or "background"."""
    place: str = ""
    dependency: str = ""
    call: str = ""
    seeded: Callable[[Observed], Observed]


class Candidates:
    """One candidate a kind, route and pattern, whichever exchange has it: the same every time."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, str], dict[str, tuple[int, Candidate]]] = {}
        self.more = 0

    def add(self, one: Candidate) -> None:
        """Take it, instead of an earlier one when its hash says so."""
        cell = self._cells.setdefault((one.kind, one.route), {})
        rank = zlib.crc32(f"{one.group} {one.kind} {one.place} {one.call}".encode())
        known = cell.get(one.pattern)
        if known is None and len(cell) >= PATTERNS:
            self.more += 1
        elif known is None or rank < known[0]:
            cell[one.pattern] = (rank, one)

    def chosen(self, most: int = MOST) -> tuple[list[Candidate], int]:
        """At most `most`, kinds in turns and in each its routes in turns; and how many are left.
        Kinds begin at different routes, so that with little room every route has some."""
        kinds: dict[str, list[list[Candidate]]] = {}
        for (kind, _), cell in self._cells.items():
            kinds.setdefault(kind, []).append([one for _, one in cell.values()])
        queues = [
            _in_turns(_from(cells, at * len(cells) // len(KINDS)))
            for at, kind in enumerate(KINDS)
            if (cells := kinds.get(kind))
        ]
        found = _in_turns(queues)
        return found[:most], max(0, len(found) - most) + self.more


def _from(cells: list[list[Candidate]], first: int) -> list[list[Candidate]]:
    return cells[first:] + cells[:first]


def _in_turns(lists: list[list[Candidate]]) -> list[Candidate]:
    """The first of each, the second of each, and so on."""
    turns = max(map(len, lists), default=0)
    return [one[turn] for turn in range(turns) for one in lists if turn < len(one)]


def places_for(seen: Observed) -> int:
    """How many places are tried of a run when nobody says it: each is a run judged again, so that
    there is time for fewer where there is more to judge."""
    size = len(seen.plan.steps) + len(seen.calls)
    return min(MOST, max(LEAST, WORK // max(size, 1)))


def candidates(seen: Observed) -> Candidates:
    """Everything that can be seeded into a run that passed."""
    found = Candidates()
    assert seen.replay is not None
    for one in (*_in_calls(seen), *_in_responses(seen, seen.replay), *_delays(seen)):
        found.add(one)
    return found


# -- responses


def _in_responses(seen: Observed, replay: Replay) -> Iterator[Candidate]:
    http = replay.codec
    for at, step in enumerate(replay.steps):
        if not step.judged or seen.samples.states[at] not in (EQUAL, DIFFERENT):
            continue
        exchange = step.exchange
        for seed in response_seeds(http.places(replay.live(at, seen.samples))):
            yield Candidate(
                kind=seed.kind,
                route=exchange.route,
                pattern=fold(seed.place),
                exchange=exchange,
                group=exchange.id,
                place=seed.place,
                seeded=_answering(at, http, seed.make),
            )


def _answering(at: int, http: Codec, make: Callable[[], Part]) -> Callable[[Observed], Observed]:
    def seeded(seen: Observed) -> Observed:
        assert seen.replay is not None
        part = make()
        message = http.with_places(seen.replay.live(at, seen.samples), {part.place: part})
        return msgspec.structs.replace(seen, samples=_with_answer(seen, seen.replay, at, message))

    return seeded


def _with_answer(seen: Observed, replay: Replay, at: int, message: Message) -> Samples:
    """As if the replayer had heard `message`: looked at as quickly as it looks."""
    samples = _copied(seen.samples)
    samples.states[at] = PENDING
    samples.responses.pop(at, None)
    samples.done -= 1
    samples.answered -= 1
    samples.answer(at, message, replay.prepared[at].expected, samples.latencies[at])
    return samples


def _copied(samples: Samples) -> Samples:
    other = copy.copy(samples)
    other.states = bytearray(samples.states)
    other.latencies = array("q", samples.latencies)
    other.held = array("q", samples.held)
    other.responses = dict(samples.responses)
    return other


# -- delays


def _delays(seen: Observed) -> Iterator[Candidate]:
    """Where a condition looks at latencies, every answer that it looks at comes later."""
    for route in dict.fromkeys(one.route for one in seen.plan.conditions if judges_latency(one)):
        yield Candidate(
            kind="delayed", route=route, pattern=route, place="latency", seeded=_delaying(route)
        )


def judges_latency(one: Condition) -> bool:
    """True for a condition that fails a run for being slow, or may: one that fails it for being
    quick (`latency.min < 200`) does not."""
    names = (one.metric, *one.uses)
    looks = one.level == "fail" and any(name.startswith("latency.") for name in names)
    return looks and one.op not in ("<", "<=", "==")


def _delaying(route: str) -> Callable[[Observed], Observed]:
    def seeded(seen: Observed) -> Observed:
        samples = _copied(seen.samples)
        for at, step in enumerate(seen.plan.steps):
            if route in ("", step.exchange.route) and samples.latencies[at]:
                samples.latencies[at] += int(DELAY * 1e9)
        return msgspec.structs.replace(seen, samples=samples)

    return seeded


# -- calls


def _in_calls(seen: Observed) -> Iterator[Candidate]:
    routes = {one.exchange.id: one.exchange.route for one in seen.plan.steps if one.judged}
    standing = {STARTUP: STARTUP, BACKGROUND: BACKGROUND} if seen.started else {}
    records = live_calls(seen.calls, seen.mocks, seen.addresses, seen.began)
    arguments = Arguments()
    for at, (call, record) in enumerate(zip(seen.calls, records, strict=True)):
        group = next((one for one in call.groups if one in {**routes, **standing}), "")
        if group and call.entry is not None and record.facts.effect != "session":
            route = {**routes, **standing}[group]
            yield from _of_call(at, call, record, group, route, arguments, seen)
    for at, step in enumerate(seen.plan.steps):
        if step.judged and seen.samples.states[at] in (EQUAL, DIFFERENT):
            yield from _further(seen, step.exchange, seen.samples.started[at])


def _of_call(
    at: int,
    call: LiveCall,
    record: CallRecord,
    group: str,
    route: str,
    arguments: Arguments,
    seen: Observed,
) -> Iterator[Candidate]:
    """The call not made, made twice, made outside of its transaction, made with another argument."""
    assert call.entry is not None
    assert call.request is not None
    read = record.facts.effect == "read"
    protocol = seen.mocks[call.dependency].codec

    def candidate(kind: str, change: Callable[[Calls], None], place: str = "") -> Candidate:
        assert call.entry is not None
        return Candidate(
            kind=kind,
            route=route,
            pattern=f"{record.dependency} {record.route} {fold(place)}",
            exchange=call.entry.exchange,
            group=group,
            place=place,
            dependency=record.dependency,
            call=record.route,
            seeded=_calling(change),
        )

    def drop(calls: Calls) -> None:
        del calls[at]

    yield candidate("read-dropped" if read else "write-dropped", drop)
    yield candidate(
        "read-repeated" if read else "write-duplicated", lambda calls: calls.insert(at + 1, call)
    )
    apart = () if read else outside(call.request)
    if apart:
        named = any(part.place == "transaction" for part in protocol.places(call.request))
        place = "request.transaction" if named else ""
        yield candidate("write-outside-transaction", _apart(at, call, apart), place)
    for seed in arguments.of(call.request, protocol):
        yield candidate(
            "argument-changed", _with_argument(at, call, protocol, seed.make), seed.place
        )


def _apart(at: int, call: LiveCall, messages: Sequence[Message]) -> Callable[[Calls], None]:
    """The messages were said instead, one after the other."""

    def change(calls: Calls) -> None:
        calls[at : at + 1] = [msgspec.structs.replace(call, request=one) for one in messages]

    return change


class Arguments:
    """The values of calls that can be changed: what a codec tells of a call and cannot put into one
    (that it is in a transaction) is none."""

    def __init__(self) -> None:
        self._settable: dict[tuple[str, str], bool] = {}

    def of(self, request: Message, protocol: Codec) -> Iterator[Seed]:
        """The seeds of one call."""
        for seed in argument_seeds(protocol.places(request)):
            place = (protocol.name, seed.place.split(".")[1].partition("[")[0])
            if place not in self._settable:
                part = seed.make()
                self._settable[place] = protocol.with_places(request, {part.place: part}) != request
            if self._settable[place]:
                yield seed


def _with_argument(
    at: int, call: LiveCall, protocol: Codec, make: Callable[[], Part]
) -> Callable[[Calls], None]:
    def change(calls: Calls) -> None:
        assert call.request is not None
        part = make()
        request = protocol.with_places(call.request, {part.place: part})
        calls[at] = msgspec.structs.replace(call, request=request)

    return change


def _further(seen: Observed, exchange: Exchange, at: int) -> Iterator[Candidate]:
    """A call that nobody recorded, to a known dependency and to a new host."""
    known = _unrecorded(seen.calls, exchange.id, seen)
    added = [("call-added", known)] if known is not None else []
    refused = LiveCall(NEW_HOST, None, None, MISS, (), 0, new_host=True)
    for kind, template in (*added, ("new-host-called", refused)):
        call = msgspec.structs.replace(template, groups=(exchange.id,), at=at)
        yield Candidate(
            kind=kind,
            route=exchange.route,
            pattern="",
            exchange=exchange,
            group=exchange.id,
            dependency=call.dependency,
            seeded=_calling(_inserting(call)),
        )


def _inserting(call: LiveCall) -> Callable[[Calls], None]:
    def change(calls: Calls) -> None:
        calls.insert(sum(one.at < call.at for one in calls), call)

    return change


def _unrecorded(calls: Sequence[LiveCall], group: str, seen: Observed) -> LiveCall | None:
    """A call as the exchange makes them, or as others do, that asks for something else."""
    for call in sorted(calls, key=lambda one: group not in one.groups):
        if call.entry is None or call.request is None or call.dependency not in seen.mocks:
            continue
        protocol = seen.mocks[call.dependency].codec
        parts = {part.place: part for part in protocol.places(call.request)}
        path = parts.get("path")
        if path is not None and isinstance(path.value, bytes):
            other = msgspec.structs.replace(path, value=path.value.rstrip(b"/") + b"/seeded")
        else:
            seed = next(argument_seeds(tuple(parts.values())), None)
            if seed is None:
                continue
            other = seed.make()
        request = protocol.with_places(call.request, {other.place: other})
        return msgspec.structs.replace(call, request=request, entry=None, tier=MISS)
    return None


def _calling(change: Callable[[Calls], None]) -> Callable[[Observed], Observed]:
    def seeded(seen: Observed) -> Observed:
        calls = list(seen.calls)
        change(calls)
        return msgspec.structs.replace(seen, calls=calls)

    return seeded
