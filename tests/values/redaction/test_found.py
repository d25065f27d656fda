"""What is worth a stand-in."""

from __future__ import annotations

import pytest

from ci_gate.values.redaction.found import is_worth


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("hunter2", True),
        ("pässwörd", True),
        ("", False),
        ("x", False),
        ("****", False),
        ("xxxxxxxx", False),
        ("-_-", False),
        ("null", False),
        ("Required", False),
        ("‹secret›", False),
    ],
)
def test_is_worth(value: str, expected: bool) -> None:
    """Nothing, masks and words that say there is none are no secrets."""
    assert is_worth(value) is expected
