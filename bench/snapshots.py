"""Snapshots of any size, made rather than recorded."""

from __future__ import annotations

import json
from pathlib import Path

from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.frames import frame
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Headers, HttpRequest, HttpResponse, PgResult, PgStatement
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.store.snapshot import write_snapshot

DEPENDENCY = "items"
DATABASE = "db"
SELECT = "SELECT id, v FROM kv WHERE id = $1"
UPSTREAM = "http://items.example"
REQUEST_HEADERS: Headers = ((b"Host", b"{service}"),)
"""What wrk sends; Accept would be compared."""


def body(size: int, updated_at: str = "2026-01-01T00:00:00Z") -> str:
    """A JSON body of about `size` bytes, without a character that nginx.conf would need escaped."""
    lines = [
        {"sku": f"sku-{n:04}", "quantity": n % 7 + 1, "price": n * 1.25} for n in range(size // 48)
    ]
    return json.dumps({"id": 17, "updated_at": updated_at, "items": lines})


def inbound(
    count: int, response: HttpResponse, *, updated: bool = False, name: str = "bench"
) -> Snapshot:
    """`count` times GET /items/N with the same answer; `updated` gives each its own updated_at."""
    exchanges = []
    for number in range(1, count + 1):
        answer = response
        if updated:
            minute, second = divmod(number % 3600, 60)
            stamp = f"2025-01-01T00:{minute:02}:{second:02}Z".encode()
            assert isinstance(response.body, bytes)
            text = response.body.replace(b"2026-01-01T00:00:00Z", stamp)
            answer = HttpResponse(
                status=200, reason=response.reason, headers=response.headers, body=text
            )
        exchanges.append(_exchange(number, answer))
    return Snapshot(
        origin=Origin(service=name, service_port=8080, recorded_at="2026-01-01T00:00:00Z"),
        inbound=tuple(exchanges),
    )


def outbound(count: int, response: HttpResponse, *, startup: bool = True) -> Snapshot:
    """`count` recorded calls GET /items/N of one dependency, one inbound request."""
    calls = tuple(
        _exchange(number, response, DEPENDENCY, ("startup",) if startup else (f"in-{number}",))
        for number in range(1, count + 1)
    )
    return Snapshot(
        origin=Origin(service="bench", service_port=8080, recorded_at="2026-01-01T00:00:00Z"),
        dependencies=(Dependency(name=DEPENDENCY, address=UPSTREAM),),
        inbound=(_exchange(count + 1, response),),
        outbound=calls,
    )


def gate(count: int, response: HttpResponse, answer: HttpResponse) -> Snapshot:
    """`count` inbound requests, each with one call of the same path that got `answer`."""
    numbers = range(1, count + 1)
    calls = tuple(_exchange(number, answer, DEPENDENCY, (f"in-{number}",)) for number in numbers)
    requests = tuple(_exchange(number, response) for number in numbers)
    return Snapshot(
        origin=Origin(service="bench", service_port=8080, recorded_at="2026-01-01T00:00:00Z"),
        dependencies=(Dependency(name=DEPENDENCY, address=UPSTREAM),),
        inbound=requests,
        outbound=calls,
    )


def statements(count: int, different: int) -> Snapshot:
    """`count` recorded selects of one database, `different` ones of them."""
    columns = frame(b"T", write_columns([Column("id", 23, size=4), Column("v", 25)]))
    done = frame(b"C", b"SELECT 1\0")
    calls = []
    for number in range(count):
        key = str(number % different).encode()
        row = frame(b"D", write_row([key, b"value " + key]))
        calls.append(
            Exchange(
                id=f"o{number}",
                dependency=DATABASE,
                route="SELECT kv",
                groups=("startup",),
                at=number / 10,
                took=0.2,
                request=PgStatement(SELECT, (key.decode(),), "execute"),
                response=PgResult(columns + row + done),
            )
        )
    return Snapshot(
        origin=Origin(service="bench", recorded_at="2026-01-01T00:00:00Z"),
        dependencies=(
            Dependency(name=DATABASE, protocol="postgres", address="postgres://db.example:5432"),
        ),
        outbound=tuple(calls),
    )


def write(folder: Path, snapshot: Snapshot) -> Path:
    """Write it; returns the folder."""
    write_snapshot(str(folder), snapshot)
    return folder


def _exchange(
    number: int, response: HttpResponse, dependency: str = "", groups: tuple[str, ...] = ()
) -> Exchange:
    headers = REQUEST_HEADERS
    if dependency:
        headers = ((b"Host", b"{items}"),)
    request = HttpRequest(method="GET", target=f"/items/{number}".encode(), headers=headers)
    return Exchange(
        id=f"{'out' if dependency else 'in'}-{number}",
        dependency=dependency,
        route="GET /items/{id}",
        groups=groups,
        at=float(number),
        took=1.0,
        request=request,
        response=response,
    )
