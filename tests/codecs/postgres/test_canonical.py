"""Parameters sent as text, in one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.postgres.canonical import canonical
from ci_gate.codecs.postgres.types import NAMES, OIDS, to_binary, to_text


@pytest.mark.parametrize(
    ("kind", "texts", "one"),
    [
        ("bool", ["true", "TRUE", "t", "yes", "y", "on", "1", " tr "], "t"),
        ("bool", ["false", "F", "n", "off", "of", "0"], "f"),
        ("int4", ["7", "+7", "007", " 7"], "7"),
        ("int8", ["-7", "-07"], "-7"),
        ("float8", ["1", "1.0", "1e0", "1.00"], "1"),
        ("numeric", ["1.50", "01.50", "+1.50", "15.0e-1", "0.150E1"], "1.50"),
        ("numeric", ["1000", "1e3", "1.0E3"], "1000"),
        ("numeric", [".5", "0.5"], "0.5"),
        (
            "timestamptz",
            [
                "2026-11-21T10:30:00Z",
                "2026-11-21 10:30:00+00",
                "2026-11-21T11:30:00.000+01:00",
                "2026-11-21 05:30:00-0500",
                "2026-11-21T10:30Z",
            ],
            "2026-11-21 10:30:00+00",
        ),
        (
            "timestamp",
            ["2026-11-21T10:30:00.120", "2026-11-21 10:30:00.12+02", "2026-11-21 10:30:00.12"],
            "2026-11-21 10:30:00.12",
        ),
        ("date", ["2026-11-21", "2026-11-21T00:00:00Z"], "2026-11-21"),
        (
            "uuid",
            [
                "6F9619FF-8B86-D011-B42D-00C04FC964FF",
                "{6f9619ff-8b86-d011-b42d-00c04fc964ff}",
                "6f9619ff8b86d011b42d00c04fc964ff",
            ],
            "6f9619ff-8b86-d011-b42d-00c04fc964ff",
        ),
        ("bytea", ["\\xDEAD", "\\xdead"], "\\xdead"),
        ("int4[]", ["{1,2}", "{1, 2}"], "{1,2}"),
    ],
)
def test_one_spelling(kind: str, texts: list[str], one: str) -> None:
    """Whatever the driver's is; PostgreSQL's binary form reads the same."""
    oid = OIDS[kind]
    assert {canonical(oid, text) for text in texts} == {one}
    data = to_binary(oid, one)
    assert data is not None
    assert to_text(oid, data) == one


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("numeric", "1", "1.0"),
        ("int4", "7", "8"),
        ("text", "true", "t"),
        ("timestamptz", "2026-11-21 10:30:00+00", "2026-11-21 10:30:00.000001+00"),
        ("timestamptz", "2026-11-21 10:30:00+00", "2026-11-21 10:30:00"),
        ("bool", "true", "maybe"),
        ("interval", "1 day", "24:00:00"),
    ],
)
def test_other_values_stay_others(kind: str, one: str, other: str) -> None:
    """Also digits that numeric keeps, texts that are texts, and a moment of a zone not told."""
    assert canonical(OIDS[kind], one) != canonical(OIDS[kind], other)


@given(st.sampled_from(sorted(NAMES)), st.text(max_size=40))
def test_anything_has_one_spelling(oid: int, text: str) -> None:
    """No text of any type raises, and a spelling is its own."""
    once = canonical(oid, text)
    assert canonical(oid, once) == once


def test_an_unknown_type_says_nothing() -> None:
    """A value whose type nobody told is compared as it was said."""
    assert canonical(0, "true") == "true"
    assert canonical(99_999, "TRUE") == "TRUE"
