"""Listeners, and connections to upstreams."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable

from ci_gate.errors import CannotRun
from ci_gate.net.connection import Connection

BACKLOG = 1024


class PortTaken(CannotRun):
    """A port we need is in use; `port` lets the caller name its holder."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"port {port} on {host} is in use; stop its holder or choose another port")
        self.port = port


async def listen(factory: Callable[[], Connection], host: str, port: int) -> asyncio.Server:
    """Listen on host and port (0 = a free one); one `factory()` per connection.

    Raises `PortTaken` for a port in use, `CannotRun` for an address that cannot be had.
    """
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(factory, host, port, backlog=BACKLOG, reuse_address=True)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host, port) from error
        raise CannotRun(f"cannot listen on {host}:{port}: {error.strerror or error}") from error


def port_of(server: asyncio.Server) -> int:
    """The port a listener got."""
    port: int = server.sockets[0].getsockname()[1]
    return port


async def connect(connection: Connection, host: str, port: int, timeout: float) -> None:
    """Open `connection` to host and port within `timeout` seconds. Raises `CannotRun` naming both.

    A host that cannot be a name (too long, not encodable) is an address that cannot be had.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            await loop.create_connection(lambda: connection, host, port)
    except TimeoutError as error:
        raise CannotRun(f"{host}:{port} did not accept a connection in {timeout:g} s") from error
    except OSError as error:
        raise CannotRun(f"cannot connect to {host}:{port}: {error.strerror or error}") from error
    except (UnicodeError, OverflowError) as error:
        raise CannotRun(f"cannot connect to {host[:80]!r}:{port}: {error}") from error
