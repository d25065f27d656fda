"""Order: the fewest calls that moved."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.diff.calls.order import out_of_order, reordered
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import Facts


@given(st.permutations(range(12)))
def test_rest_is_in_order_and_longest(order: list[int]) -> None:
    """Without the calls that are named the rest is in recorded order; sorted input names none."""
    moved = out_of_order(order)
    rest = [one for at, one in enumerate(order) if at not in moved]
    assert rest == sorted(rest)
    assert not out_of_order(sorted(order))


@given(st.integers(2, 30), st.data())
def test_one_call_that_moved_is_one(length: int, data: st.DataObject) -> None:
    """Moving one call names one call."""
    order = list(range(length))
    moved = order.pop(data.draw(st.integers(0, length - 1)))
    to = data.draw(st.integers(0, length - 1).filter(lambda at: at != moved))
    order.insert(to, moved)
    assert len(out_of_order(order)) == 1


def call(
    dependency: str, effect: str, at: float = 0.0, ended: float = 0.0, **facts: Any
) -> CallRecord:
    """A recorded call."""
    return CallRecord(
        id="c",
        dependency=dependency,
        route="x",
        label="x",
        facts=Facts(effect, **facts),
        parts=(),
        at=at,
        ended=ended,
    )


def swapped(one: CallRecord, other: CallRecord) -> list[bool]:
    """Which moved calls are red when two recorded calls change places."""
    return [red for _, red in reordered([(1, other), (0, one)])]


def test_scopes_are_apart() -> None:
    """Two transactions that interleave otherwise are no red difference, nor are two dependencies."""
    one, two = (call("db", "write", transaction=name) for name in "12")
    calls = [(2, two), (0, one), (1, one), (3, two)]
    assert [red for _, red in reordered(calls)] == [False]
    assert swapped(one, call("db2", "write", transaction="1")) == [False]
    assert swapped(one, one) == [True]
    assert swapped(*(call("db", "read", order="s"),) * 2) == [True]


def test_reads_keep_their_order_in_a_transaction_that_writes() -> None:
    """A driver's transaction around two reads gives them none; one that writes does."""
    one, two = (call("db", "read", transaction="1", targets=(name,)) for name in "ab")
    assert swapped(one, two) == [False]
    write = call("db", "write", transaction="1", targets=("c",))
    assert reordered([(1, two), (0, one), (2, write)]) == [(0, True)]
    elsewhere = call("db", "write", transaction="2", targets=("c",))
    assert reordered([(1, two), (0, one), (2, elsewhere)]) == [(0, False)]


@pytest.mark.parametrize(
    ("one", "other", "red"),
    [
        (call("a", "read", targets=("t",)), call("a", "read", targets=("t",)), False),
        (call("a", "write", targets=("t",)), call("a", "read", targets=("t",)), True),
        (call("a", "write", targets=("t",)), call("a", "read", targets=("u",)), False),
        (call("a", "write", targets=("t",)), call("b", "read", targets=("t",)), False),
        (call("a", "write"), call("b", "write"), True),
        (call("a", "write", transaction="1"), call("b", "write"), True),
        (call("a", "session"), call("a", "session"), False),
        (call("a", "write", 1, 9), call("b", "write", 5, 7), False),
        (call("a", "write", 1, 4), call("b", "write", 5, 7), True),
    ],
)
def test_what_conflicts_keeps_its_order(one: CallRecord, other: CallRecord, red: bool) -> None:
    """Writes among themselves, and a write with what it reads or is read by; unless they were
    made at once when recorded."""
    assert swapped(one, other) == [red]


def test_a_read_that_crosses_a_write_is_red_whichever_moved() -> None:
    """The fewest calls are named, and the one that is has crossed what it conflicts with."""
    read, write = call("a", "read", targets=("t",)), call("a", "write", targets=("t",))
    found = reordered([(0, read), (3, write), (1, read), (2, read)])
    assert found == [(1, True)]
    assert reordered([(1, read), (0, read), (2, write)]) == [(0, False)]


def test_a_storm_of_moves_is_red_in_time() -> None:
    """Thousands of calls in reverse are told without a look at every pair."""
    calls = [(number, call("a", "read")) for number in range(3000, 0, -1)]
    assert len(reordered(calls)) == 2999
