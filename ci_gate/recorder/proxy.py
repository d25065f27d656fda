"""The recording proxies: inbound in front of the service, outbound between it and the world."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from typing import Protocol

import msgspec

from ci_gate.codecs.base import Codec, Side
from ci_gate.codecs.http1.authority import Authority
from ci_gate.net.connection import Connection
from ci_gate.recorder.ends import Observer, Traffic, stumbled
from ci_gate.recorder.exchanges import Recording
from ci_gate.recorder.traffic import Gateway, Tunnelled

LOOPBACK = "127.0.0.1"
"""As what our listeners are called by clients that name no host."""


class Tls(msgspec.Struct, frozen=True):
    """Who speaks TLS with us: the service that calls a dependency, its server."""

    client: bool = False
    server: bool = False
    ca: str = ""
    """File of the certificates that the server is trusted by; "" = the system's."""


class Target(msgspec.Struct, frozen=True):
    """What traffic to one address is called in the snapshot."""

    dependency: str
    """"" = the service itself (inbound)."""
    codec: Codec
    telemetry: bool = False
    """Answered with an empty success and left out."""
    hidden: bool = False
    """One of our own listeners: passed through, and recorded there."""
    tls: Tls = Tls()
    """Of a protocol other than HTTP, where a URL's scheme says it."""


class Naming(Protocol):
    """What the proxies need of `recorder.dependencies.Dependencies`."""

    def target(self, scheme: str, host: str, port: int) -> Target:
        """What is at an address; it is a dependency from now on."""
        ...

    def is_telemetry(self, scheme: str, host: str, port: int) -> bool:
        """Whether calls to an address are answered here."""
        ...


class Certificates(Protocol):
    """What the proxies need of `net.certificates.Authority`."""

    def server_context(self, host: str) -> ssl.SSLContext:
        """TLS as `host`, towards the service."""
        ...

    def listener_context(self, host: str, alpn: tuple[str, ...]) -> ssl.SSLContext:
        """TLS as the host that a client names, or as `host`."""
        ...


class Proxies:
    """What the connections of one recording share. `naming` names what is at an address."""

    def __init__(
        self,
        recording: Recording,
        certificates: Certificates,
        upstream_tls: Callable[[tuple[str, ...], str], ssl.SSLContext],
        naming: Naming,
    ) -> None:
        self.recording = recording
        self.certificates = certificates
        self.upstream_tls = upstream_tls
        """The context towards real hosts, which are verified: for protocols (ALPN), by the roots
        of a file ("" = the system's)."""
        self.naming = naming
        self.clients: set[Client] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener_tls: dict[tuple[str, ...], ssl.SSLContext] = {}

    def listener_tls(self, alpn: tuple[str, ...]) -> ssl.SSLContext:
        """The context of our listeners for one protocol."""
        context = self._listener_tls.get(alpn)
        if context is None:
            context = self.certificates.listener_context(LOOPBACK, alpn)
            self._listener_tls[alpn] = context
        return context

    def feed_later(self, observer: Observer, side: Side, data: bytes) -> None:
        """Have what was just forwarded heard when it is sent."""
        if observer.feed_later(side, data):
            asyncio.get_running_loop().call_soon(self.recording.backlog.empty)

    def start(self, client: Client, work: Coroutine[None, None, None]) -> None:
        """Run a connect in the background, held until it is done; if it fails, so does `client`."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._started(client, done))

    def _started(self, client: Client, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            client.failed(error)
            client.abort()

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
        return lambda: Client(self, lambda client: Tunnelled(self, client, host, port, target))

    def forward(self) -> Callable[[], Connection]:
        """A factory for the forward proxy's listener (absolute-form and CONNECT)."""
        return lambda: Client(self, lambda client: Gateway(self, client, None))

    def gateway(self, scheme: str, host: str, port: int) -> Callable[[], Connection]:
        """A factory for a listener that stands for one HTTP dependency (its base URL)."""
        base = Authority(scheme, host, port)
        return lambda: Client(self, lambda client: Gateway(self, client, base))


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

    def speak_tls(self, alpn: tuple[str, ...], heard: bytes) -> None:
        """From here on the client speaks TLS with us, of which `heard` was heard already."""
        self.start_tls(self._proxies.listener_tls(alpn), server_side=True)
        if heard:
            self.data_received(heard)

    def failed(self, error: Exception) -> None:
        """A bug of ours, or input that we are not up to, costs one connection."""
        self._proxies.recording.note(stumbled("a client", error))

    def lost(self) -> None:
        """The client is gone."""
        self._proxies.clients.discard(self)
        self.traffic.finish()
