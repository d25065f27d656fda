"""How bytes travel between a client and its upstream.

Bytes are forwarded first and decoded second, so that a decode failure never hurts traffic. Only
where the destination stands in the request itself (absolute-form, a dependency's base URL) must a
head be read before it can be forwarded.
"""

from __future__ import annotations

import secrets
from collections import deque
from typing import TYPE_CHECKING

from ci_gate.codecs.base import Bytes, Close, Side, StartTLS
from ci_gate.codecs.http1.forward import Authority, Go, HeadRewriter, Refuse, Send, Step, Tunnel
from ci_gate.errors import CannotRun
from ci_gate.net.listen import connect
from ci_gate.net.tls import begins_tls
from ci_gate.recorder.ends import TELEMETRY_ANSWER, UNREACHABLE, Local, Observer, Upstream

if TYPE_CHECKING:
    from ci_gate.recorder.proxy import Client, Proxies, Target

CONNECT_TIMEOUT = 10.0
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
HTTP_ALPN = ("http/1.1",)
NOT_REACHED = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Tunnelled:
    """Forward first, decode second: the inbound proxy, CONNECT, and non-HTTP listeners.

    `target` None: known when the first bytes show whether this is TLS. `connected` is said to the
    client when the upstream is there (the answer to CONNECT).
    """

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
        self._connected = connected
        self._upstream: Upstream | Local | None = None
        self._observer: Observer | None = None
        self._waiting: list[bytes] = []
        self._over = False

    def start(self) -> None:
        """Connect to the upstream; the client is not read until that is there."""
        self._client.pause()
        self._proxies.start(self._client, self._connect())

    async def _connect(self) -> None:
        proxies = self._proxies
        if self._target is None and proxies.naming.is_telemetry("https", self._host, self._port):
            codec = proxies.naming.target("https", self._host, self._port).codec
            self._ready(Local(self._client, codec, TELEMETRY_ANSWER))
            return
        upstream = Upstream(self, proxies.recording, f"{self._host}:{self._port}")
        try:
            await connect(upstream, self._host, self._port, CONNECT_TIMEOUT)
        except CannotRun as error:
            proxies.recording.note(str(error))
            if self._target is None:
                self._client.send(NOT_REACHED)
            self.upstream_refused(str(error))
            return
        if self._over:
            upstream.leave()
            return
        upstream.paused_by, self._client.paused_by = self._client, upstream
        self._ready(upstream)

    def _ready(self, upstream: Upstream | Local) -> None:
        self._upstream = upstream
        target = self._target
        if target is not None:
            self._observer = Observer(
                self._proxies.recording, target.codec, target.dependency, _wishes(target)
            )
        if self._connected:
            self._client.send(self._connected)
        self._client.resume()
        waiting, self._waiting = self._waiting, []
        for data in waiting:
            self.heard(data)

    def heard(self, data: bytes) -> None:
        """Plaintext from the client."""
        upstream = self._upstream
        if upstream is None:
            self._waiting.append(data)
            return
        observer = self._observer
        if observer is None:
            if data and self._begin(data, upstream):
                return
        elif observer.handshaking:
            self._shake_hands(observer, Side.CLIENT, data)
            return
        if data:
            upstream.send(data)
        else:
            upstream.send_eof()
        if self._observer is not None:
            self._proxies.feed_later(self._observer, Side.CLIENT, data)

    def _begin(self, data: bytes, upstream: Upstream | Local) -> bool:
        """The first bytes of a CONNECT tunnel. True when they were TLS and have been taken."""
        proxies, client = self._proxies, self._client
        tls = begins_tls(data) and client.tls is None
        if tls:
            client.start_tls(proxies.certificates.server_context(self._host), server_side=True)
            context = proxies.upstream_tls(HTTP_ALPN, "")
            upstream.start_tls(context, server_side=False, hostname=self._host)
        target = proxies.naming.target("https" if tls else "http", self._host, self._port)
        if not target.telemetry and not target.hidden:
            self._observer = Observer(proxies.recording, target.codec, target.dependency)
        if tls:
            client.data_received(data)
        return tls

    def _shake_hands(self, observer: Observer, side: Side, data: bytes) -> None:
        """The conversation says what is passed on, and who speaks TLS from where on."""
        client, upstream = self._client, self._upstream
        assert upstream is not None
        assert self._target is not None
        alpn, tls = self._target.codec.alpn, self._target.tls
        for action in observer.feed(side, data):
            if isinstance(action, Bytes):
                (client if action.side is Side.CLIENT else upstream).send(action.data)
            elif isinstance(action, Close):
                client.close()
            elif isinstance(action, StartTLS) and action.side is Side.CLIENT:
                client.speak_tls(alpn, action.heard)
            elif isinstance(action, StartTLS):
                context = self._proxies.upstream_tls(alpn, tls.ca)
                upstream.start_tls(context, server_side=False, hostname=self._host)
        if not data and side is Side.CLIENT:
            upstream.send_eof()

    def upstream_refused(self, reason: str) -> None:
        """The client is told in its protocol."""
        if self._target is not None:
            self._client.send(self._target.codec.refusal(reason))
        self._client.close()

    def upstream_heard(self, data: bytes) -> None:
        """Plaintext from the upstream."""
        observer = self._observer
        if observer is not None and observer.handshaking:
            self._shake_hands(observer, Side.SERVER, data)
            if not data:
                self._client.close()
            return
        if data:
            self._client.send(data)
        if observer is not None:
            self._proxies.feed_later(observer, Side.SERVER, data)
        if not data:
            self._client.close()

    def finish(self) -> None:
        """The client is gone or the recording ends."""
        self._over = True
        if self._observer is not None:
            self._observer.finish()
        if self._upstream is not None:
            self._upstream.leave()


