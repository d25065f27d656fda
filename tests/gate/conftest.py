"""A small snapshot, in memory and on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Headers, HttpRequest, HttpResponse, Raw
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.store.snapshot import write_snapshot

JSON: Headers = ((b"Content-Type", b"application/json"),)


def _exchange(
    name: str, target: bytes, status: int, body: bytes, *, method: str = "GET", at: float,
    dependency: str = "", groups: tuple[str, ...] = (), sent: bytes = b"", headers: Headers = (),
) -> Exchange:  # fmt: skip
    path = target.partition(b"?")[0].decode().replace("/7", "/{id}")
    return Exchange(
        id=name,
        dependency=dependency,
        route=f"{method} {path}",
        groups=groups,
        at=at,
        took=1.5,
        request=HttpRequest(method=method, target=target, headers=(*JSON, *headers), body=sent),
        response=HttpResponse(status=status, headers=JSON, body=body),
    )


@pytest.fixture
def recorded() -> Snapshot:
    """Two inbound requests, a call of the first, one at startup, and a raw one without answer."""
    return Snapshot(
        origin=Origin(service="orders", service_port=8080, recorded_at="2026-08-31T10:00:00Z"),
        dependencies=(
            Dependency(name="payments", address="https://api.payments.example"),
            Dependency(name="cache", protocol="raw", address="localhost:6379"),
        ),
        inbound=(
            _exchange(
                "aaaa1111-1", b"/orders?x=1&x=2&y=", 201, b'{"id":7,"items":[{"price":3}]}',
                method="POST", at=10.0, sent=b'{"a":1}', headers=((b"X-Id", b"one"), (b"x-id", b"two")),
            ),
            _exchange("bbbb1111-1", b"/orders/7", 500, b"not json", at=20.0),
        ),
        outbound=(
            _exchange(
                "cccc1111-1", b"/charges", 200, b'{"currency":"eur"}', method="POST", at=11.0,
                dependency="payments", groups=("aaaa1111-1",), sent=b'{"amount":3}',
            ),
            _exchange(
                "dddd1111-1", b"/health", 200, b"{}", at=1.0, dependency="payments",
                groups=("startup",),
            ),
            Exchange(
                id="eeee1111-1", dependency="cache", route="RAW", groups=("aaaa1111-1",), at=12.0,
                request=Raw(b"PING\xff"), error="connection closed",
            ),
        ),
    )  # fmt: skip


@pytest.fixture
def snapshot_folder(recorded: Snapshot, tmp_path: Path) -> str:
    """The same snapshot in a folder."""
    folder = str(tmp_path / "snapshots" / "orders")
    write_snapshot(folder, recorded)
    return folder
