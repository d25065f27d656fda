"""The recording proxies: inbound in front of the service, outbound between it and the world.

Bytes are forwarded first and decoded second, so that a decode failure never hurts traffic. Only
where the destination stands in the request itself (absolute-form, a dependency's base URL) must a
head be read before it can be forwarded.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Protocol

import msgspec

from ci_gate.codecs.base import Bytes, Codec, Role, Side, Whole
from ci_gate.codecs.http1.forward import Authority, Go, HeadRewriter, Refuse, Send, Step, Tunnel
from ci_gate.errors import CannotRun
from ci_gate.model.message import HttpResponse
from ci_gate.net.connection import Connection
from ci_gate.net.listen import connect
from ci_gate.net.tls import begins_tls
from ci_gate.recorder.exchanges import Recording, Tap

CONNECT_TIMEOUT = 10.0
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
TELEMETRY_ANSWER = HttpResponse(200, b"OK", ((b"Content-Type", b"application/json"),), b"{}")


class Target(msgspec.Struct, frozen=True):
    """What traffic to one address is called in the snapshot."""

    dependency: str
    """"" = the service itself (inbound)."""
    codec: Codec
    telemetry: bool = False
    """Answered with an empty success and left out."""
    hidden: bool = False
    """One of our own listeners: passed through, and recorded there."""


class Certificates(Protocol):
    """What the proxies need of `net.certificates.Authority`."""

    def server_context(self, host: str) -> ssl.SSLContext:
        """TLS as `host`, towards the service."""
        ...


class Proxies:
    """What the connections of one recording share.

    `target(scheme, host, port)` names what is at an address, the first time it is seen too.
    """

    def __init__(
        self,
        recording: Recording,
        certificates: Certificates,
        upstream_tls: Callable[[], ssl.SSLContext],
        target: Callable[[str, str, int], Target],
    ) -> None:
        self.recording = recording
        self.certificates = certificates
        self.upstream_tls = upstream_tls
        """The context towards real hosts, which are verified."""
        self.target = target
        self.clients: set[Client] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Run a connect in the background, held until it is done."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Close every connection; what is still open becomes exchanges or is counted."""
        for task in list(self._tasks):
            task.cancel()
        for client in list(self.clients):
            client.traffic.finish()
            client.abort()
        await asyncio.sleep(0)

    def inbound(self, host: str, port: int, target: Target) -> Callable[[], Connection]:
        """A factory for a listener that forwards everything to one address first."""
        return lambda: Client(self, lambda client: _Tunnel(self, client, host, port, target))

    def forward(self) -> Callable[[], Connection]:
        """A factory for the forward proxy's listener (absolute-form and CONNECT)."""
        return lambda: Client(self, lambda client: _Gateway(self, client, None))

    def gateway(self, scheme: str, host: str, port: int) -> Callable[[], Connection]:
        """A factory for a listener that stands for one HTTP dependency (its base URL)."""
        base = Authority(scheme, host, port)
        return lambda: Client(self, lambda client: _Gateway(self, client, base))


class Traffic(Protocol):
    """How a client connection's bytes travel."""

    def start(self) -> None:
        """The client connected."""
        ...

    def heard(self, data: bytes) -> None:
        """Plaintext from the client; b"" = it closed its side."""
        ...

    def upstream_heard(self, data: bytes) -> None:
        """Plaintext from the upstream; b"" = it closed its side."""
        ...

    def finish(self) -> None:
        """The connection is gone or the recording ends."""
        ...


