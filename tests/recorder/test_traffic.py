"""What a gateway and a tunnel do while nothing is connected yet. On sockets: test_proxy.py."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

import pytest

from ci_gate.codecs.registry import codec
from ci_gate.recorder.proxy import Client, Proxies, Target
from ci_gate.recorder.traffic import Gateway, Tunnelled


class FakeClient:
    """Keeps what is done to it."""

    full = False
    tls = None
    paused_by: Any = None

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.traffic: Any = None

    def send(self, data: bytes) -> None:
        """Keep it."""
        self.done.append(data)

    def close(self) -> None:
        """Keep it."""
        self.done.append("close")

    def pause(self) -> None:
        """Keep it."""
        self.done.append("pause")

    def resume(self) -> None:
        """Keep it."""
        self.done.append("resume")


class Naming:
    """Everything is telemetry, so that nothing has to be connected to; but "d"."""

    def target(self, scheme: str, host: str, port: int) -> Target:
        """By its host."""
        return Target(host, codec("http"), telemetry=host != "d")

    def is_telemetry(self, scheme: str, host: str, port: int) -> bool:
        """By its host."""
        return host != "d"


class Scene:
    """A gateway or a tunnel, whose connects run when the test says so."""

    def __init__(self, kept: Any) -> None:
        self.client = FakeClient()
        self.works: list[Coroutine[Any, Any, None]] = []
        proxies = Proxies(kept.recording, cast(Any, None), cast(Any, None), Naming())
        proxies.start = lambda client, work: self.works.append(work)  # type: ignore[method-assign]  # by hand
        self.proxies = proxies

    def gateway(self) -> Gateway:
        """A forward proxy's."""
        made = Gateway(self.proxies, cast(Client, self.client), None)
        self.client.traffic = made
        return made

    def connect(self) -> None:
        """Let what waits connect."""
        while self.works:
            asyncio.run(_run(self.works.pop(0)))


async def _run(work: Coroutine[Any, Any, None]) -> None:
    await work


@pytest.fixture
def scene(kept: Any) -> Scene:
    """Nothing connected."""
    return Scene(kept)


GET = b"GET http://%b/ HTTP/1.1\r\n\r\n"


def answers(scene: Scene) -> int:
    """How often the client was answered."""
    return b"".join(one for one in scene.client.done if isinstance(one, bytes)).count(b"200 OK")


def test_the_client_is_not_read_while_connecting(scene: Scene) -> None:
    """What it has said waits, in order, for the upstream it was meant for."""
    gateway = scene.gateway()
    gateway.heard(GET % b"a" + GET % b"b")
    assert scene.client.done == ["pause"]
    gateway.heard(GET % b"a")
    scene.connect()
    assert answers(scene) == 3
    assert scene.client.done[-1] != "pause"


def test_a_client_that_has_left_before_anything_was_connected(scene: Scene) -> None:
    """Its end waits behind its requests; after that the upstream is told once."""
    gateway = scene.gateway()
    gateway.heard(GET % b"a")
    gateway.heard(b"")
    scene.connect()
    assert answers(scene) == 1
    assert scene.client.done.count("close") == 1


def test_a_connect_that_comes_too_late(scene: Scene, kept: Any) -> None:
    """The client is gone: nothing is forwarded and nothing is left open."""
    gateway = scene.gateway()
    gateway.heard(GET % b"a")
    gateway.finish()
    scene.connect()
    assert answers(scene) == 0
    assert kept.exchanges == []


def test_connect_hands_the_client_to_a_tunnel(scene: Scene) -> None:
    """What came with the head, and the client's end, go with it."""
    gateway = scene.gateway()
    gateway.heard(b"CONNECT a:443 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    assert isinstance(scene.client.traffic, Tunnelled)
    scene.client.traffic.heard(b"")
    scene.connect()
    assert answers(scene) == 1
    said = b"".join(one for one in scene.client.done if isinstance(one, bytes))
    assert said.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK")


def test_what_cannot_be_read_is_refused_in_its_turn(scene: Scene, kept: Any) -> None:
    """The requests before it are answered first."""
    gateway = scene.gateway()
    gateway.heard(GET % b"a" + b"\x00\x01\r\n\r\n")
    scene.connect()
    assert answers(scene) == 1
    assert scene.client.done[-2].startswith(b"HTTP/1.1 400 ")
    assert scene.client.done[-1] == "close"
    assert kept.notes == ["a request to the proxy could not be parsed: answered 400"]
