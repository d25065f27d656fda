"""Aligning arrays: complete, ordered, and bounded in what it costs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ci_gate.diff.alignment import EDITS, align

_LISTS = st.lists(st.integers(0, 4), max_size=30)


def _same(before: object, after: object, index: int) -> bool:
    return before == after


@given(_LISTS, _LISTS)
def test_steps_turn_one_list_into_the_other(old: list[int], new: list[int]) -> None:
    """Every item is kept, paired, removed or added exactly once and in order."""
    steps = align(old, new, _same)
    gone = [i for i, _ in steps if i >= 0]
    come = [j for _, j in steps if j >= 0]
    assert gone == sorted(set(gone))
    assert come == sorted(set(come))
    kept = [one for i, one in enumerate(old) if i not in gone]
    assert kept == [one for j, one in enumerate(new) if j not in come]


@given(st.lists(st.integers(), max_size=30), st.sets(st.integers(0, 29), max_size=8))
def test_removals_are_found(items: list[int], drop: set[int]) -> None:
    """Dropping some items is found as no more removals than were made, and nothing else."""
    left = [one for i, one in enumerate(items) if i not in drop]
    steps = align(items, left, _same)
    assert all(j < 0 for _, j in steps)
    assert len(steps) == len(items) - len(left)


def test_cost_is_bounded() -> None:
    """Unlike lists cost a bounded number of comparisons, not the product of their lengths."""
    asked = 0

    def same(before: object, after: object, index: int) -> bool:
        nonlocal asked
        asked += 1
        return before == after

    align(list(range(50_000)), list(range(100_000, 150_001)), same)
    assert asked < 10 * EDITS * EDITS
