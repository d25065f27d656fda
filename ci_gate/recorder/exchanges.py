"""Messages become exchanges: requests are paired with responses and with who caused them.

Pure: it is told what was heard and when, and hands finished exchanges to a sink. Bodies larger
than a conversation keeps go, part by part, to a body sink that redacts and stores them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from ci_gate.codecs.base import Action, Begun, Codec, Ended, More, Side, Undecodable, Whole
from ci_gate.codecs.http1.coding import coding_of
from ci_gate.correlation.correlation import Correlation
from ci_gate.correlation.trace import trace_ids
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import (
    HttpRequest,
    HttpResponse,
    Message,
    Opaque,
    Piece,
    Pieces,
    Raw,
    Stored,
)
from ci_gate.recorder.clean import Cleaner

STREAM_LIMIT = 8 << 20
"""Bytes of one stream that are kept; what comes after is forwarded and counted, not kept."""


class BodySink(Protocol):
    """Where a large body goes: content-decoded, redacted, hashed, on disk."""

    def write(self, data: bytes) -> None:
        """Take a part as it was sent (still coded)."""
        ...

    def finish(self) -> tuple[Stored | Opaque, str]:
        """What is kept of it, and the coding that was decoded ("" = none)."""
        ...

    def abort(self) -> None:
        """Drop what was written."""
        ...


class Recording:
    """What the connections of one recording share."""

    def __init__(
        self,
        *,
        started: int,
        correlation: Correlation,
        cleaner: Cleaner,
        sink: Callable[[Exchange], None],
        body_sink: Callable[[str], BodySink],
        opaque_sink: Callable[[], BodySink],
    ) -> None:
        self.started = started
        """Monotonic nanoseconds; all times of exchanges count from here."""
        self.correlation = correlation
        self.cleaner = cleaner
        self.sink = sink
        self.body_sink = body_sink
        """Makes a sink for a body with this content coding."""
        self.opaque_sink = opaque_sink
        """Makes a sink for bytes that no codec understands."""
        self.undecoded: dict[str, int] = {}
        """What could not be decoded or finished -> how often."""
        self.heard = 0
        """Inbound requests so far."""
        self._serial = 0
        self._connections = 0

    def serial(self) -> int:
        """A number no other exchange of this recording has."""
        self._serial += 1
        return self._serial

    def connection(self) -> int:
        """A number no other connection of this recording has."""
        self._connections += 1
        return self._connections

    def note(self, text: str) -> None:
        """Count something for the summary's "could not be decoded"."""
        self.undecoded[text] = self.undecoded.get(text, 0) + 1


class _Half:
    """A message that comes in parts."""

    __slots__ = ("message", "pieces", "sink", "size", "started")

    def __init__(self, begun: Begun, sink: BodySink | None) -> None:
        self.message = begun.message
        self.started = begun.started
        self.sink = sink
        self.pieces: list[Piece] = []
        self.size = 0

    def add(self, more: More) -> None:
        """Keep a part."""
        self.size += len(more.data)
        if self.sink is not None:
            self.sink.write(more.data)
        elif self.size <= STREAM_LIMIT:
            self._add_piece((more.at - self.started) / 1e6, more.data)

    def _add_piece(self, at: float, data: bytes) -> None:
        """Parts are joined to whole lines, so that no secret is cut in two."""
        if self.pieces and not self.pieces[-1].data.endswith(b"\n"):
            last = self.pieces.pop()
            at, data = last.at, last.data + data
        self.pieces.append(Piece(round(at, 3), data))

    def whole(self, ended: Ended | None) -> Message:
        """The message with its body; `ended` None: recording stopped in the middle."""
        trailers = ended.trailers if ended is not None else ()
        complete = ended is not None and ended.complete
        if self.sink is not None:
            stored, coding = self.sink.finish()
            if isinstance(self.message, Raw):
                return Raw(stored)
            return msgspec.structs.replace(
                self.message, body=stored, coding=coding, trailers=trailers
            )
        assert isinstance(self.message, HttpRequest | HttpResponse)
        body = Pieces(tuple(self.pieces), complete and self.size <= STREAM_LIMIT)
        return msgspec.structs.replace(self.message, body=body, trailers=trailers)


class _Asked:
    """A request that waits for its response."""

    __slots__ = ("groups", "id", "message", "started")

    def __init__(self, id_: str, groups: tuple[str, ...], message: Message, started: int) -> None:
        self.id = id_
        self.groups = groups
        self.message: Message | None = message
        self.started = started


