"""Mocks made of a snapshot: every dependency played, and what was asked of them afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec

from ci_gate.codecs.addressed import with_change, with_live, with_names
from ci_gate.codecs.base import Codec
from ci_gate.codecs.registry import codec, codec_of
from ci_gate.config.telemetry import is_telemetry
from ci_gate.correlation.correlation import Correlation
from ci_gate.correlation.identity import Identity
from ci_gate.correlation.substitution import Substitution
from ci_gate.diff.equality import stand_ins_of
from ci_gate.diff.nearest import nearest
from ci_gate.diff.noisecalls import CALLS
from ci_gate.diff.noiseopen import opened_by_noise
from ci_gate.diff.rules import Rules
from ci_gate.gate.answering import is_timed
from ci_gate.gate.effects import facts_of
from ci_gate.gate.listeners import LOCAL, LOOPBACK, Listeners, address_of
from ci_gate.mocks.bound import Bound
from ci_gate.mocks.forms import canonical_form
from ci_gate.mocks.holds import Holds
from ci_gate.mocks.matcher import Canonical, Matcher, Recorded
from ci_gate.mocks.server import Answer, LiveCall, Mock, MockServer
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange, Facts
from ci_gate.model.message import HttpRequest, HttpResponse, Message, Opaque, Stored
from ci_gate.model.snapshot import Dependency, Snapshot
from ci_gate.net.certificates import Authority
from ci_gate.recorder.dependencies import Address, parse_address
from ci_gate.recorder.options import Upstream
from ci_gate.store.bodies import body_chunks
from ci_gate.values.addresses import Addresses
from ci_gate.values.dates import moved
from ci_gate.values.standins import is_stand_in

EXPLAINED = 30
"""Misses whose nearest recorded calls are looked for."""


class Mocks:
    """All dependencies of a snapshot, played.

    `alone`: no inbound requests are replayed beside them. Call `listen`, then `prepare` with
    every live address, then start the service. `values`: those of the run that travel.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        upstreams: Sequence[Upstream],
        rules: Rules,
        correlation: Correlation,
        certificates: Authority,
        *,
        alone: bool,
        recorded_latency: bool = False,
        learning: bool = False,
        values: Substitution | None = None,
    ) -> None:
        self.snapshot = snapshot
        self._learning = learning
        self._values = values if values is not None and values else None
        self.authority = certificates
        self.routes = {one.id: one.route for one in snapshot.inbound}
        self._rules = rules
        self._by_address: dict[Address, Mock] = {}
        self._telemetry = Mock(
            "telemetry", codec("http"), Matcher((), _no_form, set(), alone=True), telemetry=True
        )
        self._upstreams = {one.name: one for one in upstreams}
        self.mocks: dict[str, Mock] = {}
        calls: dict[str, list[Exchange]] = {}
        for exchange in snapshot.outbound:
            calls.setdefault(exchange.dependency, []).append(exchange)
        for dependency in snapshot.dependencies:
            protocol = codec(dependency.protocol)
            recorded = calls.get(dependency.name, [])
            mock = self._mock(dependency, protocol, recorded, correlation, alone)
            self.mocks[dependency.name] = mock
            if dependency.address:
                self._by_address[parse_address(dependency.address, dependency.protocol)] = mock
        self._configure(upstreams)
        self.server = MockServer(
            self.find,
            certificates,
            correlation,
            codec("http"),
            alone=alone,
            chunks=self._chunks,
            recorded_latency=recorded_latency,
        )

    def hold(self, correlation: Correlation) -> None:
        """Keep answers back where that shows who waits for whom (see `mocks.holds`): by the times
        of a recording of ours, which were taken where the calls and answers passed."""
        if not is_timed(self.snapshot):
            return
        loose = {
            (one.id, noise.at.removeprefix(CALLS))
            for one in self.snapshot.inbound
            for noise in one.noise
            if noise.kind == "unordered" and noise.at.startswith(CALLS)
        }
        snapshot = self.snapshot
        self.server.holds = Holds(snapshot.inbound, snapshot.outbound, loose, correlation.in_flight)

    def _configure(self, upstreams: Sequence[Upstream]) -> None:
        """Addresses that the configuration knows beyond the snapshot; telemetry among them."""
        for one in upstreams:
            mock = self._telemetry if one.role == "telemetry" else self.mocks.get(one.name)
            if mock is not None and one.address:
                self._by_address.setdefault(parse_address(one.address, one.protocol), mock)

    def _mock(
        self,
        dependency: Dependency,
        protocol: Codec,
        exchanges: list[Exchange],
        correlation: Correlation,
        alone: bool,
    ) -> Mock:
        recorded = [
            Recorded(
                exchange=exchange,
                key=protocol.key(exchange.request),
                read=facts.effect != "write",
                targets=() if dependency.name in facts.targets else facts.targets,
                session=protocol.about_session(exchange.request),
                opened=self._opened(protocol, exchange),
            )
            for exchange in exchanges
            for facts in (facts_of(protocol, exchange, dependency.effects),)
        ]
        bound = Bound(self._values, protocol) if self._values is not None else None
        matcher = Matcher(
            recorded,
            lambda opened: canonical_form(protocol, opened),
            correlation.begun,
            alone=alone,
            learning=self._learning,
            binder=bound,
        )
        return Mock(
            dependency.name,
            protocol,
            matcher,
            bound=bound,
            session=dependency.session,
            effects=dependency.effects,
        )

    def _opened(self, protocol: Codec, exchange: Exchange) -> tuple[tuple[str, str], ...]:
        """The places of a recorded request that are compared by kind: opened by rules, or redacted."""
        group = exchange.groups[0] if exchange.groups else STARTUP
        standing = group if group in (STARTUP, BACKGROUND) else ""
        masks = self._rules.masks_for(
            self.routes.get(group, ""), exchange.dependency, exchange.route, standing, "request"
        )
        stand_ins: tuple[tuple[str, str], ...] = ()
        if exchange.redacted:
            parts = protocol.places(exchange.request)
            stand_ins = tuple(
                (place, is_stand_in(text))
                for place, text in stand_ins_of("request", parts, exchange.redacted)
                if not place.startswith("request.headers.")
            )
        return masks.opened + stand_ins + opened_by_noise(exchange)

    def find(self, scheme: str, host: str, port: int) -> Mock | None:
        """The mock that stands for an address, or None for one that is not in the snapshot."""
        mock = self._by_address.get((scheme, host, port))
        if mock is None and is_telemetry(host, port):
            return self._telemetry
        return mock

    def _chunks(self, stored: Stored) -> Iterator[bytes]:
        return body_chunks(self.snapshot.folder, stored)

    async def listen(self, listeners: Listeners, out_port: int, *, fixed: bool) -> dict[str, str]:
        """Open the proxy and one listener a dependency; name -> URL or host:port.

        `fixed`: use the ports that the configuration gives (`listen:`), else free ones.
        """
        port = await listeners.open(self.server.proxy(), out_port, "the outbound proxy")
        addresses = {"proxy": f"http://{LOOPBACK}:{port}"}
        for name, mock in {**self._silent(), **self.mocks}.items():
            upstream = self._upstreams.get(name)
            wanted = upstream.listen if upstream is not None and fixed else 0
            host = upstream.listen_host if upstream is not None and fixed else LOOPBACK
            port = await listeners.open(self.server.dependency(mock), wanted, name, host)
            for spelling in LOCAL:
                self._by_address[("http", spelling, port)] = mock
            addresses[name] = address_of(mock.codec.name, port)
        return addresses

    def _silent(self) -> dict[str, Mock]:
        """Dependencies that are configured and were never called while recording."""
        return {
            one.name: self._telemetry
            if one.role == "telemetry"
            else Mock(one.name, codec(one.protocol), Matcher((), _no_form, set(), alone=True))
            for one in self._upstreams.values()
        }

    async def stop(self) -> None:
        """Close every connection."""
        self.server.stop()

    def know(self, addresses: Addresses) -> None:
        """Tell the mocks every live address: calls that say one are recorded calls."""
        for mock in self.mocks.values():
            mock.addresses = addresses

    def prepare(
        self,
        addresses: Addresses,
        by: timedelta = timedelta(),
        identity: Identity | None = None,
    ) -> None:
        """Serialise every answer ahead, names in it as live addresses, its dates `by` later, its
        tokens and keys those of this run's `identity`."""
        self.know(addresses)
        for mock in self.mocks.values():
            for entry in mock.matcher.entries:
                exchange = entry.exchange
                if identity is not None:
                    exchange = _signed(mock.codec, exchange, identity)
                entry.prepared = _answer(mock.codec, exchange, addresses, by)
        if identity is not None:
            self.server.recorded = partial(_in_recorded_tokens, identity)


