"""One TCP connection as our protocols use it: callbacks, optional TLS from any byte, back-pressure."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from typing import cast

from ci_gate.net.tls import TlsLayer


class Connection(asyncio.Protocol):
    """Base of every connection of ours. Subclasses implement `heard` and `lost`.

    No task, future or stream per message: what arrives is handed on in the loop's callback. An
    exception from a subclass ends this connection (`failed`) and nothing else.
    """

    __slots__ = (
        "_chunks",
        "_ended",
        "_full",
        "_pumping",
        "_streamed",
        "paused_by",
        "tls",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.tls: TlsLayer | None = None
        self.paused_by: Connection | None = None
        """The connection that must stop reading while we cannot send on."""
        self._ended = False
        self._full = False
        self._pumping = False
        self._chunks: Iterator[bytes] | None = None
        self._streamed: Callable[[], None] | None = None

    def heard(self, data: bytes) -> None:
        """Plaintext arrived; b"" = the peer closed its side."""
        raise NotImplementedError

    def lost(self) -> None:
        """The connection is gone."""

    def tls_failed(self, reason: str) -> None:
        """The TLS handshake or a record failed; the connection closes."""

    def failed(self, error: Exception) -> None:
        """Handling what arrived has raised `error`; the connection closes."""
        context = {"message": "handling a connection failed", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)

    @property
    def full(self) -> bool:
        """True while what is sent only piles up here: the peer does not take it, or our TLS
        handshake with it is not over."""
        tls = self.tls
        return self._full or (tls is not None and not (tls.established or tls.closed))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop's callback."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """The loop's callback."""
        try:
            if self.tls is None:
                self.heard(data)
            else:
                self._decrypt(self.tls, data)
        except Exception as error:
            self._break(error)

    def _decrypt(self, tls: TlsLayer, data: bytes) -> None:
        waiting = not tls.established
        plain = tls.receive(data)
        outgoing = tls.outgoing()
        if outgoing:
            self.transport.write(outgoing)
        if waiting and tls.established and self.paused_by is not None and not self._full:
            self.paused_by.resume()
        if plain:
            self.heard(plain)
        if tls.closed:
            if tls.failure and not self._ended:
                self.tls_failed(tls.failure)
            self._end()
            if tls.failure:
                self.transport.close()

    def eof_received(self) -> bool:
        """The loop's callback: keep our side open until we have said everything."""
        self._gone_in_handshake()
        self._end()
        return self.tls is None

    def connection_lost(self, exc: Exception | None) -> None:
        """The loop's callback; `exc` None: we closed it, or the peer's end was told before."""
        if exc is not None:
            self._gone_in_handshake()
        self._chunks = self._streamed = None
        self._end()
        if self.paused_by is not None:
            self.paused_by.resume()
        try:
            self.lost()
        except Exception as error:
            self._break(error)

    def _gone_in_handshake(self) -> None:
        """Some say that they do not trust a certificate by going away."""
        tls = self.tls
        if tls is not None and not (tls.established or tls.closed or self._ended):
            self.tls_failed("the connection was closed during the handshake")

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        try:
            self.heard(b"")
        except Exception as error:
            self._break(error)

    def _break(self, error: Exception) -> None:
        self.failed(error)
        self._ended = True
        self.transport.abort()

    def send(self, data: bytes) -> None:
        """Send plaintext, through TLS when it is on."""
        tls = self.tls
        if tls is None:
            self.transport.write(data)
            return
        tls.send(data)
        outgoing = tls.outgoing()
        if outgoing:
            self.transport.write(outgoing)

    def start_tls(
        self, context: ssl.SSLContext, *, server_side: bool, hostname: str | None = None
    ) -> None:
        """Speak TLS from the next byte on. As the client, whoever sends through us
        (`paused_by`) reads nothing until the handshake is over.

        Raises ValueError for a hostname that cannot be one.
        """
        self.tls = TlsLayer(context, server_side=server_side, hostname=hostname)
        outgoing = self.tls.outgoing()
        if outgoing:
            self.transport.write(outgoing)
        if not server_side and self.paused_by is not None:
            self.paused_by.pause()

    def send_eof(self) -> None:
        """No more from us; the peer may still speak."""
        transport = self.transport
        if transport.is_closing():
            return
        tls = self.tls
        if tls is None:
            if transport.can_write_eof():
                transport.write_eof()
        elif tls.established:
            self._say_goodbye(tls)
        else:
            transport.close()

    def _say_goodbye(self, tls: TlsLayer) -> None:
        tls.close()
        outgoing = tls.outgoing()
        if outgoing:
            self.transport.write(outgoing)

    def close(self) -> None:
        """Close once everything was sent."""
        if self.transport.is_closing():
            return
        if self.tls is not None:
            self._say_goodbye(self.tls)
        self.transport.close()

    def abort(self) -> None:
        """Close now; what was not sent is dropped."""
        self.transport.abort()

    def pause(self) -> None:
        """Stop reading."""
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def stream(self, chunks: Iterator[bytes], done: Callable[[], None]) -> None:
        """Send `chunks` as fast as the peer takes them, then call `done`, which may begin the next
        stream; one stream at a time."""
        self._chunks, self._streamed = chunks, done
        if not self._pumping:
            self._pump()

    def _pump(self) -> None:
        self._pumping = True
        try:
            while self._chunks is not None and not self._full and not self.transport.is_closing():
                chunk = next(self._chunks, None)
                if chunk is not None:
                    self.send(chunk)
                    continue
                done, self._chunks, self._streamed = self._streamed, None, None
                if done is not None:
                    done()
        except Exception as error:
            self._break(error)
        finally:
            self._pumping = False

    def pause_writing(self) -> None:
        """The loop's callback: our send buffer is full."""
        self._full = True
        if self.paused_by is not None:
            self.paused_by.pause()

    def resume_writing(self) -> None:
        """The loop's callback: our send buffer has room again."""
        self._full = False
        if self._chunks is not None and not self._pumping:
            self._pump()
        if self.paused_by is not None and not self.full:
            self.paused_by.resume()