class Tap:
    """Listens to one connection and makes its exchanges.

    `dependency` "" = inbound. `finish()` must be called when the connection or the recording ends.
    """

    def __init__(self, recording: Recording, codec: Codec, dependency: str) -> None:
        self._recording = recording
        self._codec = codec
        self._dependency = dependency
        self._connection = recording.connection()
        self._asked: dict[int, _Asked] = {}
        self._halves: dict[tuple[Side, int], _Half] = {}

    @property
    def outstanding(self) -> int:
        """Requests that were begun and not answered yet."""
        return len(self._asked)

    def heard(self, actions: Sequence[Action]) -> None:
        """Take what the conversation made of the bytes."""
        for action in actions:
            if isinstance(action, Whole):
                self._whole(action)
            elif isinstance(action, More):
                half = self._halves.get((action.side, action.number))
                if half is not None:
                    half.add(action)
            elif isinstance(action, Begun):
                self._begun(action)
            elif isinstance(action, Ended):
                self._ended(action)
            elif isinstance(action, Undecodable):
                self._undecodable(action)

    def _whole(self, whole: Whole) -> None:
        if whole.side is Side.CLIENT:
            self._ask(whole.number, whole.message, whole.started)
        else:
            self._answer(whole.number, whole.message, whole.ended)

    def _ask(self, number: int, message: Message, at: int) -> None:
        recording = self._recording
        traces = (
            trace_ids(message.headers) if isinstance(message, HttpRequest) else frozenset[bytes]()
        )
        if self._dependency:
            groups = recording.correlation.groups(at, traces)
            asked = _Asked(f"o{recording.serial()}", groups, message, at)
        else:
            asked = _Asked(f"i{recording.serial()}", (), message, at)
            recording.heard += 1
            recording.correlation.begin(asked.id, traces)
        self._asked[number] = asked

    def _begun(self, begun: Begun) -> None:
        message = begun.message
        recording = self._recording
        sink = None
        if isinstance(message, Raw):
            sink = recording.opaque_sink()
        elif not begun.stream:
            coding = _coding(message)
            sink = recording.opaque_sink() if coding is None else recording.body_sink(coding)
        self._halves[begun.side, begun.number] = _Half(begun, sink)
        if begun.side is Side.CLIENT:
            self._ask(begun.number, message, begun.started)

    def _ended(self, ended: Ended) -> None:
        half = self._halves.pop((ended.side, ended.number), None)
        if half is None:
            return
        if not ended.complete and half.sink is not None:
            half.sink.abort()
            self._drop(ended.number, "went away in the middle of a large body", ended.at)
            return
        message = half.whole(ended)
        if ended.side is Side.CLIENT:
            asked = self._asked.get(ended.number)
            if asked is not None:
                asked.message = message
        else:
            self._answer(ended.number, message, ended.at)

    def _answer(self, number: int, response: Message, at: int) -> None:
        asked = self._asked.pop(number, None)
        if asked is None or asked.message is None:
            return
        if (Side.CLIENT, number) in self._halves:
            self._halves.pop((Side.CLIENT, number)).whole(None)
            self._recording.note("answered before its large request was complete: not kept")
            self._end(asked, at)
            return
        self._end(asked, at)
        self._recording.sink(self._exchange(asked, response, at))

    def _end(self, asked: _Asked, at: int) -> None:
        if not self._dependency:
            self._recording.correlation.end(asked.id, at)

    def _exchange(self, asked: _Asked, response: Message, at: int) -> Exchange:
        recording = self._recording
        assert asked.message is not None
        route = self._codec.route(asked.message)
        request, in_request = recording.cleaner.clean(self._codec, asked.message, "request")
        answer, in_response = recording.cleaner.clean(self._codec, response, "response")
        return Exchange(
            id=asked.id,
            dependency=self._dependency,
            route=route,
            groups=asked.groups,
            at=round((asked.started - recording.started) / 1e6, 3),
            took=round((at - asked.started) / 1e6, 3),
            connection=self._connection,
            request=request,
            response=answer,
            redacted=in_request + in_response,
        )

    def _drop(self, number: int, why: str, at: int) -> None:
        asked = self._asked.pop(number, None)
        if asked is not None and asked.message is not None:
            self._recording.note(f"{self._codec.route(asked.message)}: {why}")
            self._end(asked, at)

    def _undecodable(self, action: Undecodable) -> None:
        where = self._dependency or "inbound"
        self._recording.note(f"{where}: {action.reason}")

    def finish(self, at: int) -> None:
        """The connection or the recording ended: streams become exchanges, the rest is counted."""
        for (side, number), half in list(self._halves.items()):
            if side is Side.SERVER and (half.sink is None or isinstance(half.message, Raw)):
                self._answer(number, half.whole(None), at)
            elif half.sink is not None:
                half.sink.abort()
        self._halves.clear()
        for number in list(self._asked):
            self._drop(number, "no response", at)


def _coding(message: HttpRequest | HttpResponse) -> str | None:
    """The content coding of a large body: "" = none, None = one that nobody here can undo."""
    named = [
        value.strip().lower()
        for name, value in message.headers
        if name.lower() == b"content-encoding"
    ]
    if all(value in (b"", b"identity") for value in named):
        return ""
    return coding_of(named[0]) or None if len(named) == 1 else None
