"""What is kept of what was asked: bounded, whatever a service in a loop does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ci_gate.codecs.base import Published
from ci_gate.codecs.redis.resp import command, dump
from ci_gate.codecs.registry import codec
from ci_gate.mocks import server
from ci_gate.mocks.matcher import MISS, Matcher
from ci_gate.mocks.mock import LiveCall, Mock
from ci_gate.mocks.server import Pushes
from ci_gate.model.message import HttpRequest


def no_form(opened: tuple[tuple[str, str], ...]) -> Any:
    """Nothing is recorded."""
    raise AssertionError(opened)


def call(size: int) -> LiveCall:
    """A call with a body of this size."""
    return LiveCall("api", HttpRequest("POST", b"/a", (), b"x" * size), None, MISS, (), 0)


def test_calls_beyond_the_limit_are_counted(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many calls are kept to be compared; the rest is told by its number."""
    monkeypatch.setattr(server, "LOG_LIMIT", 3)

    async def act(scene: Any) -> None:
        for _ in range(5):
            scene.server.log(call(1))

    scene = play(act)
    assert (len(scene.server.calls), scene.server.overflow) == (3, 2)


def test_bodies_beyond_the_limit_are_not_kept(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is more than so many bytes."""
    monkeypatch.setattr(server, "LOG_BYTES", 1000)

    async def act(scene: Any) -> None:
        for _ in range(5):
            scene.server.log(call(400))

    scene = play(act)
    assert (len(scene.server.calls), scene.server.overflow) == (2, 3)


def test_notes_are_counted(play: Any) -> None:
    """The same trouble is told once, with its number; different ones are bounded."""

    async def act(scene: Any) -> None:
        for _ in range(2):
            scene.server.note("api", "trouble")
        for number in range(500):
            scene.server.note("api", f"trouble {number}")

    notes = play(act).server.notes
    assert notes["api", "trouble"] == 2
    assert len(notes) <= 110


def test_clients_that_left(play: Any, make_mock: Any) -> None:
    """They are told of as long as their dependency has answered nobody: who can do without what it
    did not get has come again."""
    quiet, called = make_mock("quiet", []), make_mock("called", [])

    async def act(scene: Any) -> None:
        for mock in (quiet, called, called):
            scene.server.left(mock, "wants TLS")
        scene.server.note("called", "trouble")
        assert scene.server.broken == {
            ("quiet", "wants TLS"): 1,
            ("called", "wants TLS"): 2,
            ("called", "trouble"): 1,
        }
        called.answered = 1

    assert play(act).server.broken == {("quiet", "wants TLS"): 1, ("called", "trouble"): 1}


def test_what_others_published_comes_once(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the exchange that it followed happens again, in its order; its request waits for it."""
    cache = Mock("cache", codec("redis"), Matcher((), no_form, set(), alone=True))
    monkeypatch.setattr(server, "HEARD", 0.0)

    async def act(scene: Any) -> None:
        told = [(0.001 * number, cache, Published(b"jobs", b"%d" % number)) for number in (1, 2)]
        scene.server.pushes["i1"] = Pushes("i1", tuple(told))
        scene.correlation.expect({"i1": 2})
        settled = asyncio.Event()
        scene.correlation.on_settled(lambda _: settled.set())
        subscribe = command((b"SUBSCRIBE", b"jobs"))
        reader, writer = await scene.client(await scene.listen(cache), subscribe)
        await reader.readuntil(b":1\r\n")
        for name in ("another", "i1", "i1"):
            scene.server.follow(name)
        for number in (b"1", b"2"):
            said = dump([b"message", b"jobs", number])
            assert await reader.readexactly(len(said)) == said
        await settled.wait()
        writer.write(command((b"PING",)))
        assert await reader.readline() == b"*2\r\n"

    play(act)


def test_stopping_ends_every_connection(play: Any, make_mock: Any) -> None:
    """Idle ones, too."""
    one = make_mock("api", [])

    async def act(scene: Any) -> None:
        reader, _ = await scene.client(await scene.listen(one), b"GET / HTTP/1.1\r\n\r\n")
        await reader.readuntil(b"}\n")
        scene.server.stop()
        assert await reader.read() == b""

    play(act)
