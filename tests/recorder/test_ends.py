"""The far end when it is ourselves, and the observer that nothing can bring down."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ci_gate.codecs.base import Side
from ci_gate.codecs.registry import codec
from ci_gate.errors import CannotRun
from ci_gate.net.connection import Connection
from ci_gate.recorder.ends import TELEMETRY_ANSWER, UNREACHABLE, Local, Observer, stumbled

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Client:
    """Keeps what is sent to it."""

    def __init__(self) -> None:
        self.sent = b""
        self.closed = False

    def send(self, data: bytes) -> None:
        """Keep it."""
        self.sent += data

    def close(self) -> None:
        """Remember it."""
        self.closed = True


def test_telemetry_is_answered_here() -> None:
    """Small, pipelined and large requests all get the same empty success."""
    client = Client()
    local = Local(cast(Connection, client), codec("http"), TELEMETRY_ANSWER)
    local.send(GET + GET)
    big = 2_000_000
    local.send(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % big + b"x" * 9)
    assert client.sent.count(b"200 OK") == 2
    local.send(b"x" * (big - 9))
    assert client.sent.count(b"200 OK") == 3
    assert not client.closed
    local.send_eof()
    assert client.closed
    local.leave()


def test_what_cannot_be_reached_is_recorded_so(kept: Any) -> None:
    """The 502 that the service sees is the recorded answer."""
    client = Client()
    local = Local(cast(Connection, client), codec("http"), UNREACHABLE)
    local.observer = Observer(kept.recording, codec("http"), "gone")
    local.observer.feed(Side.CLIENT, GET)
    local.send(GET)
    assert client.sent.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert kept.summary == [("GET /a", 502)]


def test_the_observer_counts_what_is_owed(kept: Any) -> None:
    """Small and large messages, pipelined; an upgrade is noticed."""
    observer = Observer(kept.recording, codec("http"), "d")
    large = b"POST /b HTTP/1.1\r\nContent-Length: 1500000\r\n\r\n"
    observer.feed(Side.CLIENT, GET + large)
    assert observer.outstanding == 2
    observer.feed(Side.SERVER, OK)
    observer.feed(Side.SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 1500000\r\n\r\n")
    assert observer.outstanding == 1
    observer.feed(Side.SERVER, b"x" * 1_500_000)
    assert observer.outstanding == 0
    observer.feed(Side.CLIENT, b"x" * 1_500_000 + GET)
    observer.feed(Side.SERVER, b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n")
    assert observer.upgraded
    observer.finish()


def test_an_observer_of_our_own_listener_records_nothing(kept: Any) -> None:
    """It only knows what is owed."""
    observer = Observer(kept.recording, codec("http"), None)
    observer.feed(Side.CLIENT, GET)
    assert observer.outstanding == 1
    observer.feed(Side.SERVER, OK)
    observer.finish()
    assert kept.exchanges == []


def test_a_bug_of_ours_costs_one_recording_of_one_connection(
    kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is noted without a word of the traffic, and nothing is raised into the traffic."""
    observer = Observer(kept.recording, codec("http"), "d")

    def stumble(*_: object) -> None:
        raise KeyError("hunter2")

    monkeypatch.setattr(kept.recording.cleaner, "clean", stumble)
    observer.feed(Side.CLIENT, GET)
    observer.feed(Side.SERVER, OK)
    observer.feed(Side.CLIENT, GET)
    observer.finish()
    (note,) = kept.notes
    assert note.startswith("d: a connection could not be followed further (KeyError at ")
    assert "hunter2" not in note
    assert observer.outstanding == 0


def test_a_full_disk_ends_the_recording(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever made the recording is told, and the traffic goes on."""

    def full(exchange: object) -> None:
        raise CannotRun("no space left")

    monkeypatch.setattr(kept.recording, "sink", full)
    observer = Observer(kept.recording, codec("http"), "d")
    observer.feed(Side.CLIENT, GET)
    observer.feed(Side.SERVER, OK)
    observer.feed(Side.CLIENT, GET)
    assert [str(one) for one in kept.failures] == ["no space left"]
    assert kept.notes == []


def test_an_error_on_purpose_is_told_as_it_is() -> None:
    """Only what is a bug is called one."""
    assert stumbled("a client", CannotRun("no CA here")) == "a client: no CA here"
    assert "bug of ci-gate" in stumbled("a client", ValueError("x"))
