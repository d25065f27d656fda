"""The replay client against services that behave, and others."""

from __future__ import annotations

import asyncio
import itertools
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ci_gate.correlation.correlation import Correlation
from ci_gate.model.message import HttpResponse, Pieces, Stored
from ci_gate.replayer.client import REST
from ci_gate.replayer.samples import DIFFERENT, EQUAL, FAILED

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
WANTED = HttpResponse(200, b"OK", ((b"Content-Length", b"2"),), b"ok")
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

Serve = Callable[[Any, Any, int], Awaitable[None]]


async def fine(reader: Any, writer: Any, number: int) -> None:
    """Answer everything."""
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(OK)


def after_head(*said: bytes, close: bool = True) -> Serve:
    """Say this to the first request, piece by piece, then close or wait."""

    async def serve(reader: Any, writer: Any, number: int) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for data in said:
            writer.write(data)
            await asyncio.sleep(0.005)
        if not close:
            await reader.read()

    return serve


def test_equal_and_different(replay: Any, ask: Any) -> None:
    """Every answer is compared; one that differs is kept, and no time is lost."""
    other = HttpResponse(201)
    samples = replay([ask("/a", WANTED), ask("/b", other), ask("/c", WANTED)], fine)
    assert list(samples.states) == [EQUAL, DIFFERENT, EQUAL]
    assert (samples.done, samples.answered, samples.failed) == (3, 3, 0)
    assert samples.responses == {1: WANTED}
    assert all(0 < latency < 5e9 for latency in samples.latencies)
    assert samples.begun_at < samples.started[0] < samples.started[2] < samples.ended_at


def test_a_recorded_time_is_told_before_its_request(replay: Any, ask: Any) -> None:
    """Whoever sets the service's clock has done so when the request arrives."""
    seen: list[object] = []

    async def serve(reader: Any, writer: Any, number: int) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            seen.append(head.split()[1])
            writer.write(OK)

    requests = [ask("/a", WANTED, at=5.0), ask("/b", WANTED, at=86_400_000.0)]
    replay(requests, serve, moment=lambda at, by: seen.extend((at, by)))
    assert seen == [5.0, 0.0, b"/a", 86_400_000.0, 0.0, b"/b"]


@pytest.mark.parametrize("together", [1, 2])
def test_a_recorded_pause_is_told_as_far_as_it_has_not_passed(
    replay: Any, ask: Any, together: int
) -> None:
    """An answer that comes late takes nothing from the pause behind it; requests in parallel have
    no pauses."""
    seen: list[float] = []

    async def serve(reader: Any, writer: Any, number: int) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(OK)

    hour = 3_600_000.0
    requests = [ask(f"/{number}", WANTED, pause=hour) for number in range(3)]
    replay(requests, serve, moment=lambda at, by: seen.append(by), concurrency=together)
    assert seen[0] == 0.0
    if together == 1:
        assert all(hour - 60_000 < by < hour for by in seen[1:])
    else:
        assert seen == [0.0, 0.0, 0.0]


