"""A replay against a service that answers by script."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from ci_gate.codecs.registry import codec
from ci_gate.model.message import HttpRequest, Message
from ci_gate.net.loop import run
from ci_gate.replayer.client import Replayer
from ci_gate.replayer.samples import Prepared, Samples

HTTP = codec("http")
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]


class Like:
    """Expects this; None expects anything."""

    def __init__(self, response: Message | None) -> None:
        self.response = response

    def matches(self, response: Message) -> bool:
        """Whether it is that."""
        return self.response is None or response == self.response


def prepared(
    target: str, expected: Message | None = None, method: str = "GET", **more: Any
) -> Prepared:
    """A request; `body` makes it one with a body in memory, `chunks` one that is streamed."""
    body = more.pop("body", b"")
    message = HttpRequest(method, target.encode(), ((b"Host", b"x"),), body)
    serialised = HTTP.prepare(message) if isinstance(body, bytes) else None
    more.setdefault("due", 0.0)
    return Prepared(
        id=target, message=message, serialised=serialised, expected=Like(expected), **more
    )


@pytest.fixture
def ask() -> Callable[..., Prepared]:
    """A request ready to be sent."""
    return prepared


@pytest.fixture
def replay() -> Callable[..., Samples]:
    """Replay requests against `serve(reader, writer, number of the connection)`."""

    def play(requests: list[Prepared], serve: Serve | None, **more: Any) -> Samples:
        async def main() -> Samples:
            connections = iter(range(1_000_000))
            writers = []

            async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writers.append(writer)
                try:
                    if serve is not None:
                        await serve(reader, writer, next(connections))
                except (asyncio.IncompleteReadError, ConnectionError):
                    pass
                finally:
                    writer.close()

            server = await asyncio.start_server(handle, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            if serve is None:
                server.close()
            more.setdefault("timeout", 5.0)
            replayer = Replayer(requests, HTTP, "127.0.0.1", port, **more)
            try:
                return await asyncio.wait_for(replayer.run(), 20)
            finally:
                for writer in writers:
                    writer.transport.abort()
                server.close()
                await asyncio.sleep(0.02)

        return run(main())

    return play


@pytest.fixture
def blocks() -> Callable[[int], Iterator[bytes]]:
    """So many blocks of 64 KB."""
    return lambda count: (b"x" * 65536 for _ in range(count))
