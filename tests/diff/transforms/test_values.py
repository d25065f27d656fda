"""Value transforms: claimed when they explain everything, and never else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.diff.jsonvalue import decode
from ci_gate.diff.transforms.values import order_transforms, shared, transforms

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=30)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


def value(plain: Any) -> object:
    """As a body has it: numbers by their lexemes."""
    return decode(json.dumps(plain).encode())


@pytest.mark.parametrize(
    ("before", "after", "claim"),
    [
        (1, "1", "number became string"),
        ("1", 1, "string became number"),
        (True, 1, "boolean became number"),
        (None, "", "null became empty string"),
        ("", None, "empty string became null"),
        ([], None, "empty array became null"),
        (None, [], "null became empty array"),
        (None, 0, "null became 0"),
        (0, False, "0 became false"),
        ({"a": 1}, "x", "object became string"),
        ("x", ["x"], "wrapped in an array"),
        (["x"], "x", "no longer in an array"),
        (True, False, "flipped"),
        ("2026-01-01T10:00:00Z", 1767261600000, "time became epoch milliseconds"),
        (1767261600, "2026-01-01T10:00:00Z", "epoch seconds became time"),
    ],
)
def test_between_types(before: Any, after: Any, claim: str) -> None:
    """A change of type is named by both types, and by the values that stand for nothing."""
    assert transforms(value(before), value(after))[0] == claim


def test_a_transform_is_shared_only_when_it_explains_all() -> None:
    """One example that the claim does not explain takes it back; the next best one is taken."""
    prices = [("1.005", "1.01"), ("7.125", "7.12"), ("7.128", "7.12")]
    claims = [transforms((a,), (b,)) for a, b in prices]
    assert shared(claims[:2], prices[:2]) == "rounded to 2 places"
    assert shared(claims[1:], prices[1:]) == "cut to 2 places"
    assert shared(claims, prices) == ""
    assert shared([*claims, ()], [*prices, ("1", "x")]) == ""
    assert shared([], []) == ""


def test_a_step_needs_two_different_pairs() -> None:
    """Any pair of numbers has a difference and a ratio: twice the same pair says no more."""
    one, other = transforms(("10",), ("1000",)), transforms(("7",), ("700",))
    assert shared([one], [("10", "1000")]) == ""
    assert shared([one, one], [("10", "1000"), ("10", "1000")]) == ""
    assert shared([one, other], [("10", "1000"), ("7", "700")]) == "multiplied by 100"


@pytest.mark.parametrize(
    ("before", "after", "claim"),
    [
        ([3, 1, 2], [1, 2, 3], "now sorted"),
        ([1, 3, 2], [3, 2, 1], "now sorted descending"),
        ([1, 2, 3], [3, 2, 1], "reversed"),
        (["a", "b", "c"], ["b", "a", "c"], "no longer sorted"),
        ([{"id": 2, "n": "a"}, {"id": 1, "n": "b"}], [{"id": 1, "n": "b"}, {"id": 2, "n": "a"}],
         "reversed"),
        ([{"id": 2}, {"id": 3}, {"id": 1}], [{"id": 1}, {"id": 2}, {"id": 3}], "now sorted by id"),
        ([{"id": 1}, {"id": 2}, {"id": 3}], [{"id": 2}, {"id": 1}, {"id": 3}],
         "no longer sorted by id"),
        ([[1], [2], [3]], [[2], [1], [3]], ""),
        ([None, 1, 2], [1, None, 2], ""),
    ],
)  # fmt: skip
def test_order_of_arrays(before: Any, after: Any, claim: str) -> None:
    """Sorting is named with its field; what has no order is not."""
    found = order_transforms(value(before), value(after))  # type: ignore[arg-type]  # arrays
    assert (found[0] if found else "") == claim


@given(st.lists(st.integers(0, 50), min_size=2, max_size=20), st.randoms())
def test_sorted_is_claimed_exactly_when_it_is(items: list[int], random: Any) -> None:
    """ "now sorted" holds for the live array and not for the recorded one."""
    before = random.sample(items, len(items))
    found = order_transforms(value(before), value(sorted(items)))  # type: ignore[arg-type]
    assert ("now sorted" in found) == (before != sorted(before))


@given(VALUES, VALUES)
def test_any_two_values_are_looked_at_without_failing(before: Any, after: Any) -> None:
    """Whatever two messages hold, claims are short texts of one line, best first, none twice."""
    found = transforms(value(before), value(after))
    assert len(set(found)) == len(found)
    assert all(0 < len(one) < 120 and "\n" not in one for one in found)


@given(st.text())
def test_long_texts_are_left_alone(text: str) -> None:
    """A text that is too long to be looked at bears no claim."""
    assert transforms("x" * 5000 + text, "X" * 5000 + text) == ()


@pytest.mark.parametrize(
    ("before", "after", "claim"),
    [
        ({"id": 1, "total": 19.7}, {"id": 1, "total": "19.7"}, "total: number became string"),
        (
            {"a": [{"p": 1.25}, {"p": 2.33}]},
            {"a": [{"p": 1.2}, {"p": 2.3}]},
            "p: rounded to 1 place",
        ),
        ({"state": "paid"}, {"state": "PAID"}, "state: upper-cased"),
        ({"created at": 1, "b": 2}, {"made at": 1, "b": 2}, "created at renamed to made at"),
        ({"a": 1}, {"a": 1, "b": 2}, "b added"),
        ({"a": 1, "b": 2}, {"a": 1}, "b removed"),
        ({"a": [3, 1, 2]}, {"a": [1, 2, 3]}, "a: now sorted"),
        ([1, "x"], [1, "X"], "upper-cased"),
    ],
)
def test_json_in_a_text(before: Any, after: Any, claim: str) -> None:
    """What a cache keeps is text to its protocol; what changed in it is told by its member."""
    assert transforms(json.dumps(before), json.dumps(after))[0] == claim


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"a": 1, "b": "x"}', '{"a": "1", "b": "X"}'),
        ('{"a": 1, "b": 1}', '{"a": 2, "b": "1"}'),
        ('{"a": 1', '{"a": 2'),
        ('{"a": 1, "a": 2}', '{"a": 1, "a": 3}'),
        ("[" * 900 + "1" + "]" * 900, "[" * 900 + "2" + "]" * 900),
        ('{"a": 1}', "[1]"),
    ],
)
def test_what_is_not_claimed_of_a_text(before: str, after: str) -> None:
    """Two changes at once, what is no JSON, and what is nested like an attack."""
    assert not [one for one in transforms(before, after) if "became" in one]
