"""Which file of a snapshot holds what."""

from __future__ import annotations

import json

import pytest

from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Stored
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.store import layout as module
from ci_gate.store.layout import SPLIT, Layout
from ci_gate.store.names import slug

ORIGIN = Origin(service="orders")
PAY = Dependency(name="pay", address="https://pay.example", session={"tls": "1.3"})


def exchange(
    identifier: str, route: str, *groups: str, at: float = 0.0, body: bytes = b""
) -> Exchange:
    """Inbound without groups, else a call to `pay`."""
    return Exchange(
        id=identifier,
        dependency="pay" if groups else "",
        route=route,
        groups=groups,
        at=at,
        request=HttpRequest("GET", b"/"),
        response=HttpResponse(200, body=body),
    )


def snapshot(*exchanges: Exchange) -> Snapshot:
    """A snapshot of these."""
    return Snapshot(
        origin=ORIGIN,
        dependencies=(PAY,),
        inbound=tuple(e for e in exchanges if e.inbound),
        outbound=tuple(e for e in exchanges if not e.inbound),
    )


def written(whole: Snapshot) -> dict[str, bytes]:
    """Its files."""
    return dict(Layout(whole).files())


def places(files: dict[str, bytes]) -> dict[str, str]:
    """Exchange id -> its file."""
    return {
        one["id"]: path
        for path, data in files.items()
        for one in json.loads(data).get("exchanges", ())
    }


def test_paths() -> None:
    """Inbound by route; calls by dependency and by the route that caused them."""
    files = written(
        snapshot(
            exchange("a-1", "GET /a"),
            exchange("b-1", "POST /b"),
            exchange("c-1", "GET /p", "b-1"),
            exchange("c-2", "GET /p", "a-1", "b-1"),
            exchange("c-3", "GET /p", STARTUP),
            exchange("c-4", "GET /p", BACKGROUND),
        )
    )
    a, b = slug("GET /a"), slug("POST /b")
    assert places(files) == {
        "a-1": f"inbound/{a}.json",
        "b-1": f"inbound/{b}.json",
        "c-1": f"outbound/pay/{b}.json",
        "c-2": f"outbound/pay/{a}.json",
        "c-3": "outbound/pay/startup.json",
        "c-4": "outbound/pay/background.json",
    }
    assert files.keys() == {"snapshot.json", "outbound/pay/dependency.json"} | {
        *places(files).values()
    }


def test_nothing_is_said_twice() -> None:
    """What the file's head and folder say is not repeated in its exchanges."""
    files = written(snapshot(exchange("a-1", "GET /a"), exchange("c-1", "GET /p", STARTUP)))
    inbound = json.loads(files[f"inbound/{slug('GET /a')}.json"])
    assert inbound["route"] == "GET /a"
    assert {"route", "dependency", "groups"}.isdisjoint(inbound["exchanges"][0])
    startup = json.loads(files["outbound/pay/startup.json"])
    assert startup["caused_by"] == STARTUP
    assert startup["exchanges"][0]["route"] == "GET /p"
    assert {"dependency", "groups"}.isdisjoint(startup["exchanges"][0])
    assert json.loads(files["snapshot.json"])["format"] == 1


def test_large_files_are_split() -> None:
    """Above a megabyte a file is continued in a second; every exchange is in exactly one."""
    ones = [exchange(f"c-{n}", "GET /p", STARTUP, at=n, body=b"x" * 60_000) for n in range(40)]
    files = written(snapshot(*ones))
    names = [f"outbound/pay/startup{part}.json" for part in ("", "-2", "-3")]
    assert [name for name in files if "startup" in name] == names
    ids = [[e["id"] for e in json.loads(files[name])["exchanges"]] for name in names]
    assert [name for part in ids for name in part] == [e.id for e in ones]
    assert all(len(files[name]) < SPLIT + 1000 for name in names)


def test_colliding_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two routes whose names collide still get a file each."""
    monkeypatch.setattr(module, "slug", lambda text: "same")
    files = written(snapshot(exchange("a-1", "GET /a"), exchange("b-1", "GET /b")))
    assert places(files) == {"a-1": "inbound/same.json", "b-1": "inbound/samex.json"}


def test_bodies() -> None:
    """Large bodies in memory and bodies that are files already are both named."""
    stored = Stored("a" * 64, 9_999_999)
    one = exchange("a-1", "GET /a", body=b"x" * 70_000)
    two = Exchange(id="a-2", route="GET /a", request=HttpRequest("PUT", b"/", body=stored))
    plan = Layout(snapshot(one, two))
    assert len(dict(plan.files())) == 3
    assert list(plan.bodies.values()) == [b"x" * 70_000]
    assert plan.stored == (stored,)
