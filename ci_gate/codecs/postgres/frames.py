"""PostgreSQL's framing (frontend/backend protocol 3, "Message Formats"): bytes -> messages.

A message is a type byte, a length that counts itself, and a payload. What a client says before its
startup message has no type byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from struct import Struct

import msgspec

LIMIT = 1 << 30
"""Bytes of one message, PostgreSQL's own limit for one value."""
STARTUP_LIMIT = 10_000
"""Bytes of a startup packet, PostgreSQL's own limit."""

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102

_LENGTH = Struct("!I")
_HEAD = Struct("!cI")
_SHORT = Struct("!H")
_BEGIN = Struct("!BI")

Frame = tuple[bytes, bytes]
"""Type (one byte, b"" before the startup message is over) and payload."""
FRAMED = b""
"""In place of a type: the payload is whole messages as they are sent, of any number."""
MANY = 1 << 14
"""Bytes of messages from which on their outline is remembered."""


class Malformed(Exception):
    """The peer says what is not PostgreSQL; the text is one line for the summary."""


class Reader:
    """Cuts what one side says into messages.

    `startup`: it begins with packets without a type (a client); `started()` ends that.
    """

    __slots__ = ("_data", "_later", "_needed", "_startup")

    def __init__(self, *, startup: bool) -> None:
        self._startup = startup
        self._data = b""
        self._later: list[bytes] = []
        self._needed = 0

    @property
    def at_rest(self) -> bool:
        """Nothing is half said."""
        return not self._data

    def started(self) -> None:
        """The startup message was heard: from here on messages have types."""
        self._startup = False

    def taken(self) -> bytes:
        """What is only half said, for somebody else to read."""
        data = b"".join((self._data, *self._later))
        self._data, self._needed = b"", 0
        self._later.clear()
        return data

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The messages that are whole now. Raises Malformed.

        Goes on lazily: call `started` before asking for what follows the startup message.
        """
        if self._data:
            self._later.append(data)
            if len(self._data) + sum(map(len, self._later)) < self._needed:
                return
            data = b"".join((self._data, *self._later))
            self._later.clear()
        position, size = 0, len(data)
        self._data, self._needed = b"", 0
        try:
            while True:
                head = 4 if self._startup else 5
                if size - position < head:
                    return
                length = _LENGTH.unpack_from(data, position + head - 4)[0]
                end = position + head - 4 + length
                if length < 4 or length > (STARTUP_LIMIT if self._startup else LIMIT):
                    raise Malformed(f"a message of {length} bytes")
                if end > size:
                    self._needed = end - position
                    return
                kind = b"" if self._startup else data[position : position + 1]
                start, position = position + head, end
                yield kind, data[start:end]
        finally:
            self._data = data[position:]


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """A message as bytes."""
    return _HEAD.pack(kind, len(payload) + 4) + payload


def frames(data: bytes) -> Iterator[Frame]:
    """The typed messages of bytes that end with one. Raises Malformed."""
    position, size = 0, len(data)
    while position < size:
        if size - position < 5:
            raise Malformed("a message is cut off")
        kind, length = _HEAD.unpack_from(data, position)
        end = position + 1 + length
        if length < 4 or end > size:
            raise Malformed("a message is cut off")
        yield kind, data[position + 5 : end]
        position = end


def joined(said: Iterable[Frame]) -> bytes:
    """Messages as bytes; a type may be FRAMED."""
    return b"".join([frame(kind, data) if kind else data for kind, data in said])


class Outline(msgspec.Struct, frozen=True):
    """What can be told of messages without taking them apart."""

    kinds: bytes
    """Their types in order, that of several in a row once: b"TDC"."""
    last: int
    """Where the last one begins."""


def outline(data: bytes) -> Outline:
    """Of bytes that end with a message: of many rows it is faster than `frames`, and remembered.
    Raises Malformed."""
    return _remembered(data) if len(data) > MANY else _outline(data)


def _outline(data: bytes) -> Outline:
    position, size, last, before = 0, len(data), 0, -1
    kinds = bytearray()
    while position < size:
        if size - position < 5:
            raise Malformed("a message is cut off")
        kind, length = _BEGIN.unpack_from(data, position)
        if kind != before:
            kinds.append(kind)
            before = kind
        last, position = position, position + 1 + length
        if length < 4 or position > size:
            raise Malformed("a message is cut off")
    return Outline(bytes(kinds), last)


_remembered = lru_cache(maxsize=64)(_outline)


class Payload:
    """Reads a payload from front to back; every method raises Malformed when it is too short."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def string(self) -> bytes:
        """Up to the next zero byte."""
        end = self._data.find(b"\0", self._position)
        if end < 0:
            raise Malformed("a string does not end")
        text = self._data[self._position : end]
        self._position = end + 1
        return text

    def byte(self) -> bytes:
        """One byte."""
        return self.take(1)

    def short(self) -> int:
        """Two bytes, unsigned."""
        found: int = _SHORT.unpack(self.take(2))[0]
        return found

    def long(self) -> int:
        """Four bytes, unsigned."""
        found: int = _LENGTH.unpack(self.take(4))[0]
        return found

    def value(self) -> bytes | None:
        """A value with its length, None for NULL."""
        size = self.long()
        return None if size == 0xFFFFFFFF else self.take(size)

    def take(self, size: int) -> bytes:
        """So many bytes."""
        end = self._position + size
        if end > len(self._data):
            raise Malformed("a message is shorter than it says")
        found = self._data[self._position : end]
        self._position = end
        return found

    @property
    def rest(self) -> bytes:
        """What was not read yet."""
        return self._data[self._position :]


def value(data: bytes | None) -> bytes:
    """A value with its length."""
    return b"\xff\xff\xff\xff" if data is None else _LENGTH.pack(len(data)) + data
