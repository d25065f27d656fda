"""Schemas of values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_gate.store.formats.openapischema import of_text, schema

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
)


def holds(value: Any, form: dict[str, Any]) -> bool:
    """Whether a value fulfils a schema, by JSON Schema's own rules for what we write."""
    names = form.get("type", [])
    kinds = {names} if isinstance(names, str) else set(names)
    if not form:
        return True
    if value is None:
        return "null" in kinds
    if isinstance(value, bool):
        return "boolean" in kinds
    if isinstance(value, int):
        return bool(kinds & {"integer", "number"})
    if isinstance(value, float):
        return "number" in kinds
    if isinstance(value, str):
        return "string" in kinds
    if isinstance(value, list):
        return "array" in kinds and all(holds(one, form["items"]) for one in value)
    known = form.get("properties", {})
    return (
        "object" in kinds
        and all(name in value for name in form.get("required", []))
        and all(holds(item, known[name]) for name, item in value.items())
    )


@settings(max_examples=40)
@given(st.lists(values, min_size=1, max_size=5))
def test_every_value_fulfils_it(found: list[Any]) -> None:
    """Whatever was seen is allowed."""
    form = schema(found)
    assert all(holds(one, form) for one in found)


def test_objects() -> None:
    """What every one has is required; formats are those of all."""
    form = schema([{"id": "6f1c2c1e-7a0b-4c58-9d0e-3f1a2b3c4d5e", "n": 1}, {"id": "x", "n": 2.5}])
    assert form["required"] == ["id", "n"]
    assert form["properties"] == {"id": {"type": "string"}, "n": {"type": "number"}}
    assert schema(["2026-01-02T03:04:05Z"]) == {"type": "string", "format": "date-time"}
    assert schema([]) == {}


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["1", "-2"], {"type": "integer"}),
        (["true"], {"type": "boolean"}),
        (["a"], {"type": "string"}),
    ],
)
def test_text(texts: list[str], form: dict[str, str]) -> None:
    """Values of a path or a query."""
    assert of_text(texts) == form
