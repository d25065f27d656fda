"""Listening and connecting on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest

from ci_gate.errors import CannotRun
from ci_gate.net.connection import Connection
from ci_gate.net.listen import PortTaken, connect, listen, port_of


class Quiet(Connection):
    """Hears and says nothing."""

    def heard(self, data: bytes) -> None:
        """Nothing."""


def test_a_connection_to_a_listener() -> None:
    """One factory call a connection, on the port that was free."""

    async def scene() -> int:
        made: list[Connection] = []

        def factory() -> Connection:
            made.append(Quiet())
            return made[-1]

        server = await listen(factory, "127.0.0.1", 0)
        for _ in range(2):
            client = Quiet()
            await connect(client, "localhost", port_of(server), 5)
            client.abort()
        await asyncio.sleep(0.05)
        for one in made:
            one.abort()
        server.close()
        await server.wait_closed()
        return len(made)

    assert asyncio.run(scene()) == 2


def test_a_taken_port_is_named() -> None:
    """The error has the port, so that its holder can be found."""

    async def scene() -> PortTaken:
        server = await listen(Quiet, "127.0.0.1", 0)
        try:
            with pytest.raises(PortTaken) as caught:
                await listen(Quiet, "127.0.0.1", port_of(server))
            assert caught.value.port == port_of(server)
            return caught.value
        finally:
            server.close()

    assert "in use" in str(asyncio.run(scene()))


@pytest.mark.parametrize("host", ["203.0.113.77", "no host"])
def test_an_address_that_is_not_ours(host: str) -> None:
    """Listening there is said to be impossible, with the address."""
    with pytest.raises(CannotRun, match="cannot listen on"):
        asyncio.run(listen(Quiet, host, 0))


@pytest.mark.parametrize("host", ["127.0.0.1", "x" * 70 + ".test", "a..b", "ü" * 64])
def test_nobody_there(host: str, free_tcp_port: Callable[[], int]) -> None:
    """Refused connections and hosts that cannot be names are one kind of error."""
    with pytest.raises(CannotRun, match="cannot connect to"):
        asyncio.run(connect(Quiet(), host, free_tcp_port(), 5))


def test_nobody_accepts() -> None:
    """A host that says nothing is given up after the timeout."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
            with pytest.raises(CannotRun, match=r"did not accept a connection in 0\.1 s"):
                asyncio.run(connect(Quiet(), "127.0.0.1", port, 0.1))
        finally:
            for one in waiting:
                one.close()
