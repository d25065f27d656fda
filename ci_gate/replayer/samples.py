"""What is sent and what came of it: requests ready to go, and flat arrays of results."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from ci_gate.codecs.base import Begun
from ci_gate.codecs.http1.coding import Decoder
from ci_gate.codecs.http1.digest import BodyDigest, coding_of_message
from ci_gate.model.message import Headers, HttpResponse, Message, Opaque, Piece, Pieces

PENDING, EQUAL, DIFFERENT, FAILED = 0, 1, 2, 3
KEEP = 64 << 20
"""Bytes of differing answers that are kept to be compared."""


class Expected(Protocol):
    """The recorded answer, for a quick look (`diff.expectation.Expectation`)."""

    def matches(self, response: Message) -> bool:
        """True when nothing that is compared differs."""
        ...


class Prepared(msgspec.Struct, frozen=True):
    """One request, ready to be sent."""

    id: str
    message: Message
    serialised: bytes | None
    """Serialised ahead for the common connection state; None = serialise when sent."""
    expected: Expected
    due: float
    """Milliseconds after the start; 0 = when the one before it is settled."""
    stream_size: int = -1
    """The recorded answer was a stream cut after this many bytes; -1 = it ended."""
    at: float = 0.0
    """Milliseconds after the recording's start: when it was recorded."""
    pause: float = 0.0
    """Milliseconds for which the recording was silent before it, where caches may run out."""
    patience: float = 0.0
    """Milliseconds that a recorded stream took: it may take that long beyond the timeout."""
    traces: frozenset[bytes] = frozenset()
    chunks: Callable[[], Iterator[bytes]] | None = None
    """The body, where it lies in a file or stays in parts; None = `message` has it."""
    fill: Callable[[Message], Message] | None = None
    """Puts live values that travel into the request when it is sent; None = none travel to it."""
    learn: Callable[[Message | None], None] | None = None
    """Is told the live answer (None: there was none), whose values travel to later requests."""


class Samples:
    """What came of each request, by its position."""

    def __init__(self, count: int) -> None:
        self.states = bytearray(count)
        self.latencies = array("q", bytes(8 * count))
        """Nanoseconds from due to last byte; 0 where there was no complete answer."""
        self.held = array("q", bytes(8 * count))
        """Nanoseconds of that for which a mock kept an answer to see who waits for it."""
        self.started = array("q", bytes(8 * count))
        """Monotonic nanoseconds at which it was sent."""
        self.responses: dict[int, Message] = {}
        """Answers that differ."""
        self.failures: dict[int, str] = {}
        self.kept = 0
        self.done = 0
        self.failed = 0
        """Without a complete answer; whether a different one fails, the rules say afterwards."""
        self.answered = 0
        self.begun_at = 0
        self.ended_at = 0

    def answer(self, at: int, response: Message, expected: Expected, latency: int) -> None:
        """A complete answer came."""
        self.latencies[at] = latency
        self.done += 1
        self.answered += 1
        if expected.matches(response):
            self.states[at] = EQUAL
            return
        self.states[at] = DIFFERENT
        if isinstance(response, HttpResponse) and isinstance(response.body, bytes):
            self.kept += len(response.body)
            if self.kept > KEEP:
                digest = hashlib.sha256(response.body).hexdigest()
                body = Opaque(len(response.body), digest)
                response = msgspec.structs.replace(response, body=body)
        self.responses[at] = response

    def fail(self, at: int, why: str) -> None:
        """No complete answer came."""
        self.states[at] = FAILED
        self.failures[at] = why
        self.done += 1
        self.failed += 1


class Streamed:
    """An answer that comes in parts: a stream's are kept, content-decoded, a large body is hashed."""

    def __init__(self, begun: Begun) -> None:
        assert isinstance(begun.message, HttpResponse)
        self.message = begun.message
        self.stream = begun.stream
        self.started = begun.started
        self.size = 0
        """Bytes so far: of a stream as kept, of a large body as sent."""
        self._digest = BodyDigest(begun.message)
        self._coding = coding_of_message(begun.message) if begun.stream else ""
        self._decoder = Decoder(self._coding) if self._coding else None
        self._pieces: list[Piece] = []

    def add(self, data: bytes, at: int) -> None:
        """Take a part of it; `at` in monotonic nanoseconds."""
        if not self.stream:
            self._digest.add(data)
            self.size = self._digest.size
            return
        if self._decoder is not None:
            data = self._decoder.more(data) or b""
        self.size += len(data)
        if data:
            self._pieces.append(Piece((at - self.started) / 1e6, data))

    def whole(self, trailers: Headers, *, complete: bool) -> Message:
        """The answer with its body."""
        if not self.stream:
            return self._digest.whole(trailers)
        body = Pieces(tuple(self._pieces), complete)
        return msgspec.structs.replace(
            self.message, body=body, coding=self._coding, trailers=trailers
        )
