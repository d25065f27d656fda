"""Calls that are accepted: gone, new, changed, too often; and what must be recorded first."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.accept import prepare
from ci_gate.recorder.options import Upstream
from ci_gate.store.snapshot import read_snapshot, write_snapshot
from tests.gate.accepts import accept, files, green, options


def calls(acting: Any) -> list[str]:
    """The recorded calls by route."""
    return [one.route for one in read_snapshot(acting.snapshot).outbound]


def test_a_missing_call_goes(acting: Any) -> None:
    """It is not recorded any more; the request that made it says why."""
    before = calls(acting)
    assert acting.run("dropped").verdict.outcome == "fail"
    accept(acting, reason="no audit any more")
    assert len(calls(acting)) < len(before)
    inbound = read_snapshot(acting.snapshot).inbound
    assert any(line.at == "calls" for one in inbound for line in one.accepted)
    green(acting, "dropped")


@pytest.mark.parametrize(("switch", "kept"), [("dropped", True), ("write-twice", False)])
def test_what_waits_for_what(acting: Any, switch: str, kept: bool) -> None:
    """Where a call is gone the others wait as before: the run kept their answers and saw nobody go on.
    Where one more is made, nobody knows."""
    snapshot = read_snapshot(acting.snapshot)
    marked = tuple(msgspec.structs.replace(one, blocking=True) for one in snapshot.outbound)
    write_snapshot(acting.snapshot, msgspec.structs.replace(snapshot, outbound=marked))
    assert acting.run(switch).verdict.outcome == "fail"
    accept(acting)
    assert all(one.blocking for one in read_snapshot(acting.snapshot).outbound) is kept


def test_a_changed_call_gets_the_live_request(acting: Any) -> None:
    """Its answer stays, and its id."""
    ids = {one.id for one in read_snapshot(acting.snapshot).outbound}
    assert acting.run("write-changed").verdict.outcome == "fail"
    accept(acting)
    assert {one.id for one in read_snapshot(acting.snapshot).outbound} == ids
    green(acting, "write-changed")


def test_a_repeated_call_is_recorded_as_often(acting: Any) -> None:
    """With the answer that there is; that is no assumed one."""
    assert acting.run("write-twice").verdict.outcome == "fail"
    accept(acting)
    assert not any(one.assumed for one in read_snapshot(acting.snapshot).outbound)
    green(acting, "write-twice")


def test_a_new_call_has_an_assumed_answer(acting: Any) -> None:
    """Nobody has recorded one; the result goes on saying so."""
    assert acting.run("extra").verdict.outcome == "fail"
    acceptance = accept(acting)
    assert any(one.note.startswith("assumed: ") for one in acceptance.shown)
    assert green(acting, "extra").allowances.assumed > 0


def test_what_can_be_asked_is_not_assumed(acting: Any) -> None:
    """With an upstream the remedy is `record --misses`, and nothing is written."""
    assert acting.run("extra").verdict.outcome == "fail"
    before = files(acting)
    upstream = Upstream(name="greetings", address="http://127.0.0.1:9")
    with pytest.raises(UsageError, match="record --misses"):
        prepare(options(acting, dependencies=(upstream,)), "x")
    assert files(acting) == before
    assert prepare(options(acting, dependencies=(upstream,), assume=True), "x").shown


def test_a_new_host_must_be_recorded(acting: Any) -> None:
    """Nothing is known of it."""
    assert acting.run("new-host").verdict.outcome == "fail"
    with pytest.raises(UsageError, match="record --add"):
        prepare(options(acting), "x")
