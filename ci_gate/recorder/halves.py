"""Messages that come in parts: large bodies on their way to a file, streams kept as their parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from ci_gate.codecs.base import Begun, Ended, More
from ci_gate.codecs.http1.coding import Decoder, coding_of
from ci_gate.model.message import (
    Body,
    HttpRequest,
    HttpResponse,
    Message,
    Opaque,
    Piece,
    Pieces,
    Raw,
    Stored,
)

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


class Half:
    """A message that comes in parts, so far. Half an exchange."""

    stored = False
    """Its body goes to a file; what is cut off there is of no use."""
    raw = False
    """No codec understands it: its size and hash are kept."""

    def add(self, more: More) -> None:
        """Take a part."""
        raise NotImplementedError

    def whole(self, ended: Ended | None) -> Message:
        """The message with its body; `ended` None: recording stopped in the middle."""
        raise NotImplementedError

    def abort(self) -> None:
        """Drop it."""


class _Large(Half):
    """A body that goes to a sink."""

    def __init__(self, message: Message, sink: BodySink) -> None:
        self._message = message
        self._sink = sink
        self.raw = isinstance(message, Raw)
        self.stored = not self.raw

    def add(self, more: More) -> None:
        self._sink.write(more.data)

    def whole(self, ended: Ended | None) -> Message:
        body, coding = self._sink.finish()
        if not isinstance(self._message, HttpRequest | HttpResponse):
            return Raw(body)
        return _with(self._message, body, coding, ended)

    def abort(self) -> None:
        self._sink.abort()


class _Stream(Half):
    """A body kept as its parts, content-decoded; one that cannot be decoded as size and hash."""

    def __init__(self, begun: Begun, coding: str, opaque: BodySink) -> None:
        assert isinstance(begun.message, HttpRequest | HttpResponse)
        self._message = begun.message
        self._started = begun.started
        self._coding = coding
        self._decoder = Decoder(coding) if coding else None
        self._opaque = opaque
        self._unread = False
        self._size = 0
        self._pieces: list[Piece] = []
        self._line: list[bytes] = []
        """Parts of a line that has not ended yet: they become one piece, so that no secret is cut
        in two."""
        self._line_at = 0.0

    def add(self, more: More) -> None:
        data = more.data
        if self._decoder is not None:
            self._opaque.write(data)
            plain = self._decoder.more(data)
            self._unread = self._unread or plain is None
            data = plain or b""
        self._size += len(data)
        if not data or self._unread or self._size > STREAM_LIMIT:
            return
        if not self._line:
            self._line_at = (more.at - self._started) / 1e6
        self._line.append(data)
        if data.endswith(b"\n"):
            self._end_line()

    def _end_line(self) -> None:
        if self._line:
            self._pieces.append(Piece(round(self._line_at, 3), b"".join(self._line)))
            self._line.clear()

    def whole(self, ended: Ended | None) -> Message:
        if self._unread:
            return _with(self._message, self._opaque.finish()[0], "", ended)
        self._end_line()
        complete = ended is not None and ended.complete and self._size <= STREAM_LIMIT
        return _with(self._message, Pieces(tuple(self._pieces), complete), self._coding, ended)


def begin(
    begun: Begun, body_sink: Callable[[str], BodySink], opaque_sink: Callable[[], BodySink]
) -> Half:
    """The half for a begun message. `body_sink(coding)` makes a sink for a large body in this
    content coding, `opaque_sink()` one for bytes that nobody understands."""
    message = begun.message
    if not isinstance(message, HttpRequest | HttpResponse):
        return _Large(message, opaque_sink())
    coding = _coding(message)
    if begun.stream:
        return _Stream(begun, coding, opaque_sink())
    return _Large(message, body_sink(coding))


def _with(
    message: HttpRequest | HttpResponse, body: Body, coding: str, ended: Ended | None
) -> Message:
    trailers = ended.trailers if ended is not None else ()
    return msgspec.structs.replace(message, body=body, coding=coding, trailers=trailers)


def _coding(message: HttpRequest | HttpResponse) -> str:
    """The coding to undo, "" = none; codings that cannot be undone give a name nobody knows."""
    values = [value for name, value in message.headers if name.lower() == b"content-encoding"]
    text = b",".join(values).strip().lower()
    if text in (b"", b"identity"):
        return ""
    return coding_of(text) or text.decode("latin-1")[:40]
