"""Changes to the structure of a JSON text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values import jsonedit

TEXT = b'{"id": 1.0, "items": [{"a": 1e2}, {"b": null}], "name": "\\u00e9"}'

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


def test_every_value_has_its_place() -> None:
    """Outer values come before inner ones, places are spelled as comparing spells them."""
    assert [node.place for node in jsonedit.nodes(TEXT)] == [
        "$", "$.id", "$.items", "$.items[0]", "$.items[0].a", "$.items[1]", "$.items[1].b", "$.name",
    ]  # fmt: skip
    assert jsonedit.nodes(b'{"a b": 1}')[1].place == '$["a b"]'


def test_values_that_are_not_touched_keep_their_bytes() -> None:
    """Number and string lexemes beside the change are as they were."""
    changed = jsonedit.replaced(TEXT, ("items", 1, "b"), b"7")
    assert b"1.0" in changed
    assert b"1e2" in changed
    assert b"\\u00e9" in changed
    assert json.loads(changed)["items"][1] == {"b": 7}


def test_members_and_items_are_taken_away() -> None:
    """A member, an item, and what is in them."""
    assert json.loads(jsonedit.removed(TEXT, ("items", 0))) == {
        "id": 1.0, "items": [{"b": None}], "name": "é",
    }  # fmt: skip
    assert "id" not in json.loads(jsonedit.removed(TEXT, ("id",)))


def test_a_member_gets_another_name_in_its_position() -> None:
    """Order is kept, the value too."""
    changed = jsonedit.renamed(TEXT, ("id",), "key")
    assert list(json.loads(changed)) == ["key", "items", "name"]
    assert b'"key":1.0' in changed


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"nul", b'{"a":1}x', b"[" * 5000])
def test_what_is_no_json_has_no_values(data: bytes) -> None:
    """Nothing is raised for what a peer sent."""
    assert jsonedit.nodes(data) == []


def test_limits() -> None:
    """Very many and very deep values are looked at as far as the limits go."""
    assert len(jsonedit.nodes(b"[" + b"1," * 9000 + b"1]")) == jsonedit.NODES
    deep = b"[" * 60 + b"]" * 60
    assert len(jsonedit.nodes(deep)) == jsonedit.DEPTH + 1


@given(VALUES)
def test_changes_are_at_one_place_only(value: Any) -> None:
    """Putting any value back where it stands changes nothing."""
    data = json.dumps(value).encode()
    for node in jsonedit.nodes(data):
        assert json.loads(jsonedit.replaced(data, node.path, node.raw)) == value
        assert json.loads(jsonedit.at(data, node.path)) == json.loads(node.raw)
