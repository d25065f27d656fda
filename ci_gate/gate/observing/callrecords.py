"""Calls, recorded and live, as comparing needs them: `CallRecord`s, with no protocol left in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ci_gate.codecs.addressed import with_names
from ci_gate.codecs.registry import codec, codec_of
from ci_gate.codecs.spellings import spellings
from ci_gate.diff.calls.nearest import nearest
from ci_gate.gate.observing.answering import is_timed
from ci_gate.gate.observing.effects import facts_of
from ci_gate.mocks.server import LiveCall, Mock
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import INSIDE, Exchange, Facts
from ci_gate.model.message import HttpResponse, Message, PgResult, RedisReply
from ci_gate.model.snapshot import Snapshot
from ci_gate.values.addresses import Addresses

EXPLAINED = 30
"""Misses whose nearest recorded calls are looked for."""


def recorded_calls(snapshot: Snapshot) -> list[CallRecord]:
    """The snapshot's outbound exchanges as comparing needs them, in recorded order; without those
    that are about a connection, and without reads of what keeps state of its own."""
    timed = is_timed(snapshot)
    effects = {one.name: one.effects for one in snapshot.dependencies}
    protocols = {one.name: codec(one.protocol) for one in snapshot.dependencies}
    records = [
        _record(
            one,
            effects[one.dependency],
            ended=one.ended if one.took and timed else 0.0,
            failed=failed(one),
        )
        for one in snapshot.outbound
        if not protocols[one.dependency].about_session(one.request)
    ]
    stateful = {one.name for one in snapshot.dependencies if one.mode == "stateful"}
    return [one for one in records if one.dependency not in stateful or one.facts.effect != "read"]


def failed(exchange: Exchange) -> bool:
    """True when the answer to a call was an error, or there was none: who makes it again retries."""
    response = exchange.response
    if isinstance(response, HttpResponse):
        return response.status >= 400
    if isinstance(response, PgResult | RedisReply):
        body = response.body
        return isinstance(body, bytes) and body[:1] in (b"E", b"-", b"!")
    return response is None


def live_calls(
    calls: Sequence[LiveCall], mocks: Mapping[str, Mock], addresses: Addresses, started: int
) -> list[CallRecord]:
    """What reached the mocks, as comparing needs it: values that travel in recorded terms.
    `started`: the run's start, nanoseconds. Left out are reads of what keeps state of its own, and
    descriptions of statements that are missed themselves: each is one call."""
    live = [
        _live(f"live-{number}", call, mocks, addresses, started)
        for number, call in enumerate(calls, 1)
    ]
    stateful = {name for name, mock in mocks.items() if mock.state is not None}
    missed = {_text(one) for one in live if not one.matched and one.facts.effect != "session"}
    return [
        one
        for one in live
        if (one.dependency not in stateful or one.facts.effect != "read")
        and (one.facts.effect != "session" or _text(one) not in missed)
    ]


def _text(call: CallRecord) -> tuple[object, ...]:
    """What a call has in common with one that only asks for its description."""
    return (call.dependency, call.groups, call.coarse[-1:])


def explained(live: Sequence[CallRecord], recorded: Sequence[CallRecord]) -> list[CallRecord]:
    """Live calls with the nearest recorded ones beside each miss, the first `EXPLAINED` of them."""
    told = 0
    found = []
    for call in live:
        missed = not (call.matched or call.new_host or call.migration)
        if missed and told < EXPLAINED:
            told += 1
            call = msgspec.structs.replace(call, nearest=nearest(call, recorded))
        found.append(call)
    return found


def _live(
    id_: str, call: LiveCall, mocks: Mapping[str, Mock], addresses: Addresses, started: int
) -> CallRecord:
    at = (call.at - started) / 1e6
    if call.request is None:
        return CallRecord(
            id=id_,
            dependency=call.dependency,
            route="CONNECT",
            label=f"CONNECT {call.dependency}",
            facts=Facts(effect="write"),
            parts=(),
            groups=call.groups,
            at=at,
            tier=call.tier,
            new_host=True,
        )
    exchange = made_call(id_, call.request, call, mocks, addresses, at)
    mock = mocks.get(call.dependency)
    spelled, rewritten = _spelled(exchange, call)
    exchange = msgspec.structs.replace(exchange, request=spelled)
    record = _record(
        exchange,
        mock.effects if mock is not None else {},
        matched=call.entry.exchange.id if call.entry is not None else "",
        tier=call.tier,
        rewritten=rewritten,
        migration=call.migration,
        new_host=call.new_host,
        awaited=call.waiting.awaited if call.waiting is not None else (),
        overtaken=call.turn.overtaken if call.turn is not None else (),
    )
    facts = record.facts
    if facts.transaction in ("", INSIDE):
        return record
    # A connection counts its own transactions.
    facts = msgspec.structs.replace(facts, transaction=f"{call.connection}.{facts.transaction}")
    return msgspec.structs.replace(record, facts=facts)


def _spelled(exchange: Exchange, call: LiveCall) -> tuple[Message, str]:
    """The request of a live call, in the recorded spelling where only the way it is written is
    another; and as it was written where it was not found that way ("" = it was)."""
    request, protocol = exchange.request, codec_of(exchange.request)
    written = spellings(protocol.name)
    if written is None or call.entry is None:
        return request, ""
    spelled = written.spelled(request, call.entry.exchange.request)
    if spelled is request or protocol.full(spelled) == protocol.full(request):
        return spelled, ""
    return spelled, protocol.label(request)


def made_call(
    id_: str,
    request: Message,
    call: LiveCall,
    mocks: Mapping[str, Mock],
    addresses: Addresses,
    at: float,
) -> Exchange:
    """A live call with its `request` in recorded terms: values that travel, addresses as names."""
    mock = mocks.get(call.dependency)
    # A dependency that the snapshot lacks has no mock in `mocks`: what was said tells its codec.
    protocol = codec_of(request)
    if mock is not None and mock.bound is not None:
        request = mock.bound.in_recorded_terms(request)
    request = with_names(protocol, request, addresses)
    return Exchange(
        id=id_,
        dependency=call.dependency,
        route=protocol.route(request),
        groups=call.groups,
        at=at,
        request=request,
    )


def _record(exchange: Exchange, effects: Mapping[str, str], **more: Any) -> CallRecord:
    """A call in the terms of comparing; `more` are fields that only a recorded, or a live one has."""
    protocol, request = codec_of(exchange.request), exchange.request
    return CallRecord(
        id=exchange.id,
        dependency=exchange.dependency,
        route=exchange.route,
        label=protocol.label(request),
        facts=facts_of(protocol, exchange, effects),
        parts=protocol.places(request),
        coarse=protocol.key(request).coarse,
        groups=exchange.groups,
        at=exchange.at,
        **more,
    )
