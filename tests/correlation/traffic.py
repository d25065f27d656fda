"""Small recordings for the tests of values that travel."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ci_gate.codecs.http1.codec import Http1
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Message, Part
from ci_gate.model.noise import Noise
from ci_gate.model.snapshot import Origin, Snapshot

CODEC = Http1()
JSON = (b"Content-Type", b"application/json")
FORM = (b"Content-Type", b"application/x-www-form-urlencoded")


def parts_of(_exchange: Exchange, message: Message) -> Sequence[Part]:
    """What `find` is given: the parts by the codec."""
    return CODEC.places(message)


def ask(
    target: str, body: Any = b"", *headers: tuple[bytes, bytes], method: str = ""
) -> HttpRequest:
    """A request; plain data is JSON."""
    if not isinstance(body, bytes):
        body, headers = json.dumps(body).encode(), (JSON, *headers)
    return HttpRequest(method or ("POST" if body else "GET"), target.encode(), headers, body)


def say(body: Any = b"", *headers: tuple[bytes, bytes], status: int = 200) -> HttpResponse:
    """A response; plain data is JSON."""
    if not isinstance(body, bytes):
        body, headers = json.dumps(body).encode(), (JSON, *headers)
    return HttpResponse(status, b"", headers, body)


class Recording:
    """Exchanges one after the other: `client` ones, and the `call`s that the last one caused."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self._at = 0.0

    def client(self, request: HttpRequest, response: HttpResponse) -> str:
        """An inbound exchange; its calls come between its two messages."""
        self._at += 100
        name = f"i-{len(self.exchanges)}"
        self.exchanges.append(
            Exchange(id=name, route="r", at=self._at, took=90, request=request, response=response)
        )
        return name

    def call(self, request: HttpRequest, response: HttpResponse, *noise: Noise) -> str:
        """A call of the last inbound exchange."""
        inbound = [one for one in self.exchanges if one.inbound]
        calls = len(self.exchanges) - len(inbound)
        name = f"o-{len(self.exchanges)}"
        self.exchanges.append(
            Exchange(
                id=name,
                dependency="pay",
                route="c",
                groups=(inbound[-1].id,) if inbound else ("startup",),
                at=self._at + 10 + calls % 10,
                took=0.5,
                request=request,
                response=response,
                noise=noise,
            )
        )
        return name

    def snapshot(self) -> Snapshot:
        """All of it."""
        return Snapshot(
            origin=Origin(service="s"),
            inbound=tuple(one for one in self.exchanges if one.inbound),
            outbound=tuple(one for one in self.exchanges if not one.inbound),
        )
