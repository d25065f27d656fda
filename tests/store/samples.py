"""Two small snapshots, and what lies in a folder."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Piece, Pieces
from ci_gate.model.snapshot import Dependency, Origin, Snapshot


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def example() -> Snapshot:
    """A small snapshot with one of everything."""
    order = b'{"id": 17, "total": 1.50, "buyer": "Zo\\u00eb", "items": [{"sku": "a", "n": 2}], "note": null}'
    inbound = (
        Exchange(
            id="3f2a9c1b7e-1",
            route="GET /orders/{id}",
            at=12.5,
            took=3.25,
            connection=1,
            request=HttpRequest(
                "GET",
                b"/orders/17?full=1",
                ((b"Host", b"{service}"), (b"X-Odd", b"caf\xe9"), (b"Authorization", b"Bearer x")),
            ),
            response=HttpResponse(
                200, b"OK", ((b"Content-Type", b"application/json"),), order, coding="gzip"
            ),
            redacted=("request.headers.authorization",),
        ),
        Exchange(
            id="90ab12cd34-1",
            route="POST /orders",
            at=20.0,
            took=1.0,
            request=HttpRequest("POST", b"/orders", (), b"a=1&b=2"),
            response=HttpResponse(201, b"", (), b"line one\nline two\n", ((b"X-Sum", b"9"),)),
        ),
        Exchange(
            id="77aa12cd34-1",
            route="GET /feed",
            at=30.0,
            request=HttpRequest("GET", b"/feed", version="1.0"),
            response=HttpResponse(200, b"OK", (), Pieces((Piece(0.0, b"data: 1\n\n"),), False)),
            notes=("still open when recording stopped",),
        ),
    )
    outbound = (
        Exchange(
            id="aaaaaaaaaa-1",
            dependency="payments",
            route="GET /boot",
            groups=(STARTUP,),
            at=1.0,
            request=HttpRequest("GET", b"/boot"),
            error="connection reset",
        ),
        Exchange(
            id="bbbbbbbbbb-1",
            dependency="payments",
            route="POST /charges",
            groups=("90ab12cd34-1",),
            at=20.25,
            took=0.5,
            request=HttpRequest("POST", b"/charges", (), b'{"amount":150}'),
            response=HttpResponse(402, b"Payment Required", (), b"\x00\xff"),
        ),
        Exchange(
            id="cccccccccc-1",
            dependency="Shipping API",
            route="GET /tick",
            groups=(BACKGROUND,),
            at=40.0,
            request=HttpRequest("GET", b"/tick"),
            response=HttpResponse(204, b"No Content"),
        ),
    )
    return Snapshot(
        origin=Origin(
            service="orders", service_port=8080, recorded_at="2026-01-02T03:04:05Z", owner="@orders"
        ),
        dependencies=(
            Dependency(name="Shipping API", address="http://shipping.example"),
            Dependency(name="payments", address="https://api.payments.example"),
        ),
        inbound=inbound,
        outbound=outbound,
    )


def changed() -> Snapshot:
    """Another snapshot: one exchange and its call gone, one moved to another route, a body."""
    before = example()
    other = HttpResponse(200, body=b"\xff" * 5000)
    first = msgspec.structs.replace(before.inbound[0], route="GET /{id}", response=other)
    return msgspec.structs.replace(
        before, inbound=(first, before.inbound[2]), outbound=before.outbound[::2]
    )
