"""Telephone numbers and their stand-ins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.redaction.phones import is_foreign, is_phone, is_phone_stand_in, phone_stand_in

GROUPED = [
    "+49 30 901820",
    "+1 (415) 555-2671",
    "(415) 555-2671",
    "01 42 68 53 00",
    "+351912345678",
]


@pytest.mark.parametrize("text", GROUPED)
@given(st.binary(min_size=32, max_size=32))
def test_stand_ins(text: str, seed: bytes) -> None:
    """A stand-in is recognised, keeps country code and the signs between, and is a number."""
    new = phone_stand_in(text, seed)
    assert is_phone_stand_in(new)
    assert not is_phone_stand_in(text)
    assert [sign for sign in new if not sign.isdigit()] == [
        sign for sign in text if not sign.isdigit()
    ]
    if text.startswith("+"):
        assert new[:2] == text[:2]


@pytest.mark.parametrize("text", ["2026-11-21", "12", "1111111", "030/90x820", "0000000042"])
def test_no_phones(text: str) -> None:
    """Days, short numbers and words are none; zeros in front of a number are no stand-in."""
    assert not is_phone(text) or not is_phone_stand_in(text)
    assert not is_phone_stand_in(text)


@pytest.mark.parametrize("text", ["+0200", "+1.2345678", "+12", "4930901820"])
def test_no_international_form(text: str) -> None:
    """Offsets, fractions and numbers without + are not told by themselves."""
    assert not is_foreign(text)
