"""Body readers, each checked whole, byte by byte and with trailing bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ci_gate.codecs.http1.body import Chunked, Length, Reader, UntilClose, body_reader
from ci_gate.codecs.http1.framing import CHUNKED, UNTIL_CLOSE
from ci_gate.codecs.http1.malformed import Malformed
from ci_gate.model.message import Headers

TRAILING = b"HTTP/1.1 200 OK\r\n"


def read_three_ways(
    make: Callable[[], Reader], data: bytes, body: bytes, trailers: Headers = ()
) -> None:
    """Whole: all of it, done. Byte by byte: not done before the last. Trailing bytes: left."""
    for follows in (b"", TRAILING):
        reader = make()
        parts: list[bytes] = []
        assert reader.read(data + follows, 0, parts) == len(data)
        assert (b"".join(parts), reader.done, reader.trailers) == (body, True, trailers)
    reader = make()
    parts = []
    for index in range(len(data)):
        assert not reader.done
        assert reader.read(data[index : index + 1], 0, parts) == 1
    assert (b"".join(parts), reader.done, reader.trailers) == (body, True, trailers)


def test_a_known_length() -> None:
    """Exactly so many bytes."""
    read_three_ways(lambda: Length(5), b"hello", b"hello")


@pytest.mark.parametrize(
    ("data", "body", "trailers"),
    [
        (b"0\r\n\r\n", b"", ()),
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello", ()),
        (b"5;a=b;c\r\nhello\r\n000;x\r\n\r\n", b"hello", ()),
        (b"3\r\nhel\r\n002 \r\nlo\r\n0\r\n\r\n", b"hello", ()),
        (b"a\r\n0\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", b"0\r\n\r\n0\r\n\r\n", ()),
        (b"1\r\n\n\r\n0\r\nX: 1\r\ny:2\r\n\r\n", b"\n", ((b"X", b"1"), (b"y", b"2"))),
    ],
)
def test_chunks(data: bytes, body: bytes, trailers: Headers) -> None:
    """Extensions are ignored, trailers kept apart, and the end is found wherever it is split."""
    read_three_ways(Chunked, data, body, trailers)


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n",
        b"x\r\n",
        b"-1\r\n",
        b"+1\r\n",
        b"0x1\r\n",
        b"1_0\r\n",
        b" 1\r\n",
        b"1 1\r\n",
        b"1\n",
        b"1\r\nab",
        b"1\r\na\n",
        b"1\r\naX\r\n",
        b"1;a\rb\r\n",
        b"f" * 16 + b"\r\n",
        b"0;" + b"x" * 5000,
        b"0\r\nno colon\r\n\r\n",
        b"0\r\nA : b\r\n\r\n",
        b"0\r\nA: b\n\r\n",
        b"0\r\nA: " + b"b" * 70000,
        b"0\r\n" + b"A: b\r\n" * 300,
        b"0\r\n" + (b"A: " + b"b" * 1000 + b"\r\n") * 100,
    ],
)
def test_chunks_that_are_refused(data: bytes) -> None:
    """Framing that is not exactly the RFC's is refused, long lines and trailers are bounded."""
    data += b"\r\n"
    with pytest.raises(Malformed):
        Chunked().read(data, 0, [])
    with pytest.raises(Malformed):
        read_bytewise(Chunked(), data)


def read_bytewise(reader: Reader, data: bytes) -> None:
    """All of it, one byte at a time."""
    for index in range(len(data)):
        reader.read(data[index : index + 1], 0, [])


def test_until_close() -> None:
    """Everything belongs to the body, and only the connection's end ends it."""
    reader = UntilClose()
    parts: list[bytes] = []
    assert reader.read(b"xxhello", 2, parts) == 7
    assert (parts, reader.done) == ([b"hello"], False)


def test_the_reader_for_a_length() -> None:
    """Each framing has its reader."""
    assert isinstance(body_reader(3), Length)
    assert isinstance(body_reader(CHUNKED), Chunked)
    assert isinstance(body_reader(UNTIL_CLOSE), UntilClose)
