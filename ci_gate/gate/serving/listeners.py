"""The listeners of one verb: opened together, closed together, a taken port named with its holder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Mapping

from ci_gate.errors import CannotRun
from ci_gate.net.connection import Connection
from ci_gate.net.listen import PortTaken, listen, port_of
from ci_gate.service.ports import holder_of

LOOPBACK = "127.0.0.1"
LOCAL = (LOOPBACK, "localhost")
_SCHEMES = {"http": "http", "postgres": "postgresql", "redis": "redis"}


def spelled(port: int) -> tuple[str, ...]:
    """How the address of one of our listeners may be written: host:port."""
    return tuple(f"{host}:{port}" for host in LOCAL)


def spellings(addresses: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Names in a snapshot -> how their live addresses (URLs or host:port) may be written."""
    return {name: spelled(int(one.rpartition(":")[2])) for name, one in addresses.items()}


def address_of(protocol: str, port: int, *, tls: bool = False) -> str:
    """The address of a listener: a URL where the protocol has one, else host:port."""
    scheme = "rediss" if tls and protocol == "redis" else _SCHEMES.get(protocol)
    return f"{scheme}://{LOOPBACK}:{port}" if scheme else f"{LOOPBACK}:{port}"


class Listeners:
    """Everything a verb listens on. `close()` leaves no port behind."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []

    async def open(
        self,
        factory: Callable[[], Connection],
        port: int,
        what: str,
        host: str = LOOPBACK,
        avoid: Container[int] = (),
    ) -> int:
        """Listen for `what` and return the port; 0 becomes a free one that is not among those to
        `avoid`. Raises CannotRun naming who holds a taken one."""
        refused: list[asyncio.Server] = []
        try:
            server = await self._opened(factory, port, what, host)
            while port == 0 and port_of(server) in avoid:
                refused.append(server)  # kept, or the next one might get the same
                server = await self._opened(factory, port, what, host)
        finally:
            for one in refused:
                one.close()
        self._servers.append(server)
        return port_of(server)

    @staticmethod
    async def _opened(
        factory: Callable[[], Connection], port: int, what: str, host: str
    ) -> asyncio.Server:
        opening = asyncio.ensure_future(listen(factory, host, port))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            # A half-opened listener would be nobody's.
            await asyncio.wait([opening])
            if opening.exception() is None:
                opening.result().close()
            raise
        except PortTaken as error:
            holder = holder_of(port)
            by = f" by {holder}" if holder else ""
            raise CannotRun(
                f"port {port} is needed for {what} and is in use{by}; stop it, or choose another port"
            ) from error

    def close(self) -> None:
        """Stop listening."""
        for server in self._servers:
            server.close()
        self._servers.clear()
