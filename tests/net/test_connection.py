"""Connections: half-close, back-pressure, TLS in between, and failures that stay where they are."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from ci_gate.net.certificates import Authority
from ci_gate.net.connection import Connection
from ci_gate.net.listen import connect, listen, port_of
from ci_gate.net.loop import run

CHUNK = b"x" * 65536


class Ear(Connection):
    """Keeps what it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[bytes] = []
        self.gone = asyncio.Event()
        self.changed = asyncio.Event()
        self.reasons: list[str] = []
        self.errors: list[Exception] = []

    def heard(self, data: bytes) -> None:
        """Keep it; "raise" raises."""
        if data == b"raise":
            raise RuntimeError("on purpose")
        self.said.append(data)
        self.changed.set()

    def lost(self) -> None:
        """Say so."""
        self.gone.set()

    def tls_failed(self, reason: str) -> None:
        """Keep why."""
        self.reasons.append(reason)

    def failed(self, error: Exception) -> None:
        """Keep what."""
        self.errors.append(error)

    async def until(self, end: bytes) -> None:
        """Wait until it has been said; b"" = the peer's end."""
        while (end not in self.said) if not end else (end not in b"".join(self.said)):
            self.changed.clear()
            await asyncio.wait_for(self.changed.wait(), 5)


def scene(play: Callable[[Ear, Ear], Awaitable[None]]) -> None:
    """`play(client, server)` with two connected ends, both gone afterwards."""

    async def main() -> None:
        made: asyncio.Future[Ear] = asyncio.get_running_loop().create_future()

        class Accepted(Ear):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                super().connection_made(transport)
                made.set_result(self)

        listener = await listen(Accepted, "127.0.0.1", 0)
        client = Ear()
        await connect(client, "127.0.0.1", port_of(listener), 5)
        server = await made
        try:
            await play(client, server)
        finally:
            for one in (client, server):
                one.abort()
                await asyncio.wait_for(one.gone.wait(), 5)
            listener.close()

    run(main())


def test_half_close() -> None:
    """A side that has said everything still hears the answer; each end is told once."""

    async def play(client: Ear, server: Ear) -> None:
        client.send(b"question")
        client.send_eof()
        await server.until(b"")
        server.send(b"answer")
        server.close()
        await client.until(b"")
        client.close()
        await client.gone.wait()
        await server.gone.wait()
        assert server.said == [b"question", b""]
        assert client.said == [b"answer", b""]

    scene(play)


def test_an_exception_ends_one_connection() -> None:
    """What handling a peer's bytes raises is handed to `failed`; the peer sees the end."""

    async def play(client: Ear, server: Ear) -> None:
        client.send(b"raise")
        await client.until(b"")
        await server.gone.wait()
        assert [str(one) for one in server.errors] == ["on purpose"]
        assert server.said == []

    scene(play)


def test_who_cannot_send_on_stops_who_sends() -> None:
    """A full send buffer pauses the other connection, room in it resumes that."""

    async def play(client: Ear, server: Ear) -> None:
        calls = []

        class Other(Ear):
            def pause(self) -> None:
                calls.append("pause")

            def resume(self) -> None:
                calls.append("resume")

        server.paused_by = Other()
        client.pause()
        for _ in range(200):
            server.send(CHUNK)
        assert server.full
        assert calls == ["pause"]
        client.resume()
        while "resume" not in calls:
            await asyncio.sleep(0.01)
        assert not server.full
        server.abort()
        await server.gone.wait()
        assert calls == ["pause", "resume", "resume"]

    scene(play)


def test_a_stream_waits_for_its_reader() -> None:
    """No more is taken from an iterator than the peer takes, and the end is told."""

    async def play(client: Ear, server: Ear) -> None:
        taken = 0
        done = asyncio.Event()

        def chunks() -> Iterator[bytes]:
            nonlocal taken
            for _ in range(1000):
                taken += 1
                yield CHUNK

        client.pause()
        server.stream(chunks(), done.set)
        await asyncio.sleep(0.05)
        assert taken < 400
        client.resume()
        await asyncio.wait_for(done.wait(), 10)
        server.close()
        await client.until(b"")
        assert sum(map(len, client.said)) == 1000 * len(CHUNK)

    scene(play)


