"""Days, times and intervals; the expected texts are what PostgreSQL 15 wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.postgres.types import OIDS, to_binary, to_text


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        ("date", "ffffffff", "1999-12-31"),
        ("date", "fff49d7b", "0044-03-15 BC"),
        ("date", "002c95d4", "10000-01-01"),
        ("timestamp", "7fffffffffffffff", "infinity"),
        ("timestamptz", "8000000000000000", "-infinity"),
        ("timestamptz", "0000000000000000", "2000-01-01 00:00:00+00"),
        ("timestamptz", "ffffffffffffffff", "1999-12-31 23:59:59.999999+00"),
        ("timetz", "000000141dd75fff00003138", "23:59:59.999999-03:30"),
        ("timetz", "000000000000000000000000", "00:00:00+00"),
        ("time", "000000141dd76000", "24:00:00"),
    ],
)
def test_values(kind: str, data: str, text: str) -> None:
    """Infinite ones, those before our era and after the year 9999, and zones."""
    raw = bytes.fromhex(data)
    assert to_text(OIDS[kind], raw) == text
    assert to_binary(OIDS[kind], text) == raw


def test_another_zone() -> None:
    """A moment is the same one in every zone, but in UTC it is told."""
    oid = OIDS["timestamptz"]
    data = to_binary(oid, "2024-01-02 05:34:05.5+05:30")
    assert data == to_binary(oid, "2024-01-02 00:04:05.5+00")
    assert data is not None
    assert to_text(oid, data) == "2024-01-02 00:04:05.5+00"


@given(st.integers(-2_400_000, 2_100_000_000))
def test_every_day(days: int) -> None:
    """Has one text, and comes back."""
    data = days.to_bytes(4, "big", signed=True)
    text = to_text(OIDS["date"], data)
    assert text is not None
    assert to_binary(OIDS["date"], text) == data


@pytest.mark.parametrize("text", ["2024-02-30", "yesterday", "2024-13-01", "24-01-01", ""])
def test_what_is_no_day(text: str) -> None:
    """It has no binary form."""
    assert to_binary(OIDS["date"], text) is None
    assert to_binary(OIDS["timestamptz"], text) is None
