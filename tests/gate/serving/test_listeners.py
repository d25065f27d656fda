"""Listeners are opened and closed together."""

from __future__ import annotations

import asyncio
import socket

import pytest

from ci_gate.errors import CannotRun
from ci_gate.gate.serving.listeners import Listeners, address_of, spelled, spellings
from ci_gate.net.connection import Connection


def answers(port: int) -> bool:
    """Whether somebody listens."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_opened_and_closed() -> None:
    """A free port is chosen; afterwards nobody listens there."""

    async def both() -> int:
        listeners = Listeners()
        port = await listeners.open(Connection, 0, "a test")
        assert answers(port)
        listeners.close()
        listeners.close()
        return port

    assert not answers(asyncio.run(both()))


def test_a_free_port_is_none_of_those_to_avoid() -> None:
    """A port on which a real dependency was called is given back, and another one is had."""

    class First:
        """Contains what it is asked for first."""

        def __init__(self) -> None:
            self.asked: list[object] = []

        def __contains__(self, port: object) -> bool:
            self.asked.append(port)
            return len(self.asked) == 1

    async def both() -> None:
        listeners, avoid = Listeners(), First()
        port = await listeners.open(Connection, 0, "a test", avoid=avoid)
        assert avoid.asked[1:] == [port]
        assert avoid.asked[0] != port
        assert not answers(int(str(avoid.asked[0])))
        listeners.close()

    asyncio.run(both())


def test_a_taken_port_names_what_for_and_who() -> None:
    """CannotRun with the port, its use, its holder and the way out; nothing stays open."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        expected = rf"port {port} is needed for the mock and is in use by .*pid"
        with pytest.raises(CannotRun, match=expected):
            asyncio.run(Listeners().open(Connection, port, "the mock"))


def test_cancelled_while_opening() -> None:
    """A listener that was half open when we were cancelled is closed."""

    async def interrupted(turns: int) -> None:
        listeners = Listeners()
        task = asyncio.ensure_future(listeners.open(Connection, 0, "a test"))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        listeners.close()

    for turns in range(8):
        asyncio.run(interrupted(turns))  # an open socket would be a ResourceWarning


def test_how_addresses_are_written() -> None:
    """HTTP has a URL, the rest host:port; messages may say localhost or 127.0.0.1."""
    assert address_of("http", 80) == "http://127.0.0.1:80"
    assert address_of("raw", 80) == "127.0.0.1:80"
    assert spelled(80) == ("127.0.0.1:80", "localhost:80")
    assert spellings({"a": "http://127.0.0.1:80", "b": "127.0.0.1:81"}) == {
        "a": spelled(80),
        "b": spelled(81),
    }
