"""The recording proxies on real sockets: what passes, what is recorded, and what ends when."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from ci_gate.codecs.registry import codec
from ci_gate.errors import CannotRun
from ci_gate.model.exchange import CLOSED
from ci_gate.net.certificates import Authority
from ci_gate.net.listen import listen, port_of
from ci_gate.net.loop import run
from ci_gate.recorder.dependencies import Dependencies
from ci_gate.recorder.proxy import Proxies, Target

GET = b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b"

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each request with its first line and Host."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        line, _, fields = head.partition(b"\r\n")
        host = fields.lower().partition(b"host: ")[2].partition(b"\r\n")[0]
        body = line + b"|" + host
        writer.write(OK % (len(body), body))


class Scene:
    """Proxies, upstreams, and clients that are bare streams."""

    def __init__(self, kept: Any, authority: Authority, trust: ssl.SSLContext) -> None:
        self.kept = kept
        self.authority = authority
        self.naming = Dependencies((), lambda host, port: port == 4318, lambda found: None)
        self.proxies = Proxies(kept.recording, authority, lambda _, __: trust, self.naming)
        self._servers: list[Any] = []
        self._writers: list[asyncio.StreamWriter] = []
        self.served = 0

    async def upstream(self, serve: Serve, tls: bool = False, host: str = "127.0.0.1") -> int:
        """An upstream's port."""

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.served += 1
            try:
                await serve(reader, writer)
            except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
                pass
            finally:
                self.served -= 1
                writer.close()

        context = self.authority.server_context("localhost") if tls else None
        server = await asyncio.start_server(handle, host, 0, ssl=context, limit=1 << 20)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def listen(self, factory: Any) -> int:
        """A listener of the proxies' and its port."""
        server = await listen(factory, "127.0.0.1", 0)
        self._servers.append(server)
        return port_of(server)

    async def client(self, port: int, data: bytes = b"") -> tuple[Any, Any]:
        """A client that has said something."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self._writers.append(writer)
        writer.write(data)
        return reader, writer

    async def quiet(self) -> None:
        """Wait until nothing is connected any more."""
        for _ in range(500):
            if not self.proxies.clients and not self.served:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("connections are left")

    async def close(self) -> None:
        """End everything."""
        for writer in self._writers:
            writer.transport.abort()
        await self.proxies.stop()
        for server in self._servers:
            server.close()
        await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority, ours and the upstreams'."""
    return Authority.open(str(tmp_path_factory.mktemp("state")))


@pytest.fixture
def play(kept: Any, authority: Authority) -> Callable[[Callable[[Scene], Awaitable[None]]], Any]:
    """Play a scene to its end; what was recorded of it."""

    def run_scene(act: Callable[[Scene], Awaitable[None]], trusting: bool = True) -> Any:
        pem = authority.certificate_pem.decode() if trusting else None
        trust = ssl.create_default_context(cadata=pem)

        async def main() -> None:
            scene = Scene(kept, authority, trust)
            try:
                await asyncio.wait_for(act(scene), 20)
            finally:
                await scene.close()

        run(main())
        return kept

    return run_scene


@asynccontextmanager
async def tunnel(
    scene: Scene, proxy: int, port: int, context: ssl.SSLContext, rest: bool = False
) -> AsyncIterator[tuple[Any, Any]]:
    """A CONNECT tunnel with TLS in it."""
    reader, writer = await scene.client(proxy, b"CONNECT localhost:%d HTTP/1.1\r\n\r\n" % port)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    await writer.start_tls(context, server_hostname="localhost")
    yield reader, writer


def client_context(scene: Scene) -> ssl.SSLContext:
    """A client that trusts us."""
    return ssl.create_default_context(cadata=scene.authority.certificate_pem.decode())


def test_inbound(play: Any) -> None:
    """Bytes pass unchanged, keep-alive and pipelined, and become exchanges."""

    async def act(scene: Scene) -> None:
        port = await scene.upstream(echo)
        target = Target("", codec("http"))
        proxy = await scene.listen(scene.proxies.inbound("127.0.0.1", port, target))
        reader, writer = await scene.client(proxy, GET % b"/1" + GET % b"/2")
        for number in (b"1", b"2"):
            assert await reader.readuntil(b"|x") == OK % (17, b"GET /%b HTTP/1.1|x" % number)
        writer.close()
        await scene.quiet()

    kept = play(act)
    assert kept.summary == [("GET /{id}", 200)] * 2


