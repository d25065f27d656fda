"""The mock server: plays every dependency of a snapshot, and fails closed.

A call that nothing was recorded for gets its protocol's own error and is never forwarded. Hosts
that are not in the snapshot are refused.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec

from ci_gate.codecs.base import Action, Begun, Bytes, Close, Codec, Ended, More, Role, Side, Whole
from ci_gate.correlation.correlation import Correlation
from ci_gate.correlation.trace import trace_ids
from ci_gate.mocks.matcher import MISS, WINDOW, Entry, Match, Matcher
from ci_gate.model.message import HttpRequest, HttpResponse, Message, Pieces, Raw, Stored
from ci_gate.net.connection import Connection
from ci_gate.net.tls import begins_tls

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
TELEMETRY_ANSWER = HttpResponse(200, b"OK", ((b"Content-Type", b"application/json"),), b"{}")
LOG_LIMIT = 100_000
"""Calls that are kept to be compared; a service that makes more is in a loop."""


class Certificates(Protocol):
    """What the mocks need of `net.certificates.Authority`."""

    def server_context(self, host: str) -> ssl.SSLContext:
        """TLS as `host`, towards the service."""
        ...


class Answer(msgspec.Struct, frozen=True):
    """A recorded answer, ready to be said."""

    message: Message
    prepared: bytes | None
    took: float
    """Milliseconds it took when it was recorded."""


class LiveCall(msgspec.Struct, frozen=True, gc=False):
    """A call that reached a mock."""

    dependency: str
    """Name, or "host:port" of a host that is not in the snapshot."""
    request: Message | None
    """None: a host refused at CONNECT."""
    entry: Entry | None
    tier: int
    groups: tuple[str, ...]
    at: int
    new_host: bool = False


class Mock:
    """One dependency, played."""

    def __init__(
        self, name: str, codec: Codec, matcher: Matcher, *, telemetry: bool = False
    ) -> None:
        self.name = name
        self.codec = codec
        self.matcher = matcher
        self.telemetry = telemetry
        """Answered with an empty success, never matched or logged."""
        self.shared: dict[str, object] = {}
        self.answered = 0
        self.missed = 0


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
        self.calls: list[LiveCall] = []
        self.overflow = 0
        """Calls that were answered but not kept (`LOG_LIMIT`)."""
        self.connections: set[MockConnection] = set()

    def proxy(self) -> Callable[[], Connection]:
        """A factory for the forward proxy's listener."""
        return lambda: MockConnection(self, None)

    def dependency(self, mock: Mock) -> Callable[[], Connection]:
        """A factory for the listener that stands for one dependency."""
        return lambda: MockConnection(self, mock)

    def stop(self) -> None:
        """Close every connection."""
        for connection in list(self.connections):
            connection.abort()

    def log(self, call: LiveCall) -> None:
        """Keep a call to be compared."""
        if len(self.calls) < LOG_LIMIT:
            self.calls.append(call)
        else:
            self.overflow += 1


class _Upload:
    """A large request body: hashed as it comes, not kept."""

    __slots__ = ("hash", "message", "size", "started")

    def __init__(self, begun: Begun) -> None:
        self.message = begun.message
        self.started = begun.started
        self.hash = hashlib.sha256()
        self.size = 0

    def add(self, data: bytes) -> None:
        """Take a part."""
        self.hash.update(data)
        self.size += len(data)

    def whole(self) -> Message:
        """The request, its body as hash and size."""
        assert isinstance(self.message, HttpRequest)
        return msgspec.structs.replace(self.message, body=Stored(self.hash.hexdigest(), self.size))


