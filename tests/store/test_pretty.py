"""JSON for `git diff`."""

from __future__ import annotations

import json

import msgspec
from hypothesis import given

from ci_gate.store.pretty import pretty
from tests.store.strategies import values


@given(values)
def test_same_value(value: object) -> None:
    """Whatever is printed reads back as the same value."""
    assert json.loads(pretty(value)) == value


def test_layout() -> None:
    """One field or item a line, pairs on one line, JSON bodies moved in with their indentation."""
    form = {"a": [("x", "y"), "z"], "b": {}, "c": [], "d": msgspec.Raw(b'{\n  "e": 1\n}')}
    assert pretty({"top": form}).decode().split("\n") == [
        "{",
        '  "top": {',
        '    "a": [',
        '      ["x", "y"],',
        '      "z"',
        "    ],",
        '    "b": {},',
        '    "c": [],',
        '    "d": {',
        '      "e": 1',
        "    }",
        "  }",
        "}",
    ]
