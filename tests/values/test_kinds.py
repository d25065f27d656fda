"""Kinds: what counts as one, and what nearly does."""

from __future__ import annotations

import pytest

from ci_gate.values.kinds import _CHECKS, KINDS, is_kind, kind_of

GOOD = [
    ("timestamp", "2026-08-31T12:00:00Z"),
    ("timestamp", "2026-08-31T12:00:00.123456+02:00"),
    ("timestamp", "2026-08-31T12:00:60Z"),
    ("timestamp", "2026-08-31T12:00"),
    ("timestamp", "20260831T120000Z"),
    ("timestamp", "Mon, 31 Aug 2026 12:00:00 GMT"),
    ("timestamp", 1_788_177_600),
    ("timestamp", 1_788_177_600_123),
    ("timestamp", 1_788_177_600.25),
    ("timestamp", "1788177600"),
    ("date", "2028-02-29"),
    ("uuid", "0b9a5f3e-7b1c-4c1e-9c9a-3a1f5b6d7e8f"),
    ("ulid", "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    ("objectid", "507f1f77bcf86cd799439011"),
    ("hex", "deadbeef01"),
    ("base64", "aGVsbG8gd29ybGQ="),
    ("base64", "_-84"),
    ("jwt", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."),
    ("email", "jane.doe+tag@mail.example.org"),
    ("card", "4242 4242 4242 4242"),
    ("card", 4242424242424242),
    ("card", "378282246310005"),
    ("url", "https://api.example/x?y=1"),
    ("ipv4", "10.0.0.1"),
    ("ipv6", "2001:db8::1"),
    ("empty", ""),
    ("empty", None),
    ("empty", []),
    ("integer", 0),
    ("number", 0.5),
    ("boolean", False),
    ("null", None),
    ("string", "x"),
    ("any", object()),
]
BAD = [
    ("timestamp", "2026-02-30T12:00:00Z"),
    ("timestamp", "2026-08-31T24:00:00Z"),
    ("timestamp", "2026-08-31 12:00:00"),
    ("timestamp", "Mon, 31 Foo 2026 12:00:00 GMT"),
    ("timestamp", 12),
    ("timestamp", True),
    ("timestamp", float("nan")),
    ("timestamp", 9_999_999_999_999_999),
    ("date", "2026-02-29"),
    ("date", "2026-2-9"),
    ("uuid", "0b9a5f3e7b1c4c1e9c9a3a1f5b6d7e8f"),
    ("ulid", "91ARZ3NDEKTSV4RRFFQ69G5FAV"),
    ("objectid", "507f1f77bcf86cd79943901"),
    ("hex", "deadbee"),
    ("base64", "abcde"),
    ("base64", "ab=c"),
    ("jwt", "eyJhbGciOiJub25lIn0.eyJ"),
    ("jwt", "a.b.c"),
    ("email", "jane@localhost"),
    ("email", "jane doe@example.org"),
    ("card", "4242424242424241"),
    ("card", "1234567890123452"),
    ("card", "42424242 42424242"),
    ("url", "/relative"),
    ("url", "mailto:x@y.example"),
    ("ipv4", "10.0.0.256"),
    ("ipv6", "10.0.0.1"),
    ("empty", 0),
    ("empty", False),
    ("integer", 1.0),
    ("integer", True),
    ("integer", "1"),
    ("number", "1.5"),
    ("boolean", 0),
    ("string", 1),
]


@pytest.mark.parametrize(("kind", "value"), GOOD)
def test_what_is_one(kind: str, value: object) -> None:
    """A value of the kind passes its check."""
    assert is_kind(value, kind)


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_what_is_nearly_one(kind: str, value: object) -> None:
    """A near miss does not pass: another JSON type, a wrong check digit, an impossible date."""
    assert not is_kind(value, kind)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("0b9a5f3e-7b1c-4c1e-9c9a-3a1f5b6d7e8f", "uuid"),
        (1_788_177_600, "timestamp"),
        (17, "integer"),
        (17.5, "number"),
        ("507f1f77bcf86cd799439011", "objectid"),
        ("deadbeef", "string"),
        ("dead0eef", "hex"),
        ("12345678", "string"),
        ("processing", "string"),
        ("aGVsbG8gd29ybGQgMTIz", "base64"),
        ("", "empty"),
        (None, "null"),
        (True, "boolean"),
        (b"bytes", "any"),
    ],
)
def test_most_specific_kind(value: object, kind: str) -> None:
    """The guess is the most specific kind, but no plain word is base64 and no number hexadecimal."""
    assert kind_of(value) == kind


def test_every_kind_is_described() -> None:
    """Each kind that can be checked has its line for docs and errors, and the other way round."""
    assert set(KINDS) == set(_CHECKS)


def test_unknown_kind() -> None:
    """A kind that does not exist is an error, not a quiet False."""
    with pytest.raises(KeyError):
        is_kind("x", "uid")
