"""Readers of a body: each takes what is its own from the bytes at hand and knows when it is done."""

from __future__ import annotations

import re

from ci_gate.codecs.http1.framing import CHUNKED, UNTIL_CLOSE
from ci_gate.codecs.http1.head import FIELDS_LIMIT, HEAD_LIMIT, fields
from ci_gate.codecs.http1.malformed import Malformed
from ci_gate.model.message import Headers

LINE_LIMIT = 4096
"""Bytes of a chunk's size line, extensions included."""

_ONLY_CHUNK = b"\r\n0\r\n\r\n"
_SIZE_LINE, _END_LINE, _TRAILER_LINE = range(3)

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")


class Length:
    """A body of a known number of bytes."""

    __slots__ = ("done", "left", "trailers")

    def __init__(self, length: int) -> None:
        self.left = length
        self.done = False
        self.trailers: Headers = ()

    def read(self, data: bytes, position: int, out: list[bytes]) -> int:
        """Append the body's bytes from `data[position:]` to `out`; the index after them."""
        end = min(position + self.left, len(data))
        out.append(data[position:end])
        self.left -= end - position
        self.done = not self.left
        return end


class UntilClose:
    """A body that ends with the connection."""

    __slots__ = ("done", "trailers")

    def __init__(self) -> None:
        self.done = False
        self.trailers: Headers = ()

    def read(self, data: bytes, position: int, out: list[bytes]) -> int:
        """Take everything."""
        out.append(data[position:])
        return len(data)


class Chunked:
    """Chunks, extensions ignored, and trailers (RFC 9112 section 7.1).

    Between the data there are only lines, so the end is found wherever the bytes were cut. Lines
    of the chunk framing end in CR LF, nothing else: a bare line feed is how chunks are smuggled.
    """

    __slots__ = ("_expected", "_fields", "_line", "_size", "done", "left", "trailers")

    def __init__(self) -> None:
        self.left = 0
        self.done = False
        self.trailers: Headers = ()
        self._expected = _SIZE_LINE
        self._line = b""
        self._fields: list[bytes] = []
        self._size = 0

    def read(self, data: bytes, position: int, out: list[bytes]) -> int:
        """As `Length.read`. Raises Malformed."""
        size = len(data)
        while position < size and not self.done:
            if self.left:
                end = min(position + self.left, size)
                out.append(data[position:end])
                self.left -= end - position
            else:
                end = data.find(b"\n", position) + 1
                self._take_line(data[position:end] if end else data[position:])
                end = end or size
            position = end
        return position

    def _take_line(self, piece: bytes) -> None:
        line = self._line + piece
        limit = HEAD_LIMIT if self._expected == _TRAILER_LINE else LINE_LIMIT
        if len(line) > limit:
            raise Malformed(400, f"a line of the chunk framing is longer than {limit} bytes")
        if line[-1:] != b"\n":
            self._line = line
            return
        self._line = b""
        if line[-2:] != b"\r\n" or line.count(b"\r") > 1 or b"\0" in line:
            raise Malformed(400, "a line of the chunk framing holds a bare CR, a bare LF or a NUL")
        if self._expected == _SIZE_LINE:
            self._read_size(line[:-2])
        elif self._expected == _END_LINE:
            if len(line) > 2:
                raise Malformed(400, "a chunk is longer than its size")
            self._expected = _SIZE_LINE
        else:
            self._read_trailer(line[:-2])

    def _read_size(self, line: bytes) -> None:
        match = _SIZE.fullmatch(line)
        if match is None:
            raise Malformed(400, f"{line[:40]!r} is not a chunk size")
        self.left = int(match[1], 16)
        self._expected = _END_LINE if self.left else _TRAILER_LINE

    def _read_trailer(self, line: bytes) -> None:
        if not line:
            self.trailers = fields(self._fields, folds=False)
            self.done = True
            return
        self._size += len(line)
        if self._size > HEAD_LIMIT or len(self._fields) >= FIELDS_LIMIT:
            raise Malformed(431, "the trailers are too large")
        self._fields.append(line)


def one_chunk(data: bytes, start: int) -> bytes | None:
    """The body when `data` from `start` on is exactly one chunk and its end: the shape in which
    most small chunked bodies come. None: ask `Chunked`."""
    end = data.find(b"\r\n", start, start + 18)
    match = _SIZE.fullmatch(data, start, end) if end > start else None
    if match is None:
        return None
    begin = end + 2
    end = begin + int(match[1], 16)
    return data[begin:end] if end > begin and data[end:] == _ONLY_CHUNK else None


Reader = Length | Chunked | UntilClose


def body_reader(length: int) -> Reader:
    """The reader for a body of `length` bytes, CHUNKED or UNTIL_CLOSE."""
    if length == CHUNKED:
        return Chunked()
    if length == UNTIL_CLOSE:
        return UntilClose()
    return Length(length)