def _answer(protocol: Codec, exchange: Exchange, addresses: Addresses, by: timedelta) -> Answer:
    recorded = exchange.response
    if recorded is None:
        return Answer(None, None, exchange.took, exchange.error)
    if isinstance(recorded.body, Opaque):
        missed = protocol.miss(exchange.request, "its recorded answer could not be kept")
        return Answer(missed, protocol.prepare(missed), exchange.took)
    message = with_live(protocol, moved(protocol.fit(recorded, exchange.request), by), addresses)
    prepared = protocol.prepare(message) if isinstance(message.body, bytes) else None
    return Answer(message, prepared, exchange.took)


def _signed(protocol: Codec, exchange: Exchange, identity: Identity) -> Exchange:
    """A recorded call with the answer that its mock gives: tokens and keys of this run."""
    response = exchange.response
    if response is None or isinstance(response, HttpResponse):
        return identity.answered(exchange)
    live = with_change(protocol, response, partial(identity.live_in, at=exchange.at))
    return exchange if live is response else msgspec.structs.replace(exchange, response=live)


def _in_recorded_tokens(identity: Identity, protocol: Codec, request: Message) -> Message:
    """A live request with the recorded tokens instead of this run's."""
    if isinstance(request, HttpRequest) or not identity.issued:
        return identity.recorded(request)
    return with_change(protocol, request, identity.recorded_in)


