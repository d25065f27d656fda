"""Mocks made of a snapshot: every dependency played, and what was asked of them afterwards."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from itertools import chain

import msgspec

from ci_gate.codecs.addressed import with_change, with_live
from ci_gate.codecs.base import Codec
from ci_gate.codecs.pushing import published_by
from ci_gate.codecs.registry import codec
from ci_gate.codecs.spellings import spellings
from ci_gate.codecs.waiting import LONGEST_WAIT, waits
from ci_gate.config.telemetry import is_telemetry
from ci_gate.correlation.correlation import Correlation
from ci_gate.correlation.identity import Identity
from ci_gate.correlation.substitution import Substitution
from ci_gate.diff.equality import stand_ins_of
from ci_gate.diff.noise.calls import CALLS
from ci_gate.diff.noise.opened import opened_by_noise
from ci_gate.diff.rules import Rules
from ci_gate.gate.observing.answering import is_timed
from ci_gate.gate.observing.effects import facts_of
from ci_gate.gate.observing.jobs import begun_at_start
from ci_gate.gate.serving.listeners import LOCAL, LOOPBACK, Listeners, address_of
from ci_gate.mocks.bound import Bound
from ci_gate.mocks.entries import Recorded
from ci_gate.mocks.forms import canonical_form
from ci_gate.mocks.holds import Holds
from ci_gate.mocks.matcher import Canonical, Matcher
from ci_gate.mocks.mock import State
from ci_gate.mocks.server import Answer, Mock, MockServer, Pushes
from ci_gate.mocks.turns import Turns
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Message, Opaque, Stored
from ci_gate.model.snapshot import Dependency, Snapshot
from ci_gate.net.certificates import Authority
from ci_gate.recorder.dependencies import Address, parse_address
from ci_gate.recorder.options import Upstream
from ci_gate.store.bodies import body_chunks
from ci_gate.store.uncollected import uncollected
from ci_gate.values.addresses import Addresses
from ci_gate.values.dates import moved, moved_at
from ci_gate.values.redaction.standins import is_stand_in


class Mocks:
    """All dependencies of a snapshot, played.

    `alone`: no inbound requests are replayed beside them. Call `listen`, then `prepare` with
    every live address, then start the service. `values`: those of the run that travel.
    """

    @uncollected()
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
        self._times = [one.at for one in snapshot.inbound]
        self._jobs = begun_at_start(snapshot)
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
        self._push(correlation)

    def hold(self, correlation: Correlation, resting: Callable[[], bool]) -> None:
        """Keep answers back where that shows who waits for whom (see `mocks.holds` and `turns`): by
        the times of a recording of ours, which were taken where the calls and answers passed."""
        if not is_timed(self.snapshot):
            return
        loose = {
            (one.id, noise.at.removeprefix(CALLS))
            for one in self.snapshot.inbound
            for noise in one.noise
            if noise.kind == "loose" and noise.at.startswith(CALLS)
        }
        snapshot = self.snapshot
        inbound, outbound, in_flight = snapshot.inbound, snapshot.outbound, correlation.in_flight
        self.server.holds = Holds(inbound, outbound, loose, in_flight, resting)
        learning = self._learning
        self.server.turns = Turns(inbound, outbound, loose, in_flight, resting, learning=learning)

    def _push(self, correlation: Correlation) -> None:
        """Publish what others did, when the exchanges that it followed happen again."""
        everything = chain(self.snapshot.inbound, self.snapshot.outbound)
        for one in [one for one in everything if one.pushed]:
            told = [
                (min(push.after, LONGEST_WAIT) / 1000, self.mocks[push.dependency], published)
                for push in one.pushed
                for published in published_by(push.message)
                if push.dependency in self.mocks
            ]
            if told:
                self.server.pushes[one.id] = Pushes(one.belongs, tuple(told))
        if self.server.pushes:
            correlation.on_begun(self.server.follow)

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
                after=self._after(exchange),
                job=exchange.id in self._jobs,
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
            spellings=spellings(protocol.name),
        )
        return Mock(
            dependency.name,
            protocol,
            matcher,
            bound=bound,
            session=self._session(dependency),
            effects=dependency.effects,
            state=_state(exchanges) if dependency.mode == "stateful" else None,
        )

    def _after(self, exchange: Exchange) -> str:
        at = bisect_right(self._times, exchange.at)
        return self.snapshot.inbound[at - 1].id if at else ""

    def _session(self, dependency: Dependency) -> dict[str, str]:
        """What was recorded of the handshake; who speaks TLS is as configured, else as recorded."""
        upstream = self._upstreams.get(dependency.name)
        if upstream is None or upstream.client_tls is None:
            return dependency.session
        return {**dependency.session, "tls": "on" if upstream.client_tls else "off"}

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
        # Where a dependency really is, perhaps on this machine, calls to another must not arrive.
        real = frozenset(port for _, _, port in self._by_address)
        port = await listeners.open(self.server.proxy(), out_port, "the outbound proxy", avoid=real)
        addresses = {"proxy": f"http://{LOOPBACK}:{port}"}
        for name, mock in {**self._silent(), **self.mocks}.items():
            upstream = self._upstreams.get(name)
            wanted = upstream.listen if upstream is not None and fixed else 0
            host = upstream.listen_host if upstream is not None and fixed else LOOPBACK
            port = await listeners.open(self.server.dependency(mock), wanted, name, host, real)
            for spelling in LOCAL:
                self._by_address[("http", spelling, port)] = mock
            secure = mock.session.get("tls") == "on"
            addresses[name] = address_of(mock.codec.name, port, tls=secure)
        return addresses

    def _silent(self) -> dict[str, Mock]:
        """Dependencies that are configured and were never called while recording."""
        return {
            one.name: self._telemetry
            if one.role == "telemetry"
            else Mock(
                one.name,
                codec(one.protocol),
                Matcher((), _no_form, set(), alone=True),
                session={"tls": "on"} if one.client_tls else {},
            )
            for one in self._upstreams.values()
        }

    async def stop(self) -> None:
        """Close every connection."""
        self.server.stop()

    def know(self, addresses: Addresses) -> None:
        """Tell the mocks every live address: calls that say one are recorded calls."""
        for mock in self.mocks.values():
            mock.addresses = addresses

    @uncollected()
    def prepare(
        self,
        addresses: Addresses,
        by: timedelta = timedelta(),
        identity: Identity | None = None,
    ) -> None:
        """Serialise every answer ahead, names in it as live addresses, its dates `by` later, its
        tokens and keys those of this run's `identity`."""
        self.know(addresses)
        for name, mock in self.mocks.items():
            upstream = self._upstreams.get(name)
            dates = upstream.dates if upstream is not None and by else ()
            for entry in mock.matcher.entries:
                exchange = entry.exchange
                if dates:
                    exchange = _dated(mock.codec, exchange, dates, by)
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
    wait = min(exchange.took, LONGEST_WAIT) if waits(exchange.request) else 0.0
    return Answer(message, prepared, exchange.took, wait=wait)


def _dated(protocol: Codec, exchange: Exchange, places: Sequence[str], by: timedelta) -> Exchange:
    """A recorded call in whose answer the dates at `places` are `by` later."""
    response = exchange.response
    if response is None:
        return exchange
    parts = moved_at(protocol.places(response), places, by)
    if not parts:
        return exchange
    return msgspec.structs.replace(exchange, response=protocol.with_places(response, parts))


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


def _state(exchanges: Sequence[Exchange]) -> State:
    """A server of our own; it is imported for those who ask for it, because it takes its time."""
    from ci_gate.mocks.state import RedisState

    return RedisState(exchanges)


def _no_form(opened: tuple[tuple[str, str], ...]) -> Canonical:
    raise AssertionError(f"no recorded call opens {opened}")
