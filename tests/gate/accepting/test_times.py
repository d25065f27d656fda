"""Recorded times after what waits for what was accepted."""

from __future__ import annotations

from itertools import pairwise

from ci_gate.gate.accepting.times import Span, in_turn
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest


def call(name: str, at: float, took: float) -> Exchange:
    """A recorded call."""
    return Exchange(id=name, route="GET /", at=at, took=took, request=HttpRequest("GET", b"/"))


def ends(span: Span) -> float:
    """When it was answered."""
    return span[0] + span[1]


def test_calls_made_at_once_come_one_after_the_other() -> None:
    """In live order, with a gap, and all before the response."""
    calls = [call("a", 10, 30), call("b", 11, 30), call("c", 12, 20)]
    made = in_turn(calls, {"a", "b", "c"}, ("b", "a", "c"), 50.0)
    assert made["b"][0] == 10
    assert all(ends(made[one]) < made[other][0] for one, other in pairwise("bac"))
    assert ends(made["c"]) <= 50


def test_what_waited_waits_and_the_others_stay_at_once() -> None:
    """Only the calls that are named come in turn; one that came after them all still does, and two
    others are made at once as ever."""
    calls = [call("a", 10, 10), call("b", 10, 10), call("x", 10, 10), call("last", 25, 5)]
    made = in_turn(calls, {"b"}, ("a", "x", "b", "last"), 100.0)
    assert made["a"] == made["x"] == (10, 10)
    assert made["b"][0] > ends(made["a"])
    assert made["last"][0] >= ends(made["b"])


def test_what_came_after_the_response_stays_there() -> None:
    """Each side has its own order."""
    calls = [call("a", 10, 10), call("b", 10, 10), call("late", 40, 5)]
    made = in_turn(calls, {"a", "b"}, ("a", "b", "late"), 30.0)
    assert ends(made["b"]) <= 30
    assert made["late"] == (40, 5)


def test_one_that_begins_where_another_ends_was_not_made_at_once() -> None:
    """Times are sums of fractions: in files they have three digits, and are read back like that."""
    names = [f"c{number:02}" for number in range(51)]
    calls = [call(name, 2034.117, 7.3) for name in names]
    made = in_turn(calls, set(names), names, 2043.339)
    stored = [call(name, *made[name]) for name in names]
    assert all(one.ended <= other.at for one, other in pairwise(stored))
    assert stored[-1].ended <= 2043.339


def test_calls_without_order_or_room() -> None:
    """A call that was not made keeps its place; where there is no time left it shrinks to none."""
    assert in_turn([call("a", 10, 0.0)], {"a"}, (), 10.0) == {"a": (10, 0.0)}
    assert in_turn([], set(), (), 0.0) == {}