def test_the_service_is_not_there(play: Any) -> None:
    """A client gets 502 and the summary says why."""

    async def act(scene: Scene) -> None:
        proxy = await scene.listen(scene.proxies.inbound("127.0.0.1", 1, Target("", codec("http"))))
        reader, _ = await scene.client(proxy, GET % b"/")
        assert (await reader.read()).startswith(b"HTTP/1.1 502 ")
        await scene.quiet()

    kept = play(act)
    assert kept.exchanges == []
    assert kept.notes == ["cannot connect to 127.0.0.1:1: Connection refused"]


def test_several_upstreams_over_one_connection(play: Any) -> None:
    """Answers leave in the order of the requests, each upstream sees its own Host and target."""

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.05)
        writer.write(OK % (4, b"slow"))
        await reader.read(1)

    async def act(scene: Scene) -> None:
        first, second = await scene.upstream(slow), await scene.upstream(echo)
        proxy = await scene.listen(scene.proxies.forward())
        line = b"GET http://127.0.0.1:%d/a HTTP/1.1\r\nHost: other\r\nProxy-Connection: x\r\n\r\n"
        reader, writer = await scene.client(proxy, line % first + line % second + line % second)
        data = await reader.readuntil(b"|127.0.0.1:%d" % second)
        data += await reader.readuntil(b"|127.0.0.1:%d" % second)
        assert data.startswith(OK % (4, b"slow"))
        assert data.count(b"GET /a HTTP/1.1|") == 2
        writer.close()
        await scene.quiet()

    kept = play(act)
    assert [one[1] for one in kept.summary] == [200, 200, 200]
    assert len({one.dependency for one in kept.exchanges}) == 2


def test_https_through_connect(play: Any) -> None:
    """TLS is opened with our certificate, the upstream's is verified, the exchange is recorded."""

    async def act(scene: Scene) -> None:
        port = await scene.upstream(echo, tls=True)
        proxy = await scene.listen(scene.proxies.forward())
        async with tunnel(scene, proxy, port, client_context(scene)) as (reader, writer):
            for _ in range(2):
                writer.write(GET % b"/s")
                assert b"GET /s HTTP/1.1|x" in await reader.readuntil(b"|x")
            writer.close()
        await scene.quiet()

    kept = play(act)
    assert kept.summary == [("GET /s", 200)] * 2
    assert kept.notes == []


def test_an_upstream_we_do_not_trust(play: Any) -> None:
    """The client's connection ends, and the summary names the remedy."""

    async def act(scene: Scene) -> None:
        port = await scene.upstream(echo, tls=True)
        proxy = await scene.listen(scene.proxies.forward())
        reader, writer = await scene.client(proxy, b"CONNECT localhost:%d HTTP/1.1\r\n\r\n" % port)
        await reader.readuntil(b"\r\n\r\n")
        with suppress(ssl.SSLError, ConnectionError):  # its own handshake may be over by then
            await writer.start_tls(client_context(scene), server_hostname="localhost")
            writer.write(GET % b"/")
            assert await reader.read() == b""
        await scene.quiet()

    kept = play(act, trusting=False)
    assert kept.exchanges == []
    assert any("SSL_CERT_FILE" in one for one in kept.notes)


def test_a_client_that_does_not_trust_us(play: Any) -> None:
    """It is told apart from all other troubles."""

    async def act(scene: Scene) -> None:
        port = await scene.upstream(echo, tls=True)
        proxy = await scene.listen(scene.proxies.forward())
        reader, writer = await scene.client(proxy, b"CONNECT localhost:%d HTTP/1.1\r\n\r\n" % port)
        await reader.readuntil(b"\r\n\r\n")
        with pytest.raises(ssl.SSLError):
            await writer.start_tls(ssl.create_default_context(), server_hostname="localhost")
        await scene.quiet()

    kept = play(act)
    assert [one.partition(" failed")[0] for one in kept.notes] == ["TLS with the service"]


def test_connect_and_what_came_with_it(play: Any) -> None:
    """Bytes behind a CONNECT's head are for the tunnel; a plain tunnel is recorded, too."""

    async def act(scene: Scene) -> None:
        port = await scene.upstream(echo)
        proxy = await scene.listen(scene.proxies.forward())
        head = b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n" % port
        reader, writer = await scene.client(proxy, head + GET % b"/t")
        assert b"GET /t HTTP/1.1|x" in await reader.readuntil(b"|x")
        writer.close()
        await scene.quiet()
        assert [one.address for one in scene.naming.all()] == [f"http://127.0.0.1:{port}"]

    assert play(act).summary == [("GET /t", 200)]