def test_one_connection_is_kept(replay: Any, ask: Any) -> None:
    """Requests follow each other on it; after Connection: close there is a new one."""
    used: list[int] = []

    async def serve(reader: Any, writer: Any, number: int) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            used.append(number)
            closing = b"/2" in head
            writer.write(OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n") if closing else OK)
            if closing:
                return

    samples = replay([ask(f"/{n}") for n in range(5)], serve)
    assert samples.answered == 5
    assert used == [0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    ("serve", "why"),
    [
        (after_head(b"\x00\x01garbage\r\n\r\n"), "is not HTTP"),
        (after_head(), "without a complete answer"),
        (
            after_head(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
            "in the middle of its answer",
        ),
        (after_head(b"HTTP/1.1 200"), "is not HTTP"),
        (after_head(b"HTTP/1.1 200 OK\r\nContent-Length: 1500000\r\n\r\n"), "in the middle"),
        (after_head(close=False), "no complete answer within 0.3 s"),
        (after_head(b"HTTP/1.1 200 OK\r\n", close=False), "no complete answer within 0.3 s"),
        (after_head(EVENTS + b"data: 1\n\n", close=False), "no complete answer within 0.3 s"),
    ],
    ids=["garbage", "closes", "breaks off", "half a head", "large", "mute", "stuck", "endless"],
)
def test_no_answer(replay: Any, ask: Any, serve: Serve, why: str) -> None:
    """Whatever a service does instead of answering is told for what it is."""
    samples = replay([ask("/a")], serve, timeout=0.3)
    assert list(samples.states) == [FAILED]
    assert why in samples.failures[0]
    assert (samples.done, samples.failed, samples.answered) == (1, 1, 0)


def test_nobody_there(replay: Any, ask: Any) -> None:
    """After a few failures in a row the rest is not tried."""
    samples = replay([ask(f"/{n}") for n in range(100)], None)
    assert samples.failed == 100
    assert "cannot connect to" in samples.failures[0]
    assert samples.failures[99].startswith("not replayed: the service no longer answers")


def test_a_service_that_recovers(replay: Any, ask: Any) -> None:
    """Failures between answers are single ones."""

    async def serve(reader: Any, writer: Any, number: int) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            if b"/bad" in head:
                return
            writer.write(OK)

    asked = [ask(f"/{name}{n}") for n in range(5) for name in ("bad", "good")]
    samples = replay(asked, serve)
    assert list(samples.states) == [FAILED, EQUAL] * 5


def test_an_idle_connection_that_closes(replay: Any, ask: Any) -> None:
    """A request that meets the end of an idle connection is sent again, once."""
    seen: list[str] = []

    async def serve(reader: Any, writer: Any, number: int) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        seen.append("answered")
        await reader.readuntil(b"\r\n\r\n")
        seen.append("closed")  # as it would have before the request came

    samples = replay([ask(f"/{n}") for n in range(3)], serve)
    assert list(samples.states) == [EQUAL] * 3
    assert seen == ["answered", "closed", "answered", "closed", "answered"]


def test_a_request_that_was_at_work_is_not_sent_again(replay: Any, ask: Any) -> None:
    """The service called for it before it closed the connection: that was no idle one."""
    correlation = Correlation(0, by_time=False)
    correlation.expect({"/1": 1})
    seen: list[str] = []

    async def serve(reader: Any, writer: Any, number: int) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            seen.append(head.split()[1].decode())
            if seen[-1] == "/1":
                correlation.seen("/1")
                return
            writer.write(OK)

    requests = [ask(f"/{n}") for n in range(3)]
    samples = replay(requests, serve, correlation=correlation, settle=0.01)
    assert list(samples.states) == [EQUAL, FAILED, EQUAL]
    assert seen == ["/0", "/1", "/2"]


def test_an_answer_nobody_asked_for(replay: Any, ask: Any) -> None:
    """What comes behind an answer is not taken for the next one."""

    async def serve(reader: Any, writer: Any, number: int) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(OK + b"HTTP/1.1 500 Surprise\r\nContent-Length: 0\r\n\r\n")

    samples = replay([ask(f"/{n}", WANTED) for n in range(3)], serve)
    assert EQUAL in samples.states
    assert all(state != DIFFERENT for state in samples.states)
    assert samples.done == 3


def test_a_slow_service(replay: Any, ask: Any) -> None:
    """An answer in single bytes is an answer."""
    samples = replay([ask("/a", WANTED)], after_head(*(bytes((one,)) for one in OK)))
    assert list(samples.states) == [EQUAL]
    assert samples.latencies[0] > 0.1e9


def test_a_stream_is_left_where_the_recording_left_it(replay: Any, ask: Any) -> None:
    """An endless stream is heard up to what was recorded, then the next request goes on."""

    async def serve(reader: Any, writer: Any, number: int) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(EVENTS)
        while True:
            writer.write(b"data: tick\n\n")
            await writer.drain()
            await asyncio.sleep(0.001)

    samples = replay([ask("/s", stream_size=60), ask("/s", stream_size=0)], serve)
    assert list(samples.states) == [EQUAL, EQUAL]

    samples = replay([ask("/s", HttpResponse(200), stream_size=60)], serve)
    body = samples.responses[0].body
    assert isinstance(body, Pieces)
    assert not body.complete
    assert 60 <= sum(len(one.data) for one in body.items) < 1000


def test_a_recorded_stream_may_take_its_time(replay: Any, ask: Any) -> None:
    """The timeout counts on top of what the recorded stream took."""
    slow = after_head(EVENTS, *[b"data: tick\n\n"] * 120)
    assert list(replay([ask("/s")], slow, timeout=0.3).states) == [FAILED]
    assert list(replay([ask("/s", patience=20_000.0)], slow, timeout=0.3).states) == [EQUAL]


def test_a_stream_without_bounds(replay: Any, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that ended when it was recorded and no longer does is given up, not gathered."""
    monkeypatch.setattr("ci_gate.replayer.client.KEEP", 1 << 20)

    async def serve(reader: Any, writer: Any, number: int) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(EVENTS)
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    samples = replay([ask("/s")], serve)
    assert "is a stream of more than 1 MB" in samples.failures[0]


def test_a_broken_off_answer_that_was_recorded_so(replay: Any, ask: Any) -> None:
    """A service that always goes away in the middle is replayed like that."""
    cut = after_head(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
    samples = replay([ask("/c", stream_size=9), ask("/c", stream_size=9)], cut)
    assert list(samples.states) == [EQUAL, EQUAL]


def test_large_answers_are_hashed(replay: Any, ask: Any) -> None:
    """Their bytes are not kept."""

    async def serve(reader: Any, writer: Any, number: int) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (8 << 20))
        for _ in range(128):
            writer.write(b"x" * 65536)
            await writer.drain()

    samples = replay([ask("/l", WANTED)], serve)
    body = samples.responses[0].body
    assert isinstance(body, Stored)
    assert body.size == 8 << 20


def test_uploads_wait_for_the_service(replay: Any, ask: Any, blocks: Any) -> None:
    """A large body is sent as fast as it is taken; an early answer ends it."""
    taken = 0

    def chunks() -> Any:
        nonlocal taken
        for block in blocks(1024):
            taken += len(block)
            yield block

    async def whole(reader: Any, writer: Any, number: int) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.2)
        assert taken < 32 << 20
        left = 64 << 20
        while left:
            left -= len(await reader.read(1 << 20))
        writer.write(OK)
        await fine(reader, writer, number)

    stored = Stored("0" * 64, 64 << 20)
    upload = ask("/u", WANTED, "POST", body=stored, chunks=chunks)
    assert list(replay([upload, ask("/a", WANTED)], whole).states) == [EQUAL, EQUAL]
    refusal = after_head(OK)
    assert list(replay([upload, ask("/a", WANTED)], refusal).states) == [EQUAL, EQUAL]


def test_a_body_that_cannot_be_read(replay: Any, ask: Any) -> None:
    """A file of the snapshot that is gone costs its request, and is named."""

    def gone() -> Any:
        raise OSError("bodies/ab12 is gone")
        yield b""

    upload = ask("/u", WANTED, "POST", body=Stored("0" * 64, 9), chunks=gone)
    samples = replay([upload, ask("/a", WANTED)], fine)
    assert list(samples.states) == [FAILED, EQUAL]
    assert "bodies/ab12 is gone" in samples.failures[0]


def test_waiting_for_the_calls_of_a_request(replay: Any, ask: Any) -> None:
    """The next request waits until the calls of the one before were seen, or for `settle`."""
    correlation = Correlation(0, by_time=False)
    correlation.expect({"/a": 1, "/b": 1})

    async def serve(reader: Any, writer: Any, number: int) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            writer.write(OK)
            if b"/a" in head:
                asyncio.get_running_loop().call_later(0.05, correlation.seen, "/a")

    requests = [ask("/a"), ask("/b"), ask("/c")]
    samples = replay(requests, serve, correlation=correlation, settle=1.0)
    first, second, third = samples.started
    assert 0.04e9 < second - first < 0.99e9
    assert third - second > 0.99e9
    assert correlation.begun == {"/a", "/b", "/c"}


def test_waiting_for_a_service_that_still_works(replay: Any, ask: Any) -> None:
    """What a service does after its answer is done before it is asked again."""
    busy = iter([True] * 20 + [False] * 20)
    asked: list[bool] = []

    def resting() -> bool:
        asked.append(not next(busy))
        return asked[-1]

    correlation = Correlation(0, by_time=False)
    samples = replay([ask("/a"), ask("/b")], fine, correlation=correlation, resting=resting)
    assert samples.answered == 2
    assert asked[:21] == [False] * 20 + [True]
    assert samples.started[1] - samples.started[0] > 19 * 0.001e9


def test_a_service_that_does_not_rest_is_waited_for_less_and_less(replay: Any, ask: Any) -> None:
    """One that never does costs twice the wait in all."""
    requests = [ask(f"/{n}") for n in range(30)]
    correlation = Correlation(0, by_time=False)
    samples = replay(requests, fine, correlation=correlation, resting=lambda: False)
    assert samples.answered == 30
    assert samples.started[1] - samples.started[0] > REST * 1e9
    assert samples.started[29] - samples.started[0] < 4 * REST * 1e9


def test_a_service_that_rests_again_is_waited_for_again(replay: Any, ask: Any) -> None:
    """Work at its start does not make it one that never rests."""
    begins: list[float] = []

    async def serve(reader: Any, writer: Any, number: int) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            begins.append(time.monotonic())
            writer.write(OK)

    def resting() -> bool:
        return len(begins) == 3

    correlation = Correlation(0, by_time=False)
    requests = [ask(f"/{n}") for n in range(5)]
    samples = replay(requests, serve, correlation=correlation, resting=resting)
    waits = [two - one for one, two in itertools.pairwise(samples.started)]
    assert waits[1] < waits[0]
    assert waits[3] > REST * 1e9


def test_with_several_at_once_nothing_rests(replay: Any, ask: Any) -> None:
    """Others keep the service busy."""
    correlation = Correlation(0, by_time=False)
    requests = [ask(f"/{n}") for n in range(4)]
    given = {"correlation": correlation, "concurrency": 2, "resting": lambda: False}
    samples = replay(requests, fine, **given)
    assert samples.ended_at - samples.begun_at < REST * 1e9


def test_when_a_request_is_due(replay: Any, ask: Any) -> None:
    """A recorded distance is kept, and latency counts from the moment it was due."""
    samples = replay([ask("/a"), ask("/b", due=800.0)], fine)
    assert samples.started[1] - samples.begun_at >= 0.799e9
    assert samples.latencies[1] < 0.7e9


def test_a_late_answer_leaves_the_distance_to_the_next_request(replay: Any, ask: Any) -> None:
    """Who waits for an answer thinks as long as ever: what a service remembers in between is as old
    as it was."""

    async def serve(reader: Any, writer: Any, number: int) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            await asyncio.sleep(0.3 if b"/a" in head else 0)
            writer.write(OK)

    samples = replay([ask("/a"), ask("/b", due=50.0), ask("/c", due=200.0)], serve)
    assert samples.started[1] - samples.started[0] >= 0.299e9
    assert samples.started[2] - samples.started[1] >= 0.149e9


def test_several_at_once(replay: Any, ask: Any) -> None:
    """With a concurrency of four, four slow answers take the time of one."""

    async def serve(reader: Any, writer: Any, number: int) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            await asyncio.sleep(0.3)
            writer.write(OK)

    began = time.monotonic()
    samples = replay([ask(f"/{n}") for n in range(8)], serve, concurrency=4)
    assert samples.answered == 8
    assert time.monotonic() - began < 8 * 0.3


def test_nothing_to_replay(replay: Any) -> None:
    """It is over at once, and progress was told for what there was."""
    assert replay([], fine).done == 0


def test_progress_is_told(replay: Any, ask: Any) -> None:
    """At the end at the latest."""
    told: list[tuple[int, int]] = []
    replay([ask("/a"), ask("/b", HttpResponse(500))], fine, progress=lambda *one: told.append(one))
    assert told[-1] == (2, 0)


def test_tls_where_there_is_none(replay: Any, ask: Any) -> None:
    """It is said that TLS failed, not that nothing was answered."""

    async def plain(reader: Any, writer: Any, number: int) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    samples = replay([ask("/a")], plain, tls=ssl.create_default_context())
    assert "TLS with the service failed" in samples.failures[0]


def test_head_upgrades_and_interim_answers(replay: Any, ask: Any) -> None:
    """A HEAD has no body, 103 is not the answer, after 101 there is a new connection."""

    async def serve(reader: Any, writer: Any, number: int) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            if head.startswith(b"HEAD"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
            elif b"/hints" in head:
                writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK)
            elif b"/up" in head:
                writer.write(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n\x00\x01")
            else:
                writer.write(OK)

    requests = [ask("/h", method="HEAD"), ask("/hints", WANTED), ask("/up"), ask("/a", WANTED)]
    assert list(replay(requests, serve).states) == [EQUAL] * 4