def _wishes(target: Target) -> dict[str, str]:
    """How a target's connections begin, as `Codec.converse` wants it."""
    wishes = {"nonce": secrets.token_urlsafe(18)}
    if target.tls.client:
        wishes["tls"] = "on"
    if target.tls.server:
        wishes["server_tls"] = "on"
    return wishes


class Gateway:
    """Heads are read before they are forwarded: the forward proxy and base-URL listeners."""

    def __init__(self, proxies: Proxies, client: Client, base: Authority | None) -> None:
        self._proxies = proxies
        self._client = client
        self._rewriter = HeadRewriter(base)
        self._steps: deque[Step] = deque()
        self._upstream: Upstream | Local | None = None
        self._observer: Observer | None = None
        self._connecting = False
        self._ended = False
        """The client has closed its side, and the upstream has not been told."""
        self._over = False

    def start(self) -> None:
        """Nothing is known before the first head."""

    def heard(self, data: bytes) -> None:
        """Plaintext from the client."""
        if data:
            self._steps.extend(self._rewriter.feed(data))
        else:
            self._ended = True
        self._pump()

    def _pump(self) -> None:
        steps = self._steps
        while steps and not self._connecting and not self._over:
            step = steps[0]
            if isinstance(step, Send):
                steps.popleft()
                self._forward(step.data)
            elif self._observer is not None and self._observer.outstanding > 0:
                self._client.pause()  # answers must leave in the order of the requests
                return
            else:
                steps.popleft()
                self._turn(step)
        if self._ended and not steps and self._upstream is not None:
            self._ended = False
            self._upstream.send_eof()
            if self._observer is not None:
                self._observer.feed(Side.CLIENT, b"")

    def _forward(self, data: bytes) -> None:
        upstream, observer = self._upstream, self._observer
        if isinstance(upstream, Local):  # it answers at once: the request must be known before
            if observer is not None:
                observer.feed(Side.CLIENT, data)
            upstream.send(data)
            return
        if upstream is not None:
            upstream.send(data)
        if observer is not None:
            observer.feed(Side.CLIENT, data)

    def _turn(self, step: Go | Tunnel | Refuse) -> None:
        self._leave()
        if isinstance(step, Go):
            self._connecting = True
            self._client.pause()
            self._proxies.start(self._client, self._connect(step))
        elif isinstance(step, Tunnel):
            self._tunnel(step)
        else:
            self._proxies.recording.note("a request to the proxy could not be parsed: answered 400")
            self._client.send(step.data)
            self._client.close()

    def _tunnel(self, step: Tunnel) -> None:
        tunnel = Tunnelled(
            self._proxies, self._client, step.host, step.port, None, connected=ESTABLISHED
        )
        self._over = True
        self._client.traffic = tunnel
        tunnel.start()
        if step.rest:
            tunnel.heard(step.rest)
        if self._ended:
            tunnel.heard(b"")

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
        target = proxies.naming.target(go.scheme, go.host, go.port)
        observer = Observer(
            proxies.recording, target.codec, None if target.hidden else target.dependency
        )
        if target.telemetry:
            self._ready(Local(self._client, target.codec, TELEMETRY_ANSWER), None)
            return
        upstream = Upstream(self, proxies.recording, f"{go.host}:{go.port}")
        try:
            await connect(upstream, go.host, go.port, CONNECT_TIMEOUT)
        except CannotRun as error:
            proxies.recording.note(str(error))
            local = Local(self._client, target.codec, UNREACHABLE)
            local.observer = observer
            self._ready(local, observer)
            return
        if self._over:
            upstream.leave()
            return
        upstream.paused_by, self._client.paused_by = self._client, upstream
        if go.scheme == "https":
            context = proxies.upstream_tls(HTTP_ALPN, "")
            upstream.start_tls(context, server_side=False, hostname=go.host)
        if self._client.full:
            upstream.pause()
        self._ready(upstream, observer)

    def _ready(self, upstream: Upstream | Local, observer: Observer | None) -> None:
        self._upstream, self._observer = upstream, observer
        self._connecting = False
        if not upstream.full:
            self._client.resume()
        self._pump()

    def upstream_heard(self, data: bytes) -> None:
        """Plaintext from the upstream."""
        observer = self._observer
        idle = observer is not None and not observer.outstanding
        if data:
            self._client.send(data)
        if observer is not None:
            observer.feed(Side.SERVER, data)
            if observer.upgraded:
                self._rewriter.switch()
        if data:
            self._pump()
        elif idle and self._steps:
            self._leave()  # it owes nothing, and what waits is for somebody else
            self._pump()
        else:
            self._client.close()

    def upstream_refused(self, reason: str) -> None:
        """The client sees its connection close."""

    def finish(self) -> None:
        """The client is gone or the recording ends."""
        self._over = True
        self._leave()