def test_a_thousand_streams_in_a_row() -> None:
    """Each stream's end begins the next; that costs no stack."""

    async def play(client: Ear, server: Ear) -> None:
        left = 3000

        def go_on() -> None:
            nonlocal left
            left -= 1
            if left:
                server.stream(iter((b".",)), go_on)

        server.stream(iter((b".",)), go_on)
        server.close()
        await client.until(b"")
        assert b"".join(client.said) == b"." * 3000

    scene(play)


def test_a_stream_that_cannot_be_read() -> None:
    """An iterator that raises ends its connection and nothing else."""

    async def play(client: Ear, server: Ear) -> None:
        def broken() -> Iterator[bytes]:
            yield b"begin"
            raise OSError("gone")

        server.stream(broken(), lambda: None)
        await client.gone.wait() if client.transport.is_closing() else await client.until(b"")
        assert [str(one) for one in server.errors] == ["gone"]

    scene(play)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority of ours."""
    return Authority.open(str(tmp_path_factory.mktemp("state")))


def client_context(authority: Authority) -> ssl.SSLContext:
    """A client's context that trusts it."""
    return ssl.create_default_context(cadata=authority.certificate_pem.decode())


def test_tls_from_some_byte_on(authority: Authority) -> None:
    """TLS begins in the middle of a connection; a half-close is a goodbye that stops no answer."""

    async def play(client: Ear, server: Ear) -> None:
        client.send(b"plain")
        await server.until(b"plain")
        server.start_tls(authority.server_context("api.test"), server_side=True)
        client.start_tls(client_context(authority), server_side=False, hostname="api.test")
        client.send(b"secret")
        await server.until(b"secret")
        client.send_eof()
        await server.until(b"")
        server.send(b"answer")
        server.close()
        await client.until(b"")
        assert client.said == [b"answer", b""]

    scene(play)


def test_nobody_reads_for_a_peer_that_shakes_hands(authority: Authority) -> None:
    """While our handshake is not over, whoever sends through us is not read."""

    async def play(client: Ear, server: Ear) -> None:
        calls = []

        class Other(Ear):
            def pause(self) -> None:
                calls.append("pause")

            def resume(self) -> None:
                calls.append("resume")

        client.paused_by = Other()
        client.start_tls(client_context(authority), server_side=False, hostname="api.test")
        assert client.full
        assert calls == ["pause"]
        server.start_tls(authority.server_context("api.test"), server_side=True)
        client.send(b"x")
        await server.until(b"x")
        assert calls == ["pause", "resume"]
        assert not client.full

    scene(play)


def test_a_client_that_does_not_trust_us(authority: Authority) -> None:
    """The failure is told once on each side and closes both."""

    async def play(client: Ear, server: Ear) -> None:
        server.start_tls(authority.server_context("api.test"), server_side=True)
        distrust = ssl.create_default_context(cadata=None)
        distrust.load_verify_locations(cadata=authority.certificate_pem.decode())
        client.start_tls(distrust, server_side=False, hostname="other.test")
        await asyncio.wait_for(server.gone.wait(), 5)
        await asyncio.wait_for(client.gone.wait(), 5)
        assert "mismatch" in client.reasons[0].lower()
        assert len(client.reasons) == 1
        assert len(server.reasons) <= 1
        assert server.said == [b""]

    scene(play)


def test_send_eof_in_the_middle_of_a_handshake(authority: Authority) -> None:
    """Without keys there is no goodbye: the connection closes."""

    async def play(client: Ear, server: Ear) -> None:
        client.start_tls(client_context(authority), server_side=False, hostname="api.test")
        client.send_eof()
        await asyncio.wait_for(client.gone.wait(), 5)

    scene(play)


def test_everything_after_the_end_is_harmless() -> None:
    """Closing, pausing and ending twice is no error."""

    async def play(client: Ear, server: Ear) -> None:
        client.close()
        await client.gone.wait()
        for again in (client.close, client.pause, client.resume, client.send_eof, client.abort):
            again()

    scene(play)


def test_a_reset_is_an_end() -> None:
    """A peer that resets the connection is told as an end, once."""

    async def play(client: Ear, server: Ear) -> None:
        raw: Any = client.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        client.abort()
        await asyncio.wait_for(server.gone.wait(), 5)
        assert server.said == [b""]

    scene(play)


def test_a_connection_without_handlers_says_so() -> None:
    """The base class hears nothing by itself, and by default a failure goes to the loop."""

    async def main() -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        base = Connection()
        with pytest.raises(NotImplementedError):
            base.heard(b"x")
        base.failed(RuntimeError("x"))
        return told

    assert [str(one["exception"]) for one in run(main())] == ["x"]
