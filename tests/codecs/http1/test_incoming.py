"""Readers of one side: sizes, times, limits and the fast path."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from ci_gate.codecs.base import LARGE, Action, Begun, Ended, More
from ci_gate.codecs.http1.incoming import RequestReader, ResponseReader
from ci_gate.codecs.http1.malformed import Malformed
from ci_gate.model.message import HttpResponse


def test_a_large_body_comes_in_parts(joined: Callable[..., list[Any]]) -> None:
    """Over a megabyte a body is begun at once when its length is known, else when it is passed."""
    for field, body in (
        (b"Content-Length: %d" % (LARGE + 1), b"x" * (LARGE + 1)),
        (
            b"Transfer-Encoding: chunked",
            b"100000\r\n" + b"x" * LARGE + b"\r\n1\r\nx\r\n0\r\nT: 1\r\n\r\n",
        ),
    ):
        reader = ResponseReader(deque(["GET"]))
        actions: list[Action] = []
        data = b"HTTP/1.1 200 OK\r\n" + field + b"\r\n\r\n" + body
        for start in range(0, len(data), 50_000):
            reader.feed(data[start : start + 50_000], start, actions)
        (heard,) = joined(actions)
        assert heard.body == b"x" * (LARGE + 1)
        assert (heard.parts, heard.stream, heard.complete) == (True, False, True)
        assert reader.at_rest


def test_a_body_of_a_megabyte_is_whole(joined: Callable[..., list[Any]]) -> None:
    """The limit itself is still small."""
    reader = RequestReader(lambda head: None)
    actions: list[Action] = []
    data = b"PUT / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % LARGE + b"x" * LARGE
    reader.feed(data[:1000], 1, actions)
    reader.feed(data[1000:], 2, actions)
    (heard,) = joined(actions)
    assert not heard.parts
    assert len(heard.body) == LARGE


def test_a_hundred_megabytes_in_bounded_memory() -> None:
    """However large a body is, the reader keeps none of it."""
    reader = ResponseReader(deque(["GET"]))
    actions: list[Action] = []
    reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n", 0, actions)
    assert isinstance(actions.pop(), Begun)
    piece = bytes(65536)
    for at in range(1600):
        reader.feed(piece, at, actions)
        part = actions.pop() if at < 1599 else actions[0]
        assert isinstance(part, More)
        assert part.data is piece
        assert not reader._kept
    assert isinstance(actions[-1], Ended)


def test_times_are_those_of_the_first_and_last_byte() -> None:
    """A message starts when its first byte is heard and ends when its last one is."""
    reader = RequestReader(lambda head: None)
    actions: list[Any] = []
    reader.feed(b"\r\n", 1, actions)
    reader.feed(b"PUT / HTTP/1.1\r\n", 2, actions)
    reader.feed(b"Content-Length: 2\r\n\r\na", 3, actions)
    reader.feed(b"bGET / HTTP/1.1\r\n", 4, actions)
    reader.feed(b"\r\n", 5, actions)
    assert [(whole.started, whole.ended) for whole in actions] == [(2, 4), (4, 5)]


@pytest.mark.parametrize("size", [70_000, 5_000_000])
def test_an_endless_head_is_refused(size: int) -> None:
    """A head is bounded, arriving at once or in pieces."""
    data = b"GET / HTTP/1.1\r\nX: " + b"x" * size
    with pytest.raises(Malformed):
        RequestReader(lambda head: None).feed(data, 0, [])
    reader = RequestReader(lambda head: None)
    with pytest.raises(Malformed):
        feed_pieces(reader, data, 4000)


def feed_pieces(reader: RequestReader, data: bytes, size: int) -> None:
    """Feed data in pieces."""
    for start in range(0, len(data), size):
        reader.feed(data[start : start + size], 0, [])


def test_the_fast_path_gives_what_the_slow_one_gives() -> None:
    """`whole` takes exactly one whole small message and leaves everything else to `feed`."""
    data = b"PUT / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"
    fast = RequestReader(lambda head: None)
    slow = RequestReader(lambda head: None)
    actions: list[Action] = []
    for number in range(2):
        slow.feed(data, number, actions)
        assert fast.whole(data, number) == actions.pop()
    for other in (b"", data[:-1], data + b"x", b"\r\n" + data, data + data):
        assert fast.whole(other, 3) is None
    assert fast.number == 2


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 1\r\n\r\nx",
    ],
)
def test_the_fast_path_leaves_what_is_special(data: bytes) -> None:
    """Interim responses, upgrades, close-delimited bodies and streams take the slow path."""
    assert ResponseReader(deque(["GET"])).whole(data, 0) is None


def test_responses_know_the_connection_is_ending() -> None:
    """Connection: close, HTTP/1.0 and a body until close make the connection end."""
    for head, closing in (
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
    ):
        reader = ResponseReader(deque(["GET"]))
        if reader.whole(head, 0) is None:
            reader.feed(head, 0, [])
        assert reader.closing is closing


def test_messages_are_the_models() -> None:
    """A response message has its body, trailers and version."""
    reader = ResponseReader(deque(["GET"]))
    whole = reader.whole(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 0)
    assert whole is not None
    assert whole.message == HttpResponse(
        200, b"OK", ((b"Content-Length", b"2"),), b"hi", version="1.0"
    )