def test_connect_to_nobody(play: Any) -> None:
    """502, and no dependency is made of it."""

    async def act(scene: Scene) -> None:
        proxy = await scene.listen(scene.proxies.forward())
        reader, _ = await scene.client(proxy, b"CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 502 ")
        await scene.quiet()
        assert scene.naming.all() == ()

    play(act)


def test_an_upstream_that_cannot_be_reached(play: Any) -> None:
    """The 502 is what the dependency answers in the snapshot; the connection lives on."""

    async def act(scene: Scene) -> None:
        port = await scene.upstream(echo)
        proxy = await scene.listen(scene.proxies.forward())
        line = b"GET http://127.0.0.1:%d/a HTTP/1.1\r\n\r\n"
        reader, writer = await scene.client(proxy, line % 1)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 502 ")
        writer.write(line % port)
        assert b"200 OK" in await reader.readuntil(b"|127.0.0.1")
        writer.close()
        await scene.quiet()

    assert play(act).summary == [("GET /a", 502), ("GET /a", 200)]


def test_telemetry_is_answered_and_left_out(play: Any) -> None:
    """Nothing is connected to and nothing recorded, over HTTP and in a tunnel."""

    async def act(scene: Scene) -> None:
        proxy = await scene.listen(scene.proxies.forward())
        head = b"POST http://localhost:4318/v1/traces HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
        reader, writer = await scene.client(proxy, head)
        assert (await reader.readuntil(b"{}")).startswith(b"HTTP/1.1 200 ")
        writer.close()
        async with tunnel(scene, proxy, 4318, client_context(scene)) as (reader, writer):
            writer.write(GET % b"/v1/traces")
            assert (await reader.readuntil(b"{}")).startswith(b"HTTP/1.1 200 ")
            writer.close()
        await scene.quiet()

    kept = play(act)
    assert kept.exchanges == []
    assert kept.notes == []


def test_our_own_listeners_through_the_proxy(play: Any) -> None:
    """What a client asks of our listener by way of the proxy is recorded once."""

    async def act(scene: Scene) -> None:
        port = await scene.upstream(echo)
        target = Target("", codec("http"))
        inbound = await scene.listen(scene.proxies.inbound("127.0.0.1", port, target))
        scene.naming.hidden.add(("127.0.0.1", inbound))
        proxy = await scene.listen(scene.proxies.forward())
        line = b"GET http://127.0.0.1:%d/once HTTP/1.1\r\n\r\n" % inbound
        reader, writer = await scene.client(proxy, line + line)
        for _ in range(2):
            await reader.readuntil(b"|127.0.0.1")
        writer.close()
        await scene.quiet()

    kept = play(act)
    assert kept.summary == [("GET /once", 200)] * 2
    assert all(one.inbound for one in kept.exchanges)


def test_a_base_url(play: Any) -> None:
    """A listener that stands for one dependency names it to the upstream; what it cannot read is
    refused."""

    async def act(scene: Scene) -> None:
        port = await scene.upstream(echo)
        base = await scene.listen(scene.proxies.gateway("http", "127.0.0.1", port))
        reader, writer = await scene.client(base, GET % b"/b")
        assert await reader.readuntil(b"|127.0.0.1:%d" % port)
        writer.write(b"\x16\x03\x01garbage")
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        await scene.quiet()

    kept = play(act)
    assert kept.summary == [("GET /b", 200)]
    assert kept.notes == ["a request to the proxy could not be parsed: answered 400"]


def test_an_upgrade_passes_raw(play: Any) -> None:
    """After 101 both sides' bytes pass as they are, through a listener that reads heads."""

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: twice\r\n\r\n")
        while data := await reader.read(100):
            writer.write(data * 2)

    async def act(scene: Scene) -> None:
        port = await scene.upstream(twice)
        base = await scene.listen(scene.proxies.gateway("http", "127.0.0.1", port))
        asked = (
            GET.replace(b"\r\n\r\n", b"\r\nUpgrade: twice\r\nConnection: Upgrade\r\n\r\n") % b"/u"
        )
        reader, writer = await scene.client(base, asked)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x00\r\n\r\n\xff")
        assert await reader.readexactly(12) == b"\x00\r\n\r\n\xff" * 2
        writer.close()
        await scene.quiet()

    kept = play(act)
    assert kept.summary == [("GET /u", 101)]
    assert [one.partition(": ")[2] for one in kept.notes] == ["upgraded to twice"]


