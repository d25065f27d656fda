"""The mock server: plays every dependency of a snapshot, and fails closed.

A call that nothing was recorded for gets its protocol's own error and is never forwarded. Hosts
that are not in the snapshot are refused.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from ci_gate.codecs.base import Codec, Published
from ci_gate.codecs.migrations import migrated
from ci_gate.codecs.waiting import LONGEST_WAIT, waits
from ci_gate.correlation.correlation import Correlation
from ci_gate.correlation.trace import trace_ids
from ci_gate.mocks.bound import Answer
from ci_gate.mocks.connection import MockConnection
from ci_gate.mocks.holds import Holds, Waiting
from ci_gate.mocks.matcher import CONSUMING, MISS, Bucket, Match
from ci_gate.mocks.mock import LiveCall, Mock, State
from ci_gate.mocks.turns import Turn, Turns
from ci_gate.model.exchange import STARTUP, Exchange
from ci_gate.model.message import HttpRequest, Message, Stored
from ci_gate.net.connection import Connection

__all__ = ["Answer", "Certificates", "LiveCall", "Mock", "MockServer"]

LOG_LIMIT = 100_000
"""Calls that are kept to be compared; a service that makes more is in a loop."""
HEARD = 0.05
"""Seconds that the service has to hear what others published before its next request begins."""
LOOPBACK = "127.0.0.1"
"""As what our listeners are called by clients that name no host."""
NOTES_LIMIT = 100
"""Different troubles that are told apart."""
LOG_BYTES = 256 << 20
"""Bytes of their bodies that are kept."""


class Pushes(msgspec.Struct, frozen=True):
    """What others published after an exchange."""

    group: str
    """The inbound exchange that waits for it; "" = none."""
    told: tuple[tuple[float, Mock, Published], ...]
    """Seconds after it, to whom the service listens, and what."""


class Certificates(Protocol):
    """What the mocks need of `net.certificates.Authority`."""

    def server_context(self, host: str) -> ssl.SSLContext:
        """TLS as `host`, towards the service."""
        ...

    def listener_context(self, host: str, alpn: tuple[str, ...]) -> ssl.SSLContext:
        """TLS as the host that a client names, or as `host`."""
        ...


def _as_it_is(_: Codec, request: Message) -> Message:
    return request


class MockServer:
    """All dependencies of a snapshot, and what was asked of them.

    `find(scheme, host, port)` gives the mock that stands for an address, or None. `alone`: no
    inbound requests are replayed, so calls are counted, and only misses are kept.
    """

    def __init__(
        self,
        find: Callable[[str, str, int], Mock | None],
        certificates: Certificates,
        correlation: Correlation,
        http: Codec,
        *,
        alone: bool,
        chunks: Callable[[Stored], Iterator[bytes]],
        recorded_latency: bool = False,
    ) -> None:
        self.find = find
        self.certificates = certificates
        self.correlation = correlation
        self.http = http
        self.alone = alone
        self.chunks = chunks
        """Reads a body that lies in a file."""
        self.recorded_latency = recorded_latency
        self.recorded: Callable[[Codec, Message], Message] = _as_it_is
        """A live request with the recorded tokens instead of this run's."""
        self.holds: Holds | None = None
        """Which answers are kept back to see who waits for them; None = none."""
        self.turns: Turns | None = None
        """Which are kept for a moment to see who does not; None = none."""
        self.pushes: dict[str, Pushes] = {}
        """By exchange: what was published after it."""
        self.calls: list[LiveCall] = []
        self.overflow = 0
        """Calls that were answered but not kept (`LOG_LIMIT`, `LOG_BYTES`)."""
        self.notes: dict[tuple[str, str], int] = {}
        """(dependency or "the proxy", what went wrong on a connection to it) -> how often."""
        self._left: dict[tuple[Mock, str], int] = {}
        self.connections: set[MockConnection] = set()
        self.opened = 0
        """Connections there have been."""
        self._bytes = 0
        self._listener_tls: dict[tuple[str, ...], ssl.SSLContext] = {}

    def proxy(self) -> Callable[[], Connection]:
        """A factory for the forward proxy's listener."""
        return lambda: MockConnection(self, None)

    def dependency(self, mock: Mock) -> Callable[[], Connection]:
        """A factory for the listener that stands for one dependency."""
        return lambda: MockConnection(self, mock)

    def listener_tls(self, alpn: tuple[str, ...]) -> ssl.SSLContext:
        """The context of our listeners for one protocol."""
        context = self._listener_tls.get(alpn)
        if context is None:
            context = self._listener_tls[alpn] = self.certificates.listener_context(LOOPBACK, alpn)
        return context

    def answer(
        self,
        mock: Mock,
        request: Message,
        bucket: Bucket | None,
        at: int,
        asker: MockConnection | None = None,
    ) -> Answer:
        """What answers a call that came at `at` (nanoseconds); the call is logged. `bucket`: the
        recorded calls that are equal to it; `asker`: its connection."""
        alone = self.alone
        match = mock.match(request, bucket, ()) if alone else self._match(mock, request, bucket, at)
        entry = match.entry
        if entry is not None and entry.exchange.pushed:
            self.follow(entry.exchange.id)
        if mock.state is not None:
            return self._stateful(mock.state, mock, request, match, at)
        if entry is None:
            return self.missed(mock, request, match.groups, at)
        mock.answered += 1
        answer = mock.answer(entry)
        if match.rewritten:
            answer = mock.fitted(answer, entry, request)
        if alone or entry.session:
            return answer
        waiting = turn = None
        if match.tier in CONSUMING:
            answer, waiting, turn = self._kept(answer, entry.exchange, match.groups, at, asker)
        tier, groups = match.tier, match.groups
        number = 0 if asker is None else asker.number
        self.log(
            LiveCall(
                mock.name, request, entry, tier, groups, at, number, waiting=waiting, turn=turn
            )
        )
        return answer

    def _kept(
        self, answer: Answer, call: Exchange, groups: tuple[str, ...], at: int, asker: object
    ) -> tuple[Answer, Waiting | None, Turn | None]:
        """An answer that may have to wait, and what for."""
        waiting = turn = None
        if self.holds is not None:
            answer, waiting = self.holds.kept(answer, call, groups, at)
        if self.turns is not None:
            answer, turn = self.turns.kept(answer, call, groups, asker, at)
        return answer, waiting, turn

    def _stateful(
        self, state: State, mock: Mock, request: Message, match: Match, at: int
    ) -> Answer:
        mock.answered += 1
        if not self.alone and not mock.codec.about_session(request):
            self.log(LiveCall(mock.name, request, match.entry, match.tier, match.groups, at))
        message = state.answer(request)
        nothing = isinstance(message.body, bytes) and message.body in (b"*-1\r\n", b"$-1\r\n")
        wait = LONGEST_WAIT if nothing and waits(request) else 0.0
        return Answer(message, None, 0.0, wait=wait)

    def missed(self, mock: Mock, request: Message, groups: tuple[str, ...], at: int) -> Answer:
        """What is said to a call that nothing was recorded for; it is logged."""
        described = mock.described(request)
        if described is not None:
            return Answer(described, None, 0.0)
        done = migrated(request) if groups == (STARTUP,) else None
        if done is None:
            missed = mock.codec.miss(request, "nothing was recorded for this call")
        elif mock.codec.about_session(request):
            return Answer(done, None, 0.0)  # what it describes is executed next, and told then
        else:
            missed = done
        mock.missed += 1
        self.log(LiveCall(mock.name, request, None, MISS, groups, at, migration=missed is done))
        return Answer(missed, None, 0.0)

    def _match(self, mock: Mock, request: Message, bucket: Bucket | None, at: int) -> Match:
        """Beside a replay: a call belongs to whoever caused it."""
        traces = (
            trace_ids(request.headers) if isinstance(request, HttpRequest) else frozenset[bytes]()
        )
        groups = self.correlation.groups(at, traces)
        match = mock.match(request, bucket, groups)
        entry = match.entry
        if entry is not None and match.tier in CONSUMING and len(entry.groups) == 1:
            self.correlation.seen(entry.groups[0])
        return match

    def follow(self, exchange: str) -> None:
        """An exchange happens again: what others published after it they publish again, once."""
        pushes = self.pushes.pop(exchange, None)
        if pushes is None:
            return
        loop = asyncio.get_running_loop()
        for after, mock, told in pushes.told:
            loop.call_later(after, self.publish, mock, told)
            if pushes.group:
                # Nothing tells when it was heard.
                loop.call_later(after + HEARD, self.correlation.seen, pushes.group)

    def publish(self, mock: Mock | None, told: Published) -> None:
        """Tell every connection to `mock` what one of them has published."""
        for connection in list(self.connections):
            connection.tell(mock, told)

    def stop(self) -> None:
        """Close every connection."""
        for connection in list(self.connections):
            connection.abort()

    def log(self, call: LiveCall) -> None:
        """Keep a call to be compared."""
        request = call.request
        if isinstance(request, HttpRequest) and isinstance(request.body, bytes):
            self._bytes += len(request.body)
        if len(self.calls) < LOG_LIMIT and self._bytes <= LOG_BYTES:
            self.calls.append(call)
        else:
            self.overflow += 1

    @property
    def broken(self) -> dict[tuple[str, str], int]:
        """`notes`, without clients that left while the dependency answered others."""
        found = dict(self.notes)
        for (mock, text), count in self._left.items():
            if not (mock.answered or mock.missed):
                found[mock.name, text] = found.get((mock.name, text), 0) + count
        return found

    def left(self, mock: Mock, text: str) -> None:
        """Count a client that left by itself."""
        self._left[mock, text] = self._left.get((mock, text), 0) + 1

    def note(self, name: str, text: str) -> None:
        """Count something that went wrong on a connection; a few different texts are kept."""
        note = (name, text)
        if note in self.notes or len(self.notes) < NOTES_LIMIT:
            self.notes[note] = self.notes.get(note, 0) + 1
