"""TLS over memory buffers, so that it can begin at any byte of a connection.

`loop.start_tls` loses a ClientHello that was already read; here the bytes are ours to hand over.
"""

from __future__ import annotations

import contextlib
import ssl

CHUNK = 1 << 16
HANDSHAKE_RECORD = 0x16


def begins_tls(data: bytes) -> bool:
    """True when `data` starts with a TLS handshake record (RFC 8446 section 5.1)."""
    return bool(data) and data[0] == HANDSHAKE_RECORD


class TlsLayer:
    """One side's TLS: ciphertext in, plaintext out, and back. No socket."""

    __slots__ = (
        "_incoming",
        "_object",
        "_outgoing",
        "_over",
        "_pending",
        "closed",
        "established",
        "failure",
    )

    def __init__(
        self, context: ssl.SSLContext, *, server_side: bool, hostname: str | None = None
    ) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(
            self._incoming, self._outgoing, server_side=server_side, server_hostname=hostname
        )
        self._pending: list[bytes] = []
        self._over = False
        """We said goodbye, or it failed: nothing more can be said."""
        self.established = False
        self.closed = False
        """The peer said goodbye, or the handshake or a record failed: nothing more is heard."""
        self.failure = ""
        """Why it failed, in OpenSSL's words; "" = it did not."""
        if not server_side:
            self._handshake()

    def receive(self, data: bytes) -> bytes:
        """Take ciphertext, give the plaintext that is complete. Then send `outgoing()`.

        What comes after the peer's goodbye or after a failure is dropped.
        """
        if self.closed:
            return b""
        self._incoming.write(data)
        try:
            if not self.established:
                self._handshake()
                if not self.established:
                    return b""
            first = self._object.read(CHUNK)  # one record at most; b"" is the peer's goodbye
            self.closed = not first
            return self._read_rest(first) if first and self._incoming.pending else first
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLZeroReturnError:
            self.closed = True
        except ssl.SSLError as error:
            self._failed(error)
        return b""

    def _read_rest(self, first: bytes) -> bytes:
        chunks = [first]
        try:
            while True:
                chunk = self._object.read(CHUNK)
                if not chunk:
                    self.closed = True
                    break
                chunks.append(chunk)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.closed = True
        except ssl.SSLError as error:
            self._failed(error)
        return b"".join(chunks)

    def _handshake(self) -> None:
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            self._failed(error)
            return
        self.established = True
        for data in self._pending:
            self._object.write(data)
        self._pending.clear()

    def send(self, data: bytes) -> None:
        """Take plaintext; it waits for the handshake if that is not over. Then send `outgoing()`."""
        if self._over:
            return
        if not self.established:
            self._pending.append(data)
            return
        try:
            self._object.write(data)
        except ssl.SSLError as error:
            self._failed(error)

    def outgoing(self) -> bytes:
        """Ciphertext that must go to the peer now."""
        return self._outgoing.read() if self._outgoing.pending else b""

    def close(self) -> None:
        """Say goodbye (close_notify); what the peer still says is heard."""
        if not self.established or self._over:
            return
        self._over = True
        with contextlib.suppress(ssl.SSLError):  # the peer's goodbye is not waited for
            self._object.unwrap()

    def _failed(self, error: ssl.SSLError) -> None:
        self.closed = self._over = True
        self.failure = getattr(error, "verify_message", "") or error.reason or str(error)