def test_half_close_and_until_close(play: Any) -> None:
    """A client that has said everything gets an answer whose end is the connection's."""

    async def until_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nall of it")

    async def act(scene: Scene) -> None:
        port = await scene.upstream(until_close)
        target = Target("", codec("http"))
        inbound = await scene.listen(scene.proxies.inbound("127.0.0.1", port, target))
        base = await scene.listen(scene.proxies.gateway("http", "127.0.0.1", port))
        for listener in (inbound, base):
            reader, writer = await scene.client(listener, GET % b"/h")
            writer.write_eof()
            assert (await reader.read()).endswith(b"all of it")
            writer.close()
        await scene.quiet()

    assert play(act).summary == [("GET /h", 200)] * 2


def test_an_upstream_that_closes_in_silence(play: Any) -> None:
    """The client sees the same, and the call is kept as one without an answer."""

    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async def act(scene: Scene) -> None:
        port = await scene.upstream(nothing)
        base = await scene.listen(scene.proxies.gateway("http", "127.0.0.1", port))
        reader, _ = await scene.client(base, GET % b"/n")
        assert await reader.read() == b""
        await scene.quiet()

    assert play(act).summary == [("GET /n", CLOSED)]


@pytest.mark.parametrize("down", [True, False], ids=["answer", "request"])
def test_who_is_slow_is_waited_for(play: Any, down: bool) -> None:
    """Whichever side does not read, the other one is not read either: little piles up here."""
    size = 64 << 20
    state = {"sent": 0}

    async def pour(writer: asyncio.StreamWriter) -> None:
        for _ in range(size >> 16):
            writer.write(b"x" * 65536)
            await writer.drain()
            state["sent"] += 65536

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if down:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            await pour(writer)
        else:
            await asyncio.sleep(0.3)
            left = size
            while left:
                left -= len(await reader.read(1 << 20))
            writer.write(OK % (2, b"ok"))
        await reader.read(1)

    async def act(scene: Scene) -> None:
        port = await scene.upstream(serve)
        base = await scene.listen(scene.proxies.gateway("http", "127.0.0.1", port))
        if down:
            reader, writer = await scene.client(base, GET % b"/d")
            await asyncio.sleep(0.3)
            assert state["sent"] < size // 2
            left = size
            await reader.readuntil(b"\r\n\r\n")
            while left:
                left -= len(await reader.read(1 << 20))
        else:
            head = b"POST /u HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size
            reader, writer = await scene.client(base, head)
            pouring = asyncio.ensure_future(pour(writer))
            await asyncio.sleep(0.2)
            assert state["sent"] < size // 2
            await pouring
            await reader.readuntil(b"ok")
        writer.close()
        await scene.quiet()

    kept = play(act)
    assert len(kept.exchanges) == 1
    assert len(kept.sinks[0].data) == size


def test_a_client_that_aborts(play: Any) -> None:
    """Its upstream's connection ends with it, in the middle of an endless answer."""

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        while True:
            writer.write(b"data: tick\n\n")
            await writer.drain()
            await asyncio.sleep(0.001)

    async def act(scene: Scene) -> None:
        port = await scene.upstream(endless)
        base = await scene.listen(scene.proxies.gateway("http", "127.0.0.1", port))
        reader, writer = await scene.client(base, GET % b"/e")
        await reader.readuntil(b"tick")
        writer.transport.abort()
        await scene.quiet()

    (one,) = play(act).exchanges
    assert not one.response.body.complete


def test_stopping_ends_everything(play: Any) -> None:
    """What is still open when the recording ends is closed; streams are kept."""

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        await reader.read()

    async def act(scene: Scene) -> None:
        port = await scene.upstream(stream)
        base = await scene.listen(scene.proxies.gateway("http", "127.0.0.1", port))
        reader, _ = await scene.client(base, GET % b"/e")
        await reader.readuntil(b"data: 1\n\n")
        await scene.proxies.stop()
        await scene.quiet()

    assert play(act).summary == [("GET /e", 200)]


def test_a_failing_connect_is_a_note(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error while connecting costs the client's connection, with one line."""

    async def act(scene: Scene) -> None:
        def broken(*_: object) -> Target:
            raise CannotRun("no name for it")

        monkeypatch.setattr(scene.naming, "target", broken)
        proxy = await scene.listen(scene.proxies.forward())
        reader, _ = await scene.client(proxy, b"GET http://a.test/ HTTP/1.1\r\n\r\n")
        assert await reader.read() == b""
        await scene.quiet()

    assert play(act).notes == ["a client: no name for it"]
