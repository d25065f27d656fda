"""Behaviour that is gone on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.changes.snapshotedits import snapshot_edits
from ci_gate.gate.forget import ForgetOptions, Forgetting, prepare, write
from ci_gate.model.binding import Binding, Bindings, Spot
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.store.snapshot import read_snapshot, write_snapshot


def exchange(name: str, route: str, at: float, **more: object) -> Exchange:
    """One exchange."""
    method, _, path = route.partition(" ")
    return Exchange(
        id=name, route=route, at=at, took=0.1, request=HttpRequest(method, path.encode()),
        response=HttpResponse(200, body=b"{}"), **more,  # type: ignore[arg-type]  # fields of it
    )  # fmt: skip


def spot(name: str) -> Spot:
    """A place of an exchange."""
    return Spot(exchange=name, at="response.body.$.id")


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """POST /x makes what GET /x/1 sends; DELETE /x stands alone."""
    inbound = (
        exchange("aaaa000001-1", "POST /x", 1.0),
        exchange("bbbb000001-1", "GET /x/1", 2.0),
        exchange("cccc000001-1", "DELETE /x", 3.0),
        exchange("dddd000001-1", "GET /y", 4.0),
    )
    outbound = (
        exchange("eeee000001-1", "POST /audit", 1.5, dependency="d", groups=("aaaa000001-1",)),
        exchange(
            "ffff000001-1", "GET /both", 3.5, dependency="d",
            groups=("cccc000001-1", "dddd000001-1"),
        ),
    )  # fmt: skip
    binding = Binding(name="B1", value="v", made=spot("aaaa000001-1"), used=(spot("bbbb000001-1"),))
    path = str(tmp_path / "s")
    write_snapshot(
        path,
        Snapshot(
            origin=Origin(service="s"),
            dependencies=(Dependency(name="d", address="http://d.example"),),
            inbound=inbound,
            outbound=outbound,
            bindings=Bindings(inbound=(binding,)),
        ),
    )
    return path


def forget(folder: str, *what: str) -> Forgetting:
    """Forget, and write."""
    options = ForgetOptions(snapshot=folder, what=what)
    forgetting = prepare(options)
    write(forgetting, options)
    return forgetting


def test_a_route_goes_with_what_needs_it(folder: str) -> None:
    """Its calls, its bindings, and the request that cannot be sent without it."""
    before = read_snapshot(folder)
    told = forget(folder, "POST /x")
    assert [(one.id, one.needs) for one in told.gone] == [
        ("aaaa000001-1", ""),
        ("bbbb000001-1", "aaaa000001-1"),
    ]
    assert told.gone[0].calls == ("d POST /audit",)
    after = read_snapshot(folder)
    assert [one.route for one in after.inbound] == ["DELETE /x", "GET /y"]
    assert [one.route for one in after.outbound] == ["GET /both"]
    assert not after.bindings
    edits, _ = snapshot_edits(before, after)
    removed = {(one.subject, one.what) for one in edits if one.change == "removed"}
    assert ("route", "POST /x") in removed


def test_an_id_and_a_call_of_two(folder: str) -> None:
    """By the beginning of its id; a call that another request may have made stays with that one."""
    forget(folder, "cccc0000")
    after = read_snapshot(folder)
    assert [one.groups for one in after.outbound if one.route == "GET /both"] == [("dddd000001-1",)]


@pytest.mark.parametrize(
    ("what", "match"),
    [
        (("DELETE /z",), r"no such route; did you mean DELETE /x"),
        (("9999",), "no exchange whose id"),
        (("POST /x", "DELETE /x", "GET /y"), "nothing would be left"),
    ],
)
def test_what_is_refused(folder: str, what: tuple[str, ...], match: str) -> None:
    """What is not there, and to forget everything; nothing is written."""
    before = read_snapshot(folder)
    with pytest.raises(UsageError, match=match):
        forget(folder, *what)
    assert read_snapshot(folder) == before
