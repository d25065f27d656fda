"""The document that conditions are asked of has exactly the fields its schema says."""

from __future__ import annotations

from typing import Any

from ci_gate.model.difference import Cause, Difference
from ci_gate.policy.document import builtins, schema
from ci_gate.policy.metrics import metrics, nested


def _fields(value: Any, known: Any) -> None:
    """Every field of a value is in its schema."""
    if isinstance(value, dict):
        assert isinstance(known, dict)
        for name, inner in value.items():
            assert name in known or "*" in known, name
            _fields(inner, known.get(name, known.get("*")))
    elif isinstance(value, list):
        assert isinstance(known, list)
        for inner in value:
            _fields(inner, known[0])


def test_schema_has_every_field(make_result: Any) -> None:
    """Nothing that a result holds is refused as unknown, and the verdict is not there."""
    example = Difference(change="value")
    cause = Cause(id="C1", title="t", change="c", routes=("r",), examples=(example,))
    result = make_result(causes=(cause,))
    data = {**nested(metrics(result.runs[0])), **builtins(result)}
    _fields(data, schema())
    assert set(schema()) == set(data)
    assert "verdict" not in data


def test_lists_are_lists(make_result: Any) -> None:
    """JMESPath sees lists, which tuples are not for it."""
    assert isinstance(builtins(make_result())["runs"], list)
