"""One TCP connection as our protocols use it: callbacks, optional TLS from any byte, back-pressure."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from typing import cast

from ci_gate.net.tls import TlsLayer


class Connection(asyncio.Protocol):
    """Base of every connection of ours. Subclasses implement `heard` and `lost`.

    No task, future or stream per message: what arrives is handed on in the loop's callback.
    """

    __slots__ = ("_chunks", "_ended", "_full", "_streamed", "paused_by", "tls", "transport")

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.tls: TlsLayer | None = None
        self.paused_by: Connection | None = None
        """The connection that must stop reading while our send buffer is full."""
        self._ended = False
        self._full = False
        self._chunks: Iterator[bytes] | None = None
        self._streamed: Callable[[], None] | None = None

    def heard(self, data: bytes) -> None:
        """Plaintext arrived; b"" = the peer closed its side."""
        raise NotImplementedError

    def lost(self) -> None:
        """The connection is gone."""

    def tls_failed(self, reason: str) -> None:
        """The TLS handshake or a record failed; the connection closes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop's callback."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """The loop's callback."""
        tls = self.tls
        if tls is None:
            self.heard(data)
            return
        plain = tls.receive(data)
        outgoing = tls.outgoing()
        if outgoing:
            self.transport.write(outgoing)
        if plain:
            self.heard(plain)
        if tls.closed:
            if tls.failure:
                self.tls_failed(tls.failure)
            self._end()

    def eof_received(self) -> bool:
        """The loop's callback: keep our side open until we have said everything."""
        self._end()
        return self.tls is None

    def connection_lost(self, exc: Exception | None) -> None:
        """The loop's callback; why it was lost changes nothing for us."""
        del exc
        self._end()
        if self.paused_by is not None:
            self.paused_by.resume()
        self.lost()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self.heard(b"")

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
        """Speak TLS from the next byte on."""
        self.tls = TlsLayer(context, server_side=server_side, hostname=hostname)
        outgoing = self.tls.outgoing()
        if outgoing:
            self.transport.write(outgoing)

    def send_eof(self) -> None:
        """No more from us; the peer may still speak."""
        transport = self.transport
        if transport.is_closing():
            return
        if self.tls is not None:
            self.close()
        elif transport.can_write_eof():
            transport.write_eof()

    def close(self) -> None:
        """Close once everything was sent."""
        if self.transport.is_closing():
            return
        if self.tls is not None:
            self.tls.close()
            outgoing = self.tls.outgoing()
            if outgoing:
                self.transport.write(outgoing)
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
        """Send `chunks` as fast as the peer takes them, then call `done`; one stream at a time."""
        self._chunks, self._streamed = chunks, done
        self._pump()

    def _pump(self) -> None:
        while self._chunks is not None and not self._full and not self.transport.is_closing():
            chunk = next(self._chunks, None)
            if chunk is not None:
                self.send(chunk)
                continue
            done, self._chunks, self._streamed = self._streamed, None, None
            if done is not None:
                done()

    def pause_writing(self) -> None:
        """The loop's callback: our send buffer is full."""
        self._full = True
        if self.paused_by is not None:
            self.paused_by.pause()

    def resume_writing(self) -> None:
        """The loop's callback: our send buffer has room again."""
        self._full = False
        self._pump()
        if self.paused_by is not None:
            self.paused_by.resume()
