"""One dependency, played: its recorded answers, ready to be said, and the calls that ask for them."""

from __future__ import annotations

import msgspec

from ci_gate.codecs.base import Codec
from ci_gate.mocks.matcher import Bucket, Entry, Matcher
from ci_gate.model.message import Message

KNOWN_ENTRIES = 32768
KNOWN_BYTES = 4096
"""Longest request that is remembered."""
KNOWN_TOTAL = 8 << 20
"""Bytes of requests that one dependency remembers at a time."""


class Answer(msgspec.Struct, frozen=True):
    """A recorded answer, ready to be said."""

    message: Message | None
    """None: there was none, and `error` says how that came."""
    prepared: bytes | None
    took: float
    """Milliseconds it took when it was recorded."""
    error: str = ""
    """`model.exchange.CLOSED`: the connection is closed instead; GAVE_UP: nothing is said."""


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
        self.known: dict[bytes, tuple[Message, Bucket | None]] = {}
        """Bytes that were one whole request before -> the request and what is equal to it."""
        self._known_size = 0

    def remember(self, data: bytes, request: Message, bucket: Bucket | None) -> None:
        """`data` is one whole request that is answered in the common connection state."""
        if len(data) > KNOWN_BYTES:
            return
        if len(self.known) >= KNOWN_ENTRIES or self._known_size > KNOWN_TOTAL:
            self.known.clear()
            self._known_size = 0
        self._known_size += len(data)
        self.known[data] = (request, bucket)
