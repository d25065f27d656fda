"""Times as other tools write them."""

from __future__ import annotations

import pytest

from ci_gate.store.formats.times import milliseconds, seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:01Z", 1.0),
        ("1970-01-01T05:30:00.25+05:30", 0.25),
        ("2026-01-02T03:04:05.123456789Z", 1767323045.123456789),
        ("1969-12-31T23:59:59Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("2026-13-02T03:04:05Z", None),
        ("soon", None),
        (None, None),
    ],
)
def test_seconds(text: object, expected: float | None) -> None:
    """RFC 3339 in every zone; the year one is no time."""
    assert seconds(text) == (pytest.approx(expected, abs=1e-6) if expected else expected)


def test_milliseconds() -> None:
    """Go's durations and plain numbers."""
    assert milliseconds("1m2.5s") == 62500
    assert milliseconds("33ms") == 33
    assert milliseconds(7) == 7
    assert milliseconds(None) == milliseconds("soon") == milliseconds(True) == 0
