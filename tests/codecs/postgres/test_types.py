"""Binary values as text and back; the expected texts are what PostgreSQL 15 wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.postgres.types import FIRST_OWN, NAMES, OIDS, shown, to_binary, to_text


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        ("bool", "01", "t"),
        ("int2", "fffb", "-5"),
        ("int8", "7fffffffffffffff", "9223372036854775807"),
        ("bytea", "deadbeef", "\\xdeadbeef"),
        ("float8", "3ff8000000000000", "1.5"),
        ("float8", "430c6bf526340000", "1e+15"),
        ("float8", "3f1a36e2eb1c432d", "0.0001"),
        ("float8", "7ff8000000000000", "NaN"),
        ("float4", "49742400", "1e+06"),
        ("float4", "47c35000", "100000"),
        ("numeric", "0002000000000002000103e8", "1.10"),
        ("numeric", "00000000c0000000", "NaN"),
        ("date", "00002278", "2024-02-28"),
        ("date", "7fffffff", "infinity"),
        ("time", "0000000b187d38e0", "13:14:15.5"),
        ("timestamp", "0002b0ec851f1b00", "2024-01-02 03:04:05.6"),
        ("interval", "00000000000000000000000100000001", "1 mon 1 day"),
        ("interval", "fffffffffff0bdc00000000000000000", "-00:00:01"),
        ("uuid", "0f8fad5bd9cb469fa16570867728950e", "0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("jsonb", "017b7d", "{}"),
        ("text", "c3a9", "é"),
        ("int4[]", "00000001000000000000001700000001000000010000000400000005", "{5}"),
        ("text[]", "000000000000000000000019", "{}"),
    ],
)
def test_values(kind: str, data: str, text: str) -> None:
    """One row for each type, both ways."""
    raw = bytes.fromhex(data)
    assert to_text(OIDS[kind], raw) == text
    assert to_binary(OIDS[kind], text) == raw


@given(st.sampled_from(sorted(NAMES)), st.binary(max_size=40))
def test_what_is_told_comes_back(oid: int, data: bytes) -> None:
    """Bytes that have a text are those bytes again; others have none. Nothing raises."""
    text = to_text(oid, data)
    assert text is None or to_binary(oid, text) == data


@given(st.text(max_size=12))
def test_no_text_raises(text: str) -> None:
    """What is no value of a type has no binary form."""
    for oid in NAMES:
        to_binary(oid, text)


MOOD, MOODS = FIRST_OWN + 2, FIRST_OWN + 1
MOODS_DATA = (
    bytes.fromhex("0000000100000000")
    + MOOD.to_bytes(4, "big")
    + bytes.fromhex("00000002000000010000000373616400000004736f2122")
)


def test_arrays_of_enums() -> None:
    """They can be shown, but not made: their text does not say what its elements are."""
    assert shown(MOOD, b"sad") == "sad"
    assert shown(MOODS, MOODS_DATA) == '{sad,"so!\\""}'
    assert to_text(MOODS, MOODS_DATA) is None
    assert to_binary(MOODS, "{sad}") is None
    assert to_binary(MOOD, "sad") == b"sad"
    assert shown(MOODS, b"\0\0") is None
    assert shown(OIDS["int4"], b"\0") is None
