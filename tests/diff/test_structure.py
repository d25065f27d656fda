"""JSON bodies by structure: exactly the places that differ, under masks and stand-ins too."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_gate.diff.findings import LIMIT
from ci_gate.values.jsontext import step

_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=20,
)


def _said(found: Any) -> list[tuple[str, str, str, str]]:
    return [(one.change, one.place, one.expected, one.actual) for one in found]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"a": 1}, {"a": 2}, [("value", "response.body.$.a", "1", "2")]),
        ({"a": 1}, {"a": "1"}, [("type", "response.body.$.a", "1", '"1"')]),
        ({"a": 1}, {"a": 1.0}, [("value", "response.body.$.a", "1", "1.0")]),
        ({"a": 1}, {"a": True}, [("type", "response.body.$.a", "1", "true")]),
        ({"a": "x"}, {"a": None}, [("type", "response.body.$.a", '"x"', "null")]),
        ({"a": {}}, {"a": []}, [("type", "response.body.$.a", "{}", "[]")]),
        ({"a": 1}, {"b": 1}, [
            ("removed", "response.body.$.a", "1", ""), ("added", "response.body.$.b", "", "1"),
        ]),
        ({"a b": 1}, {"a b": 2}, [("value", 'response.body.$["a b"]', "1", "2")]),
        ([1, 2, 3], [1, 3], [("removed", "response.body.$[1]", "2", "")]),
        ([1, 3], [1, 2, 3], [("added", "response.body.$[1]", "", "2")]),
        ("x", "y", [("value", "response.body.$", '"x"', '"y"')]),
        ([{"i": 1}, {"i": 2}], [{"i": 1}, {"i": 2, "new": [1]}], [
            ("added", "response.body.$[1].new", "", "[1]"),
        ]),
    ],
)  # fmt: skip
def test_table_of_changes(diff: Any, answer: Any, old: Any, new: Any, said: Any) -> None:
    """Every kind of change has its word, its place and both values as JSON."""
    assert _said(diff(answer(old), answer(new))) == said


def test_type_change_says_both_types(diff: Any, answer: Any) -> None:
    """The detail says what became what; titles are made of it."""
    (found,) = diff(answer({"total": 12.5}), answer({"total": "12.5"}))
    assert found.detail == "number became string"


def test_only_written_differently_is_equal(diff: Any, answer: Any) -> None:
    """Key order, whitespace and escapes are not structure."""
    old = answer(b'{"a":"\xc3\xa9","b":[1,2]}')
    assert diff(old, answer(b'{ "b": [1, 2], "a": "\\u00e9" }')) == ()


@pytest.mark.parametrize("body", [b'{"a":1,"a":2}', b"{", b"[1,]", b"nan", b'\xff"x"', b""])
def test_not_json_is_still_compared(diff: Any, answer: Any, body: bytes) -> None:
    """A body that is no JSON, or has a key twice, is never equal to one that differs in bytes."""
    found = diff(answer(b'{"a":2}'), answer(body))
    assert [one.change for one in found] == ["body"]
    assert diff(answer(body), answer(body)) == ()


def test_deep_nesting_does_not_raise(diff: Any, answer: Any) -> None:
    """Hostile nesting is compared as text."""
    old, new = b"[" * 5000 + b"1" + b"]" * 5000, b"[" * 5000 + b"2" + b"]" * 5000
    assert [one.change for one in diff(answer(old), answer(new))] == ["body"]
    old, new = (b"[" * 400 + n + b"]" * 400 for n in (b"1", b"2"))
    assert len(diff(answer(old), answer(new))) == 1


def test_inserted_item_is_one_difference(diff: Any, answer: Any) -> None:
    """An item at the front of a long list does not make all later ones differ."""
    items = [{"id": n, "name": f"n{n}"} for n in range(500)]
    found = diff(answer({"items": items}), answer({"items": [{"id": -1, "name": "new"}, *items]}))
    assert [(one.change, one.place) for one in found] == [("added", "response.body.$.items[0]")]


def test_insertion_and_change_are_two_differences(diff: Any, answer: Any) -> None:
    """An item that changed is paired with its old form although another came before it."""
    items = [{"id": n, "name": f"n{n}", "x": 1} for n in range(6)]
    changed = copy.deepcopy(items)
    changed[3]["name"] = "other"
    changed.insert(3, {"id": 77, "name": "new", "x": 2})
    found = diff(answer(items), answer(changed))
    assert {(one.change, one.place) for one in found} == {
        ("added", "response.body.$[3]"),
        ("value", "response.body.$[3].name"),
    }


def test_other_order_is_one_difference(diff: Any, answer: Any) -> None:
    """A sort-order regression says so once, not once for each item."""
    items = [{"id": n} for n in range(20)]
    (found,) = diff(answer({"items": items}), answer({"items": items[::-1]}))
    assert (found.place, found.detail) == (
        "response.body.$.items",
        "the same 20 items in another order, from item 0 on",
    )


def test_long_texts_show_where_they_differ(diff: Any, answer: Any) -> None:
    """Two long texts with the same beginning are quoted around their first difference."""
    old = "word " * 200 + "old end"
    (found,) = diff(answer({"a": old}), answer({"a": old.replace("old", "new")}))
    assert found.expected.endswith("old end")
    assert found.actual.endswith("new end")
    items = [*range(300)]
    (found,) = diff(answer(items), answer([*range(298), 299, 298]))
    assert (found.expected, found.actual) == ("[298, 299]", "[299, 298]")


def test_many_differences_are_bounded(diff: Any, answer: Any) -> None:
    """At most LIMIT differences are kept and one says how many more there are."""
    old, new = {str(n): n for n in range(1000)}, {str(n): n + 1 for n in range(1000)}
    found = diff(answer(old), answer(new))
    assert len(found) == LIMIT + 1
    assert found[-1].detail == f"and {1000 - LIMIT} more differences in this message"


def test_large_different_arrays_are_bounded_in_time(diff: Any, answer: Any) -> None:
    """Two arrays of 20,000 unlike items are compared by position, not quadratically."""
    old, new = [[n] for n in range(20_000)], [[n * 7 + 1] for n in range(20_001)]
    assert len(diff(answer(old), answer(new))) == LIMIT + 1


def test_many_unlike_arrays_are_bounded_in_time(diff: Any, answer: Any) -> None:
    """Thousands of arrays that all differ do not each get a long search."""
    old = [[n * 31 + k for k in range(30)] for n in range(3000)]
    new = [[n * 31 + k + 7 for k in range(29)] for n in range(3000)]
    assert len(diff(answer(old), answer(new))) == LIMIT + 1


@given(
    st.lists(st.integers(0, 3), min_size=90, max_size=120),
    st.lists(st.integers(0, 3), min_size=90, max_size=120),
)
def test_long_unlike_arrays_name_only_what_differs(
    diff: Any, answer: Any, old: list[int], new: list[int]
) -> None:
    """Beyond the search, items pair by position; equal ones are never called different."""
    for one in diff(answer(old), answer(new)):
        assert one.expected != one.actual


@given(_VALUES)
def test_identical_bodies_have_no_difference(diff: Any, answer: Any, value: Any) -> None:
    """Whatever the value, it equals itself however it is written."""
    compact = json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
    assert diff(answer(value), answer(compact)) == ()


def _leaves(value: Any, place: str, path: tuple[Any, ...]) -> list[tuple[str, tuple[Any, ...]]]:
    if isinstance(value, dict):
        found = [_leaves(v, place + step(k), (*path, k)) for k, v in value.items()]
    elif isinstance(value, list):
        found = [_leaves(v, f"{place}[{i}]", (*path, i)) for i, v in enumerate(value)]
    else:
        return [(place, path)]
    return [leaf for part in found for leaf in part]


@given(st.dictionaries(st.text(max_size=5), _VALUES, min_size=1, max_size=5), st.data())
def test_one_changed_leaf_is_one_place(
    diff: Any, answer: Any, value: dict[str, Any], data: st.DataObject
) -> None:
    """Changing one scalar anywhere gives exactly that place."""
    leaves = _leaves(value, "response.body.$", ())
    if not leaves:
        return
    place, path = data.draw(st.sampled_from(leaves))
    changed = copy.deepcopy(value)
    inner: Any = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = "this text is in no generated value"
    found = diff(answer(value), answer(changed))
    assert [one.place for one in found] == [place]


@given(st.lists(_VALUES, max_size=12), st.integers(0, 12), _VALUES)
def test_one_inserted_item_is_one_added(
    diff: Any, answer: Any, items: list[Any], at: int, new: Any
) -> None:
    """Inserting one item anywhere, duplicates or not, is one added item; removing it one removed."""
    longer = [*items[:at], new, *items[at:]]
    found = diff(answer({"l": items}), answer({"l": longer}))
    assert [one.change for one in found] == ["added"]
    found = diff(answer({"l": longer}), answer({"l": items}))
    assert [one.change for one in found] == ["removed"]


@settings(max_examples=200)
@given(_VALUES, _VALUES)
def test_different_bodies_are_never_equal(diff: Any, answer: Any, old: Any, new: Any) -> None:
    """There is a difference exactly when the canonical JSON texts differ."""
    same = json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)
    assert bool(diff(answer(old), answer(new))) != same


def test_masked_leaf_may_vary_within_its_kind(diff: Any, answer: Any) -> None:
    """A rule lets another timestamp stand; null, a number and another format are still red."""
    opened = ("response.body.$.items[*].at", "timestamp")
    old = {"items": [{"at": "2026-01-01T00:00:00Z", "n": 1}]}

    def live(at: Any, n: int = 1) -> Any:
        return answer({"items": [{"at": at, "n": n}]})

    assert diff(answer(old), live("2026-09-09T10:11:12Z"), opened) == ()
    assert len(diff(answer(old), live("2026-09-09T10:11:12Z", 2), opened)) == 1
    for wrong in (None, "yesterday", 1767225600, ["2026-09-09T10:11:12Z"]):
        (found,) = diff(answer(old), live(wrong), opened)
        assert found.place == "response.body.$.items[0].at"


def test_integer_rule_refuses_a_uuid_and_a_text(diff: Any, answer: Any) -> None:
    """`allow: uuid` does not cover a number, nor `allow: integer` digits in quotes."""
    assert diff(answer({"a": 1}), answer({"a": 2}), ("response.body.$.a", "integer")) == ()
    assert len(diff(answer({"a": 1}), answer({"a": "2"}), ("response.body.$.a", "integer"))) == 1
    assert len(diff(answer({"a": 1}), answer({"a": 1.5}), ("response.body.$.a", "integer"))) == 1


def test_only_any_excuses_presence(diff: Any, answer: Any) -> None:
    """That a place is gone or new is excused by "any", by no kind."""
    old, new = answer({"a": "2026-01-01", "b": 1}), answer({"b": 1})
    assert len(diff(old, new, ("response.body.$.a", "date"))) == 1
    assert diff(old, new, ("response.body.$.a", "any")) == ()
    assert len(diff(new, old, ("response.body.$.a", "date"))) == 1
    assert diff(new, old, ("response.body.$.a", "any")) == ()


def test_masked_items_still_align(diff: Any, answer: Any) -> None:
    """With a masked time in every item, one inserted item is still one difference."""
    opened = ("response.body.$[*].at", "integer")
    old = [{"id": n, "at": n} for n in range(30)]
    new = [{"id": n, "at": n + 1000} for n in range(30)]
    new.insert(10, {"id": 99, "at": 5})
    found = diff(answer(old), answer(new), opened)
    assert [(one.change, one.place) for one in found] == [("added", "response.body.$[10]")]


def test_container_below_a_wildcard_is_open(diff: Any, answer: Any) -> None:
    """A final `.*` opens everything below and nothing beside."""
    old, new = answer({"m": {"a": 1}, "n": 1}), answer({"m": {"b": [2]}, "n": 2})
    found = diff(old, new, ("response.body.$.m.*", "any"))
    assert [one.place for one in found] == ["response.body.$.n"]
