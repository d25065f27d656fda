"""One dependency, played: its recorded answers, ready to be said, and the calls that ask for them."""

from __future__ import annotations

from typing import Protocol

import msgspec

from ci_gate.codecs.addressed import with_names
from ci_gate.codecs.base import Codec
from ci_gate.codecs.describing import describing
from ci_gate.codecs.spellings import spellings
from ci_gate.mocks.bound import Answer, Bound
from ci_gate.mocks.entries import Entry
from ci_gate.mocks.holds import Waiting
from ci_gate.mocks.matcher import BINDING, Bucket, Match, Matcher
from ci_gate.mocks.turns import Turn
from ci_gate.model.message import Message
from ci_gate.values.addresses import Addresses

KNOWN_ENTRIES = 32768
KNOWN_BYTES = 4096
"""Longest request that is remembered."""
KNOWN_TOTAL = 8 << 20
"""Bytes of requests that one dependency remembers at a time."""


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
    connection: int = 0
    """Which one of the service's connections it came by."""
    new_host: bool = False
    migration: bool = False
    """A miss that was answered as done, see `codecs.migrations`."""
    waiting: Waiting | None = None
    """Its answer was kept back, to see who waits for it."""
    turn: Turn | None = None
    """Its answer was kept for a moment, to see who does not wait for it."""


class Known(msgspec.Struct, frozen=True, gc=False):
    """A request that was read before."""

    request: Message
    bucket: Bucket | None
    """What is equal to it."""
    premise: object = None
    """See `codecs.base.Recalling`; None: it means the same wherever nothing is pending."""


class State(Protocol):
    """A server of our own, instead of recorded answers (`mocks.state`)."""

    def answer(self, request: Message) -> Message:
        """What it answers; it may be another one when it is asked again."""
        ...


class Mock:
    """One dependency, played."""

    def __init__(
        self,
        name: str,
        codec: Codec,
        matcher: Matcher,
        *,
        telemetry: bool = False,
        bound: Bound | None = None,
        session: dict[str, str] | None = None,
        effects: dict[str, str] | None = None,
        state: State | None = None,
    ) -> None:
        self.name = name
        self.session = session or {}
        """What was recorded of the handshake."""
        self.state = state
        """What answers instead of the recording; None = the recording does."""
        self.effects = effects or {}
        """Route of a call -> "read" or "write", where that is not the codec's word."""
        self.codec = codec
        self.matcher = matcher
        self.bound = bound
        """Values that travel; None where none do."""
        self.telemetry = telemetry
        """Answered with an empty success, never matched or logged."""
        self.addresses: Addresses | None = None
        """Our own ones, live; None until they are known."""
        self.shared: dict[str, object] = {}
        self.answered = 0
        self.missed = 0
        self.known: dict[bytes, Known] = {}
        """Bytes that were one whole request before."""
        self._known_size = 0
        self._describing = describing(codec.name, (one.exchange for one in matcher.entries))

    def match(self, request: Message, bucket: Bucket | None, groups: tuple[str, ...]) -> Match:
        """What answers a live call of `groups`; `bucket` are the recorded calls equal to it."""
        bound, asked = self.bound, request
        if bound is not None:
            asked = bound.in_recorded_terms(asked)
            if asked is not request:
                bucket = self.matcher.exact(self.codec.full(asked))
        if bucket is None and self.addresses is not None:
            # Recorded calls have our own addresses as names; most calls say none of them.
            asked = with_names(self.codec, asked, self.addresses)
            bucket = self.matcher.exact(self.codec.full(asked))
        match = self.matcher.match(asked, bucket, self.codec.key, groups)
        if bound is not None and match.entry is not None and match.tier != BINDING:
            bound.note(match.entry.exchange, asked)
        return match

    def answer(self, entry: Entry) -> Answer:
        """What a recorded call is answered with now."""
        answer = entry.prepared
        assert isinstance(answer, Answer)
        return answer if self.bound is None else self.bound.answer(entry.exchange, answer)

    def described(self, request: Message) -> Message | None:
        """What the recording tells of a statement that nobody has asked so about; that it is not
        refused where no refusal was recorded."""
        return None if self._describing is None else self._describing.of(request)

    def fitted(self, answer: Answer, entry: Entry, request: Message) -> Answer:
        """The answer to a call that is written in another way than the recorded one."""
        written, recorded = spellings(self.codec.name), answer.message
        if written is None or recorded is None:
            return answer
        message = written.answer(recorded, entry.exchange.request, request)
        return msgspec.structs.replace(answer, message=message, prepared=None)

    def remember(self, data: bytes, known: Known) -> None:
        """`data` is one whole request."""
        if len(data) > KNOWN_BYTES:
            return
        if len(self.known) >= KNOWN_ENTRIES or self._known_size > KNOWN_TOTAL:
            self.known.clear()
            self._known_size = 0
        self._known_size += len(data)
        self.known[data] = known
