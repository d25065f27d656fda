"""Members that have another name now."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.diff.transforms.names import renamed, renaming
from ci_gate.diff.transforms.values import RENAMED_FROM, RENAMED_TO


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ({"a": "x", "c": 1}, {"b": "x", "c": 1}, {"a": "b"}),
        ({"created_at": "now"}, {"createdAt": "then"}, {"created_at": "createdAt"}),
        ({"user-id": 1, "x": 2}, {"USER_ID": 3, "y": 2}, {"user-id": "USER_ID", "x": "y"}),
        ({"a": "x"}, {"b": "y"}, {}),
        ({"a": "x", "b": "x"}, {"c": "x"}, {}),
        ({"a": "x"}, {"b": "x", "c": "x"}, {}),
        ({"a": {"k": [1]}}, {"b": {"k": [1]}}, {"a": "b"}),
        ({"a": 1}, {"a": 1, "b": 1}, {}),
    ],
)
def test_what_is_the_same_member(before: Any, after: Any, names: dict[str, str]) -> None:
    """By a name that is only written otherwise, or by a value that nothing else has."""
    assert renamed(before, after) == names


@pytest.mark.parametrize(
    ("old", "new", "style"),
    [
        ("user_id", "userId", "snake_case became camelCase"),
        ("userId", "user_id", "camelCase became snake_case"),
        ("user_id", "user-id", "names written otherwise"),
        ("total", "sum", ""),
    ],
)
def test_both_ends_claim_the_same_style(old: str, new: str, style: str) -> None:
    """What went and what came say the same of how names are written now."""
    went, came = renaming(RENAMED_TO, old, new), renaming(RENAMED_FROM, new, old)
    assert went[0] == f"renamed to {new}"
    assert came[0] == f"renamed from {old}"
    assert went[1:] == came[1:] == ((style,) if style else ())


NAMES = st.dictionaries(st.text("aA_-b", max_size=4), st.integers(0, 3), max_size=8)


@given(NAMES, NAMES)
def test_pairs_are_one_to_one(before: dict[str, int], after: dict[str, int]) -> None:
    """No member is taken twice, and none that stayed."""
    found = renamed(before, after)
    assert len(set(found.values())) == len(found)
    assert all(old not in after and new not in before for old, new in found.items())
