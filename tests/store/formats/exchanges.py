"""A snapshot with everything that the formats we write can, or cannot, hold."""

from __future__ import annotations

from ci_gate.model.exchange import Exchange
from ci_gate.model.message import (
    Body,
    HttpRequest,
    HttpResponse,
    Opaque,
    Piece,
    Pieces,
    RedisCommand,
    RedisReply,
    Stored,
)
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.store.formats.outgoing import Outgoing

JSON = (b"Content-Type", b"application/json")


def exchange(
    name: str, target: bytes, *, dependency: str = "", method: str = "GET", at: float = 0.0,
    sent: Body = b"", answer: Body = b"{}", status: int = 200,
) -> Exchange:  # fmt: skip
    """One exchange."""
    host = b"pay.example" if dependency else b"localhost:8080"
    return Exchange(
        id=name,
        dependency=dependency,
        route=f"{method} {target.partition(b'?')[0].decode()}",
        groups=("aa01-1",) if dependency else (),
        at=at,
        took=4.0,
        connection=1,
        request=HttpRequest(method, target, ((b"Host", host), (b"X-Two", b"a, b"), JSON), sent),
        response=HttpResponse(
            status, b"OK", (JSON, (b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2")), answer
        ),
    )


def snapshot(*more: Exchange) -> Snapshot:
    """Inbound and outbound, text and bytes, a call that is made twice."""
    everything = (
        exchange(
            "aa01-1", b"/orders/7?q=%20x&q=y", answer=b'{"id": 7, "url": "http://{service}/"}'
        ),
        exchange("aa02-1", b"/orders", method="POST", at=10.0, sent=b"\x00\xff", status=201),
        exchange("aa03-1", b"/orders/8", at=20.0, answer=b"```\n### X ###\n"),
        exchange("bb01-1", b"/charge", dependency="pay", method="POST", at=1.0, sent=b'{"a":1}'),
        exchange(
            "bb01-2",
            b"/charge",
            dependency="pay",
            method="POST",
            at=2.0,
            sent=b'{"a":1}',
            status=409,
        ),
        exchange("bb02-1", b"/logo", dependency="pay", at=3.0, answer=bytes(range(256))),
        *more,
    )
    return Snapshot(
        origin=Origin(
            service="orders", service_port=8080, host="localhost:8080",
            recorded_at="2026-01-02T03:04:05.250+00:00",
        ),
        dependencies=(Dependency(name="pay", address="https://pay.example"),),
        inbound=tuple(one for one in everything if one.inbound),
        outbound=tuple(one for one in everything if not one.inbound),
    )  # fmt: skip


def unholdable() -> Snapshot:
    """What no HTTP format holds, or not wholly."""
    redis = Exchange(
        id="cc01-1", dependency="cache", route="GET", groups=("aa01-1",), at=5.0,
        request=RedisCommand(b"*1\r\n$4\r\nPING\r\n"), response=RedisReply(b"+PONG\r\n"),
    )  # fmt: skip
    whole = snapshot(
        redis,
        exchange("aa04-1", b"/stream", answer=Pieces((Piece(0.0, b"a\n"), Piece(9.0, b"b\n")))),
        exchange("aa05-1", b"/odd", answer=Opaque(9, "ab")),
        exchange("aa06-1", b"/large", answer=Stored("ab" * 32, 5)),
    )
    return Snapshot(
        origin=whole.origin,
        dependencies=(*whole.dependencies, Dependency(name="cache", protocol="redis")),
        inbound=whole.inbound,
        outbound=whole.outbound,
    )


def outgoing(whole: Snapshot | None = None) -> Outgoing:
    """For a writer; bodies in files are "large"."""
    return Outgoing(whole or snapshot(), lambda stored: b"large")
