"""Order: the fewest calls that moved."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ci_gate.diff.order import out_of_order, reordered
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


def test_scopes_are_apart() -> None:
    """Two transactions that interleave otherwise are no red difference, nor are two dependencies."""
    one, two = Facts("write", transaction="1"), Facts("write", transaction="2")
    calls = [(2, "db", two), (0, "db", one), (1, "db", one), (3, "db", two)]
    assert [red for _, red in reordered(calls)] == [False]
    calls = [(1, "db", one), (0, "db2", one)]
    assert [red for _, red in reordered(calls)] == [False]
    calls = [(1, "db", one), (0, "db", one)]
    assert [red for _, red in reordered(calls)] == [True]
