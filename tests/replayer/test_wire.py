"""One connection to the service, without a socket: what it tells its lane. With one: test_client.py."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ci_gate.codecs.base import Action
from ci_gate.codecs.registry import codec
from ci_gate.model.message import HttpResponse, Message
from ci_gate.replayer.wire import Wire

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Transport:
    """Takes everything."""

    def __init__(self) -> None:
        self.sent = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.sent += data

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self.closed

    def close(self) -> None:
        """Close it."""
        self.closed = True

    abort = close


class Lane:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.wire: Wire | None = None
        self.leaves = False

    def answered(self, response: Message, at: int) -> None:
        """Keep the status, and leave if told to."""
        assert isinstance(response, HttpResponse)
        self.told.append(response.status)
        if self.leaves and self.wire is not None:
            self.wire.leave()

    def take(self, action: Action) -> None:
        """Keep its kind."""
        self.told.append(type(action).__name__)

    def failed(self, why: str) -> None:
        """Keep why."""
        self.told.append(why)

    def closed_idle(self) -> None:
        """Keep it."""
        self.told.append("closed idle")

    def closed(self) -> None:
        """Keep it."""
        self.told.append("closed")


@pytest.fixture
def lane() -> Lane:
    """A lane with a wire."""
    made = Lane()
    made.wire = Wire(made, codec("http"))
    made.wire.connection_made(cast(Any, Transport()))
    return made


def say(lane: Lane, ask: Any, times: int = 1) -> Wire:
    """Send a request, and have all but the last answered."""
    wire = lane.wire
    assert wire is not None
    for left in range(times - 1, -1, -1):
        wire.say(ask("/a"))
        if left:
            wire.data_received(OK)
    return wire


def test_an_answer(lane: Lane, ask: Any) -> None:
    """The lane is told, and the wire may be used again."""
    wire = say(lane, ask)
    assert cast(Any, wire.transport).sent == b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
    wire.data_received(OK)
    assert lane.told == [200]
    assert wire.ready
    assert not wire.left


@pytest.mark.parametrize(("times", "told"), [(1, ["closed"]), (2, [200, "closed idle"])])
def test_closed_without_a_word(lane: Lane, ask: Any, times: int, told: list[Any]) -> None:
    """Only a connection that had served before was idle."""
    wire = say(lane, ask, times)
    wire.eof_received()
    wire.connection_lost(None)
    assert lane.told == told
    assert wire.left
    assert not wire.ready


def test_closed_in_the_middle(lane: Lane, ask: Any) -> None:
    """What came of the answer is told before the end."""
    wire = say(lane, ask, 2)
    wire.data_received(OK[:-1])
    wire.connection_lost(ConnectionResetError())
    assert lane.told[1:] == ["Begun", "More", "Ended", "closed"]


def test_an_answer_that_ends_the_connection(lane: Lane, ask: Any) -> None:
    """The wire is not used again."""
    wire = say(lane, ask)
    wire.data_received(OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"))
    assert not wire.ready


def test_nothing_is_told_to_a_lane_that_has_left(lane: Lane, ask: Any) -> None:
    """Not even what came in the same packet."""
    lane.leaves = True
    wire = say(lane, ask)
    wire.data_received(OK + b"garbage")
    wire.data_received(b"more")
    wire.tls_failed("x")
    wire.failed(ValueError("x"))
    assert lane.told == [200]


def test_failures_are_told(lane: Lane, ask: Any) -> None:
    """By what they are."""
    wire = say(lane, ask)
    wire.tls_failed("no cipher")
    wire.failed(OSError("gone"))
    assert lane.told == [
        "TLS with the service failed (no cipher)",
        "it could not be replayed (OSError: gone)",
    ]
