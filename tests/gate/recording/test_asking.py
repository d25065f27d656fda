"""One request put to a real dependency."""

from __future__ import annotations

import asyncio
import socket

import pytest

from ci_gate.codecs.registry import codec
from ci_gate.errors import CannotRun
from ci_gate.gate.recording.asking import Answer, ask
from ci_gate.model.message import HttpRequest, HttpResponse, RedisCommand, RedisReply
from ci_gate.recorder.options import Upstream


def asked(
    said: bytes, request: object, protocol: str = "http", login: dict[str, str] | None = None
) -> tuple[Answer, bytes]:
    """The answer of a server that says `said`, and what it heard."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(65536))
        writer.write(said)
        writer.close()

    async def work() -> Answer:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            scheme = "http://" if protocol == "http" else ""
            address = f"{scheme}127.0.0.1:{port}"
            upstream = Upstream(name="d", protocol=protocol, address=address)
            return await ask(upstream, codec(protocol), request, 5.0, login or {})  # type: ignore[arg-type]  # a message

    return asyncio.run(work()), heard[0]


def test_http() -> None:
    """The request goes out as it was made, but for whom it is for."""
    request = HttpRequest("GET", b"/a?b=1", ((b"Host", b"127.0.0.1:1"), (b"X-Key", b"k")))
    answer, heard = asked(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", request)
    assert isinstance(answer.message, HttpResponse)
    assert answer.message.body == b"hi"
    assert heard.startswith(b"GET /a?b=1 HTTP/1.1\r\n")
    assert b"127.0.0.1:1\r\n" not in heard
    assert b"X-Key: k" in heard


def test_redis() -> None:
    """A command, and its reply."""
    answer, heard = asked(b"$2\r\nhi\r\n", RedisCommand(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"), "redis")
    assert isinstance(answer.message, RedisReply)
    assert answer.message.body == b"$2\r\nhi\r\n"
    assert b"GET" in heard


def test_redis_with_a_login() -> None:
    """It goes before the command; one that is refused is no answer."""
    request = RedisCommand(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")
    login = {"password": "open"}
    answer, heard = asked(b"+OK\r\n$2\r\nhi\r\n", request, "redis", login)
    assert answer.message == RedisReply(b"$2\r\nhi\r\n")
    assert heard.startswith(b"*2\r\n$4\r\nAUTH\r\n$4\r\nopen\r\n*2\r\n$3\r\nGET")
    with pytest.raises(CannotRun, match="NOAUTH"):
        asked(b"-NOAUTH Authentication required.\r\n", request, "redis")


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"])
def test_no_whole_answer(said: bytes) -> None:
    """Is no answer."""
    with pytest.raises(CannotRun, match="d \\(http"):
        asked(said, HttpRequest("GET", b"/"))


def test_nobody_there() -> None:
    """The dependency is named."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    upstream = Upstream(name="pay", address=f"http://127.0.0.1:{port}")
    with pytest.raises(CannotRun, match="pay"):
        asyncio.run(ask(upstream, codec("http"), HttpRequest("GET", b"/"), 5.0))