class Client(Connection):
    """A connection that was made to one of our listeners."""

    __slots__ = ("_proxies", "traffic")

    def __init__(self, proxies: Proxies, traffic: Callable[[Client], Traffic]) -> None:
        super().__init__()
        self._proxies = proxies
        self.traffic = traffic(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop's callback."""
        super().connection_made(transport)
        self._proxies.clients.add(self)
        self.traffic.start()

    def heard(self, data: bytes) -> None:
        """Plaintext from the client."""
        self.traffic.heard(data)

    def tls_failed(self, reason: str) -> None:
        """Most often the client does not trust our certificate."""
        self._proxies.recording.note(f"TLS with the service failed ({reason}): see docs/clients.md")

    def lost(self) -> None:
        """The client is gone."""
        self._proxies.clients.discard(self)
        self.traffic.finish()


class _Upstream(Connection):
    """Our connection to where the traffic goes."""

    __slots__ = ("_recording", "_traffic", "name")

    def __init__(self, traffic: Traffic, recording: Recording, name: str) -> None:
        super().__init__()
        self._traffic: Traffic | None = traffic
        self._recording = recording
        self.name = name

    def heard(self, data: bytes) -> None:
        """Plaintext from the upstream."""
        if self._traffic is not None:
            self._traffic.upstream_heard(data)

    def leave(self) -> None:
        """Close it; what it still says concerns nobody."""
        self._traffic = None
        self.paused_by = None
        self.close()

    def tls_failed(self, reason: str) -> None:
        """Most often we do not trust its certificate."""
        self._recording.note(
            f"TLS with {self.name} failed ({reason}): if its certificate is private, "
            "name its CA in SSL_CERT_FILE"
        )


class _Local:
    """Stands where an upstream would, and answers telemetry with an empty success."""

    def __init__(self, client: Client, codec: Codec) -> None:
        self._client = client
        self._conversation = codec.converse(Role.MOCK)

    def send(self, data: bytes) -> None:
        for action in self._conversation.feed(Side.CLIENT, data, 0):
            self._do(action)

    def _do(self, action: object) -> None:
        if isinstance(action, Whole):
            for said in self._conversation.say(Side.SERVER, TELEMETRY_ANSWER):
                self._do(said)
        elif isinstance(action, Bytes):
            self._client.send(action.data)

    def start_tls(
        self, context: ssl.SSLContext, *, server_side: bool, hostname: str | None = None
    ) -> None:
        """Nothing to encrypt: there is no network behind us."""

    def send_eof(self) -> None:
        self._client.close()

    def leave(self) -> None:
        """Nothing to close."""


class _Observer:
    """The conversation of one connection and the tap that makes exchanges of it."""

    def __init__(self, recording: Recording, target: Target) -> None:
        self._conversation = target.codec.converse(Role.RECORD)
        self.tap = Tap(recording, target.codec, target.dependency)

    def feed(self, side: Side, data: bytes) -> None:
        actions = self._conversation.feed(side, data, time.monotonic_ns())
        if actions:
            self.tap.heard(actions)

    def finish(self) -> None:
        self.tap.finish(time.monotonic_ns())


class _Tunnel:
    """Forward first, decode second: the inbound proxy, CONNECT, and non-HTTP listeners."""

    def __init__(
        self,
        proxies: Proxies,
        client: Client,
        host: str,
        port: int,
        target: Target | None,
        *,
        connected: bytes = b"",
    ) -> None:
        self._proxies = proxies
        self._client = client
        self._host = host
        self._port = port
        self._target = target
        """None: known when the first bytes show whether this is TLS."""
        self._connected = connected
        """Said to the client when the upstream is there (the answer to CONNECT)."""
        self._upstream: _Upstream | _Local | None = None
        self._observer: _Observer | None = None
        self._waiting: list[bytes] = []

    def start(self) -> None:
        self._client.pause()
        self._proxies.start(self._connect())

    async def _connect(self) -> None:
        recording = self._proxies.recording
        if self._target is None and self._telemetry():
            local = _Local(
                self._client, self._proxies.target("https", self._host, self._port).codec
            )
            self._ready(local)
            return
        upstream = _Upstream(self, recording, f"{self._host}:{self._port}")
        try:
            await connect(upstream, self._host, self._port, CONNECT_TIMEOUT)
        except CannotRun as error:
            recording.note(str(error))
            if self._connected:
                self._client.send(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            self._client.close()
            return
        upstream.paused_by, self._client.paused_by = self._client, upstream
        self._ready(upstream)

    def _telemetry(self) -> bool:
        return self._proxies.target("https", self._host, self._port).telemetry

    def _ready(self, upstream: _Upstream | _Local) -> None:
        self._upstream = upstream
        if self._target is not None:
            self._observer = _Observer(self._proxies.recording, self._target)
        if self._connected:
            self._client.send(self._connected)
        self._client.resume()
        waiting, self._waiting = self._waiting, []
        for data in waiting:
            self.heard(data)

    def heard(self, data: bytes) -> None:
        upstream = self._upstream
        if upstream is None:
            self._waiting.append(data)
            return
        if self._observer is None and data and self._begin(data, upstream):
            return
        if data:
            upstream.send(data)
        else:
            upstream.send_eof()
        if self._observer is not None:
            self._observer.feed(Side.CLIENT, data)

    def _begin(self, data: bytes, upstream: _Upstream | _Local) -> bool:
        """The first bytes of a CONNECT tunnel. True when they were TLS and have been taken."""
        tls = begins_tls(data) and self._client.tls is None
        if tls:
            certificates = self._proxies.certificates
            self._client.start_tls(certificates.server_context(self._host), server_side=True)
            upstream.start_tls(self._proxies.upstream_tls(), server_side=False, hostname=self._host)
        target = self._proxies.target("https" if tls else "http", self._host, self._port)
        if not target.telemetry and not target.hidden:
            self._observer = _Observer(self._proxies.recording, target)
        if tls:
            self._client.data_received(data)
        return tls

    def upstream_heard(self, data: bytes) -> None:
        if data:
            self._client.send(data)
        if self._observer is not None:
            self._observer.feed(Side.SERVER, data)
        if not data:
            self._client.close()

    def finish(self) -> None:
        if self._observer is not None:
            self._observer.finish()
        if self._upstream is not None:
            self._upstream.leave()


class _Gateway:
    """Heads are read before they are forwarded: the forward proxy and base-URL listeners."""

    def __init__(self, proxies: Proxies, client: Client, base: Authority | None) -> None:
        self._proxies = proxies
        self._client = client
        self._rewriter = HeadRewriter(base)
        self._steps: deque[Step] = deque()
        self._upstream: _Upstream | _Local | None = None
        self._observer: _Observer | None = None
        self._connecting = False
        self._ended = False

    def start(self) -> None:
        """Nothing is known before the first head."""

    def heard(self, data: bytes) -> None:
        if data:
            self._steps.extend(self._rewriter.feed(data))
        else:
            self._ended = True
        self._pump()

    def _pump(self) -> None:
        steps = self._steps
        while steps and not self._connecting:
            step = steps[0]
            if isinstance(step, Send):
                steps.popleft()
                self._forward(step.data)
            elif self._observer is not None and self._observer.tap.outstanding:
                return  # answers must leave in the order of the requests
            else:
                steps.popleft()
                self._turn(step)
        if self._ended and not steps and self._upstream is not None:
            self._upstream.send_eof()

    def _forward(self, data: bytes) -> None:
        if self._upstream is not None:
            self._upstream.send(data)
        if self._observer is not None:
            self._observer.feed(Side.CLIENT, data)

    def _turn(self, step: Go | Tunnel | Refuse) -> None:
        self._leave()
        if isinstance(step, Go):
            self._connecting = True
            self._client.pause()
            self._proxies.start(self._connect(step))
        elif isinstance(step, Tunnel):
            tunnel = _Tunnel(
                self._proxies, self._client, step.host, step.port, None, connected=ESTABLISHED
            )
            self._client.traffic = tunnel
            tunnel.start()
            if step.rest:
                tunnel.heard(step.rest)
        else:
            self._proxies.recording.note("a request to the proxy could not be parsed: answered 400")
            self._client.send(step.data)
            self._client.close()

    def _leave(self) -> None:
        """Done with the present upstream."""
        if self._observer is not None:
            self._observer.finish()
            self._observer = None
        if self._upstream is not None:
            upstream, self._upstream = self._upstream, None
            self._client.paused_by = None
            upstream.leave()

    async def _connect(self, go: Go) -> None:
        proxies = self._proxies
        target = proxies.target(go.scheme, go.host, go.port)
        if target.telemetry:
            self._ready(_Local(self._client, target.codec), None)
            return
        upstream = _Upstream(self, proxies.recording, f"{go.host}:{go.port}")
        try:
            await connect(upstream, go.host, go.port, CONNECT_TIMEOUT)
        except CannotRun as error:
            proxies.recording.note(str(error))
            self._client.send(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            self._client.close()
            return
        upstream.paused_by, self._client.paused_by = self._client, upstream
        if go.scheme == "https":
            context = proxies.upstream_tls()
            upstream.start_tls(context, server_side=False, hostname=go.host)
        self._ready(upstream, None if target.hidden else _Observer(proxies.recording, target))

    def _ready(self, upstream: _Upstream | _Local, observer: _Observer | None) -> None:
        self._upstream, self._observer = upstream, observer
        self._connecting = False
        self._client.resume()
        self._pump()

    def upstream_heard(self, data: bytes) -> None:
        if data:
            self._client.send(data)
        if self._observer is not None:
            self._observer.feed(Side.SERVER, data)
        if data:
            self._pump()
        else:
            self._client.close()

    def finish(self) -> None:
        self._leave()
