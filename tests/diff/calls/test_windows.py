"""Accounting for recorded calls."""

from __future__ import annotations

from collections.abc import Hashable

from ci_gate.diff.calls.windows import Windows
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import Facts


def _call(name: str, *groups: str, key: str = "k", matched: str = "") -> CallRecord:
    return CallRecord(
        id=name,
        dependency="d",
        route=key,
        label="",
        facts=Facts("read"),
        parts=(),
        coarse=(key,),
        groups=groups,
        matched=matched,
    )


def _key(record: CallRecord) -> Hashable:
    return record.route


def _windows(*records: CallRecord, startup: bool = True) -> Windows:
    return Windows(records, {"a": "GET /a", "b": "GET /b"}, _key, startup=startup)


def test_judged_groups() -> None:
    """Replayed exchanges, startup and background are judged; others are not."""
    windows = _windows()
    assert windows.judged(("a", "z", "startup")) == ("a", "startup")
    assert _windows(startup=False).judged(("a", "startup", "background")) == ("a",)


def test_a_recorded_call_is_consumed_once() -> None:
    """The second live call that the same recorded one answered needs an explanation."""
    windows = _windows(_call("1", "a"), _call("2", "a"))
    live = _call("l", "a", matched="1")
    assert windows.consume(live, ("a",))
    assert not windows.consume(live, ("a",))
    assert windows.stands_for(live, ("a",))
    assert not windows.stands_for(live, ("a",))
    assert list(windows.missing()) == []


def test_call_of_another_group_is_not_consumed() -> None:
    """What another request recorded stays missing there."""
    windows = _windows(_call("1", "a"))
    assert not windows.consume(_call("l", "b", matched="1"), ("b",))
    assert [record.id for record in windows.missing()] == ["1"]


def test_left_and_alike() -> None:
    """Candidates for a miss are of its group and coarse key, and not yet made."""
    windows = _windows(_call("1", "a"), _call("2", "a"), _call("3", "b"), _call("4", "a", key="o"))
    windows.pair(windows.recorded["1"])
    miss = _call("l", "a")
    assert [record.id for record in windows.left(miss, ("a",))] == ["2"]
    assert [record.id for record in windows.alike(miss, ("a",))] == ["1", "2"]


def test_times_and_missing_of_unjudged_groups() -> None:
    """Counts are per group; a call that a request outside of this run shares is not missing."""
    windows = _windows(_call("1", "a"), _call("2", "a", "z"), _call("3", "a", "b"), _call("4"))
    assert windows.times("k", "a") == 3
    assert windows.times("k", "b") == 1
    assert [record.id for record in windows.missing()] == ["1", "3"]


def test_standing_groups_are_missing_by_key() -> None:
    """Of startup, each key that was never called is missing once."""
    windows = _windows(_call("1", "startup"), _call("2", "startup"), _call("3", "startup", key="o"))
    assert [record.id for record in windows.missing()] == ["1", "3"]
    windows.see(_call("l", "startup", matched="2"))
    assert [record.id for record in windows.missing()] == ["3"]
