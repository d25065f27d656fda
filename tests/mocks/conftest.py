"""A mock server on loopback, and clients that are bare streams."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import pytest

from ci_gate.codecs.registry import codec
from ci_gate.correlation.correlation import Correlation
from ci_gate.mocks.entries import Recorded
from ci_gate.mocks.forms import canonical_form
from ci_gate.mocks.matcher import Matcher
from ci_gate.mocks.mock import Answer, Mock
from ci_gate.mocks.server import MockServer
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Message, Stored
from ci_gate.net.certificates import Authority
from ci_gate.net.listen import listen, port_of
from ci_gate.net.loop import run

HTTP = codec("http")
Call = tuple[str, Message | None]
"""("GET /a", its answer); None: there was none."""


def mock(name: str, calls: Sequence[tuple[Any, ...]], telemetry: bool = False) -> Mock:
    """A dependency; a call is (line, answer, error, took) or the first two or three of them."""
    recorded = []
    for number, (line, answer, *more) in enumerate(calls):
        method, target = line.split()
        exchange = Exchange(
            id=f"o{number}",
            dependency=name,
            route=line,
            groups=("i1",),
            request=HttpRequest(method, target.encode(), ((b"Host", b"x"),)),
            response=answer,
            error=more[0] if more else "",
            took=more[1] if len(more) > 1 else 0.0,
        )
        read = method == "GET"
        recorded.append(Recorded(exchange=exchange, key=HTTP.key(exchange.request), read=read))
    matcher = Matcher(recorded, lambda opened: canonical_form(HTTP, opened), {"i1"}, alone=True)
    for entry in matcher.entries:
        said = entry.exchange.response
        whole = said is not None and isinstance(said.body, bytes)
        prepared = HTTP.prepare(said) if whole and said is not None else None
        entry.prepared = Answer(said, prepared, entry.exchange.took, entry.exchange.error)
    return Mock(name, HTTP, matcher, telemetry=telemetry)


class Scene:
    """A mock server and what was asked of it."""

    def __init__(self, authority: Authority, mocks: dict[tuple[str, str, int], Mock]) -> None:
        self.authority = authority
        self.correlation = Correlation(0, by_time=False)
        self.bodies: dict[str, list[bytes]] = {}
        self.read = 0
        self.latency = False
        self.server = MockServer(
            lambda scheme, host, port: mocks.get((scheme, host, port)),
            authority,
            self.correlation,
            HTTP,
            alone=False,
            chunks=self._chunks,
        )
        self._servers: list[asyncio.Server] = []
        self._writers: list[asyncio.StreamWriter] = []

    def _chunks(self, stored: Stored) -> Iterator[bytes]:
        for chunk in self.bodies[stored.sha256]:
            self.read += len(chunk)
            yield chunk

    async def listen(self, one: Mock | None) -> int:
        """A listener for a mock, None = the proxy; its port."""
        factory = self.server.proxy() if one is None else self.server.dependency(one)
        server = await listen(factory, "127.0.0.1", 0)
        self._servers.append(server)
        return port_of(server)

    async def client(self, port: int, data: bytes = b"") -> tuple[Any, Any]:
        """A client that has said something."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        self._writers.append(writer)
        writer.write(data)
        return reader, writer

    def context(self) -> ssl.SSLContext:
        """A client's context that trusts us."""
        return ssl.create_default_context(cadata=self.authority.certificate_pem.decode())

    async def close(self) -> None:
        """End everything."""
        for writer in self._writers:
            writer.transport.abort()
        self.server.stop()
        for server in self._servers:
            server.close()
        await asyncio.sleep(0.02)
        assert self.server.connections == set()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority of ours."""
    return Authority.open(str(tmp_path_factory.mktemp("state")))


@pytest.fixture
def make_mock() -> Callable[..., Mock]:
    """A dependency with recorded calls."""
    return mock


@pytest.fixture
def play(authority: Authority) -> Callable[..., Scene]:
    """Play a scene to its end."""

    def run_scene(
        act: Callable[[Scene], Awaitable[None]],
        mocks: dict[tuple[str, str, int], Mock] | None = None,
    ) -> Scene:
        async def main() -> Scene:
            scene = Scene(authority, mocks or {})
            try:
                await asyncio.wait_for(act(scene), 20)
            finally:
                await scene.close()
            return scene

        return run(main())

    return run_scene


@pytest.fixture
def answered() -> Callable[..., HttpResponse]:
    """A JSON answer."""

    def make(body: Any = b"ok", *headers: tuple[bytes, bytes], **more: Any) -> HttpResponse:
        return HttpResponse(200, b"OK", headers, body, **more)

    return make