def _no_form(opened: tuple[tuple[str, str], ...]) -> Canonical:
    raise AssertionError(f"no recorded call opens {opened}")


def recorded_calls(snapshot: Snapshot) -> list[CallRecord]:
    """The snapshot's outbound exchanges as comparing needs them, in recorded order; without those
    that are about a connection."""
    timed = is_timed(snapshot)
    effects = {one.name: one.effects for one in snapshot.dependencies}
    protocols = {one.name: codec(one.protocol) for one in snapshot.dependencies}
    return [
        _record(
            one,
            effects[one.dependency],
            ended=one.at + one.took if one.took and timed else 0.0,
            failed=failed(one),
        )
        for one in snapshot.outbound
        if not protocols[one.dependency].about_session(one.request)
    ]


def failed(exchange: Exchange) -> bool:
    """True when the answer to a call was an error, or there was none: who makes it again retries."""
    response = exchange.response
    return response is None or (isinstance(response, HttpResponse) and response.status >= 400)


def live_calls(
    calls: Sequence[LiveCall], mocks: Mapping[str, Mock], addresses: Addresses, started: int
) -> list[CallRecord]:
    """What reached the mocks, as comparing needs it: values that travel in recorded terms.
    `started`: the run's start, nanoseconds."""
    return [
        _live(f"live-{number}", call, mocks, addresses, started)
        for number, call in enumerate(calls, 1)
    ]


def explained(live: Sequence[CallRecord], recorded: Sequence[CallRecord]) -> list[CallRecord]:
    """Live calls with the nearest recorded ones beside each miss, the first `EXPLAINED` of them."""
    told = 0
    found = []
    for call in live:
        if not call.matched and not call.new_host and told < EXPLAINED:
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
    return _record(
        exchange,
        mock.effects if mock is not None else {},
        matched=call.entry.exchange.id if call.entry is not None else "",
        tier=call.tier,
        new_host=call.new_host,
        awaited=call.waiting.awaited if call.waiting is not None else (),
    )


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
