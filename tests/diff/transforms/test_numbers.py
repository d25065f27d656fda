"""What became of a number, told in a few words."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.diff.transforms.numbers import is_number_text, number_transforms

CENTS = st.integers(-(10**9), 10**9)


@pytest.mark.parametrize(
    ("before", "after", "claim"),
    [
        ("12.345", "12.35", "rounded to 2 places"),
        ("12.345", "12.34", "rounded to 2 places"),  # half to even
        ("9.95", "9.9", "rounded to 1 place"),  # the half is a little less in binary
        ("12.349", "12.34", "cut to 2 places"),
        ("12.3", "13", "rounded up"),
        ("12.8", "12", "cut to a whole number"),
        ("12.8", "13", "rounded to a whole number"),
        ("12.05", "12.1", "rounded to 1 place"),
        ("5", "-5", "sign flipped"),
        ("-0.5", "0.5", "sign flipped"),
        ("7", "8", "off by one"),
        ("7", "0", "became 0"),
        ("1", "1.0", "whole number written with a fraction"),
        ("1.0", "1", "fraction of a whole number left out"),
        ("1.50", "1.5", "number written otherwise"),
        ("1e2", "100", "fraction of a whole number left out"),
        ("9007199254740993", "9007199254740992", "lost precision above 2^53"),
        ("0.3", "0.30000000000000004", "inexact by floating-point arithmetic"),
        ("7", "12", "increased by 5"),
    ],
)
def test_each_change_is_named(before: str, after: str, claim: str) -> None:
    """The most telling claim comes first."""
    assert number_transforms(before, after)[0] == claim


@pytest.mark.parametrize("text", ["", "NaN", "01", "1.", "+1", " 1", "1" * 50, "0x1", "--1"])
def test_other_texts_are_no_numbers(text: str) -> None:
    """Only what JSON writes counts as a number, and only of a length that numbers have."""
    assert not is_number_text(text)
    assert number_transforms(text, "1") == ()


@given(CENTS)
def test_rounding_is_claimed_for_what_rounding_gives(thousandths: int) -> None:
    """Rounded to two places, a number bears that claim unless it had no third place."""
    before = Decimal(thousandths).scaleb(-3)
    after = round(before, 2)
    found = number_transforms(f"{before:f}", f"{after:f}")
    if before != after:
        assert "rounded to 2 places" in found or not after
    else:
        assert all("rounded" not in one for one in found)


@given(CENTS, CENTS)
def test_claims_hold(before: int, after: int) -> None:
    """What is claimed of two whole numbers is so."""
    found = number_transforms(str(before), str(after))
    assert ("off by one" in found) == (abs(after - before) == 1)
    assert ("sign flipped" in found) == (before == -after != 0)
    assert any("creased by" in one for one in found) == (before != after)


@given(st.from_regex(r"-?[1-9][0-9]{0,30}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,9})?", fullmatch=True))
def test_numbers_of_any_size(text: str) -> None:
    """Exponents that no computer counts to do not stop it."""
    number_transforms(text, "1")
    number_transforms("1.5", text)