class MockConnection(Connection):
    """A connection of the service to a mock, or to the proxy before a host is known."""

    __slots__ = (
        "_busy",
        "_conversation",
        "_mock",
        "_queue",
        "_server",
        "_tunnel",
        "_upload",
        "_waiting",
    )

    def __init__(self, server: MockServer, mock: Mock | None) -> None:
        super().__init__()
        self._server = server
        self._mock = mock
        self._tunnel: tuple[str, int] | None = None
        """Host and port of a CONNECT whose first bytes have not come yet."""
        self._upload: _Upload | None = None
        self._waiting: asyncio.TimerHandle | None = None
        self._busy = False
        """An answer is being waited for or streamed; the next ones queue."""
        self._queue: deque[Answer] = deque()
        codec = server.http if mock is None else mock.codec
        self._conversation = codec.converse(Role.MOCK)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop's callback."""
        super().connection_made(transport)
        self._server.connections.add(self)
        if self._mock is not None and self._mock.codec.name == "raw":
            self._refuse_raw(self._mock)

    def _refuse_raw(self, mock: Mock) -> None:
        """Bytes that nobody understands cannot be answered: fail closed, and say so."""
        at = time.monotonic_ns()
        mock.missed += 1
        groups = self._server.correlation.groups(at)
        self._server.log(LiveCall(mock.name, Raw(), None, MISS, groups, at))
        self.close()

    def lost(self) -> None:
        """The service closed it."""
        self._server.connections.discard(self)
        if self._waiting is not None:
            self._waiting.cancel()

    def heard(self, data: bytes) -> None:
        """Plaintext from the service."""
        if self._tunnel is not None and data:
            host, port = self._tunnel
            self._tunnel = None
            if self._open_tunnel(host, port, data):
                return
        actions = self._conversation.feed(Side.CLIENT, data, time.monotonic_ns())
        for action in actions:
            if type(action) is Whole:
                self._ask(action.message, action.started)
            else:
                self._do(action)
        if not data:
            self.close()

    def _do(self, action: Action) -> None:
        if isinstance(action, Bytes):
            self.send(action.data)
        elif isinstance(action, Close):
            self.close()
        elif isinstance(action, Begun):
            self._upload = _Upload(action)
        elif isinstance(action, More) and self._upload is not None:
            self._upload.add(action.data)
        elif isinstance(action, Ended) and self._upload is not None:
            upload, self._upload = self._upload, None
            if action.complete:
                self._ask(upload.whole(), upload.started)

    def _ask(self, request: Message, at: int) -> None:
        mock = self._mock
        if mock is None:
            self._ask_proxy(request, at)
        else:
            self._answer(mock, request, at)

    def _answer(self, mock: Mock, request: Message, at: int) -> None:
        if mock.telemetry:
            self._say(TELEMETRY_ANSWER, None)
            return
        server = self._server
        codec = mock.codec
        full = codec.full(request)
        if server.alone:
            match = mock.matcher.match(request, full, lambda: codec.key(request).coarse, ())
        else:
            traces = (
                trace_ids(request.headers)
                if isinstance(request, HttpRequest)
                else frozenset[bytes]()
            )
            groups = server.correlation.groups(at, traces)
            match = mock.matcher.match(request, full, lambda: codec.key(request).coarse, groups)
            self._seen(match)
        entry = match.entry
        if entry is None:
            mock.missed += 1
            server.log(LiveCall(mock.name, request, None, MISS, match.groups, at))
            missed = mock.codec.miss(request, "nothing was recorded for this call")
            self._queue.append(Answer(missed, None, 0.0))
            if not self._busy:
                self._next()
            return
        mock.answered += 1
        if not server.alone:
            server.log(LiveCall(mock.name, request, entry, match.tier, match.groups, at))
        answer = entry.prepared
        assert isinstance(answer, Answer)
        if self._busy or server.recorded_latency or answer.prepared is None:
            self._queue.append(answer)
            if not self._busy:
                self._next()
        else:
            self._say(answer.message, answer.prepared)

    def _seen(self, match: Match) -> None:
        if match.tier == WINDOW and match.entry is not None:
            for group in match.entry.groups:
                self._server.correlation.seen(group)

    def _next(self) -> None:
        """Begin the oldest answer that waits; they leave in the order of the requests."""
        self._busy = bool(self._queue)
        if not self._busy:
            return
        answer = self._queue.popleft()
        if self._server.recorded_latency:
            loop = asyncio.get_running_loop()
            self._waiting = loop.call_later(answer.took / 1000, self._speak, answer)
        else:
            self._speak(answer)

    def _speak(self, answer: Answer) -> None:
        self._waiting = None
        message = answer.message
        self._say(message, answer.prepared)
        body = message.body
        if isinstance(body, Stored):
            self.stream(self._framed(self._server.chunks(body), message), self._next)
        elif isinstance(body, Pieces):
            pieces = (piece.data for piece in body.items)
            self.stream(self._framed(pieces, message), self._next)
        else:
            self._next()

    def _framed(self, chunks: Iterator[bytes], message: Message) -> Iterator[bytes]:
        for chunk in chunks:
            yield from _sent(self._conversation.say_more(Side.SERVER, chunk))
        trailers = message.trailers if isinstance(message, HttpResponse) else ()
        actions = self._conversation.say_end(Side.SERVER, trailers)
        yield from _sent(actions)
        if any(isinstance(action, Close) for action in actions):
            self.close()

    def _say(self, message: Message, prepared: bytes | None) -> None:
        for action in self._conversation.say(Side.SERVER, message, prepared):
            self._do(action)

    # The forward proxy: a host comes with every request (absolute-form) or once (CONNECT).

    def _ask_proxy(self, request: Message, at: int) -> None:
        assert isinstance(request, HttpRequest)
        if request.method == "CONNECT":
            host, port = _host_port(request.target.decode("latin-1"), 443)
            if self._server.find("https", host, port) or self._server.find("http", host, port):
                self._tunnel = (host, port)
                self.send(ESTABLISHED)
                self._conversation = self._server.http.converse(Role.MOCK)
            else:
                self._refuse(host, port, None, at)
            return
        host, port = _host_port(_host_of(request), 80)
        if not host:
            self._say(_refusal("this is a proxy: send it absolute-form requests or CONNECT"), None)
            return
        mock = self._server.find("http", host, port)
        if mock is None:
            self._refuse(host, port, request, at)
        else:
            self._answer(mock, request, at)

    def _open_tunnel(self, host: str, port: int, data: bytes) -> bool:
        """The first bytes in a CONNECT tunnel. True when they were TLS and have been taken."""
        tls = begins_tls(data)
        self._mock = self._server.find("https" if tls else "http", host, port)
        if self._mock is None:
            self._server.log(
                LiveCall(_named(host, port), None, None, MISS, (), time.monotonic_ns(), True)
            )
            self.close()
            return True
        self._conversation = self._mock.codec.converse(Role.MOCK)
        if tls:
            self.start_tls(self._server.certificates.server_context(host), server_side=True)
            self.data_received(data)
        return tls

    def _refuse(self, host: str, port: int, request: HttpRequest | None, at: int) -> None:
        server = self._server
        traces = trace_ids(request.headers) if request is not None else frozenset[bytes]()
        groups = server.correlation.groups(at, traces)
        server.log(LiveCall(_named(host, port), request, None, MISS, groups, at, True))
        self._say(_refusal(f"{_named(host, port)} is not in the snapshot"), None)


def _host_of(request: HttpRequest) -> str:
    """The authority of an absolute-form target, which the conversation has put into Host (RFC 9112
    section 3.2.2)."""
    for name, value in request.headers:
        if name.lower() == b"host":
            return value.decode("latin-1")
    return ""


def _sent(actions: Sequence[Action]) -> Iterator[bytes]:
    return (action.data for action in actions if isinstance(action, Bytes))


def _named(host: str, port: int) -> str:
    return host if port in (80, 443) else f"{host}:{port}"


def _host_port(authority: str, default: int) -> tuple[str, int]:
    authority = authority.rpartition("@")[2]
    host, colon, port = authority.rpartition(":")
    if colon and port.isdigit() and not host.endswith(":") and len(port) <= 5:
        return host.strip("[]").lower(), int(port)
    return authority.strip("[]").lower(), default


def _refusal(reason: str) -> HttpResponse:
    body = json.dumps({"error": "ci-gate refused this call", "reason": reason}).encode()
    headers = ((b"Content-Type", b"application/json"), (b"Connection", b"close"))
    return HttpResponse(501, b"Not Implemented", headers, body)
