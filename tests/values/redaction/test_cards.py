"""Card numbers: check digit, issuers, grouping."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.redaction.cards import brand, card_digits, is_card, luhn, luhn_digit


@given(st.from_regex(r"[3-6][0-9]{13,18}", fullmatch=True))
def test_luhn_digit_completes(digits: str) -> None:
    """The check digit makes a number pass, and any other last digit does not."""
    right = luhn_digit(digits)
    assert [last for last in range(10) if luhn(digits + str(last))] == [right]


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("4012888888881881", "visa"),
        ("5555555555554444", "mastercard"),
        ("2223003122003222", "mastercard"),
        ("378282246310005", "amex"),
        ("6011111111111117", "discover"),
        ("30569309025904", "diners"),
        ("3530111333300000", "jcb"),
        ("6200000000000005", "unionpay"),
        ("6759649826438453", "maestro"),
        ("9999999999999999", None),
        ("40128888888818812", None),
    ],
)
def test_brands(number: str, name: str | None) -> None:
    """Ranges and lengths tell the issuer of the numbers that processors document."""
    found = brand(number)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("4012888888881881", "4012888888881881"),
        ("4012 8888 8888 1881", "4012888888881881"),
        ("4012-8888-8888-1881", "4012888888881881"),
        ("3714 496353 98431", "371449635398431"),
        ("4012 8888-8888 1881", ""),
        ("40128888 88881881", ""),
        ("٤012888888881881", ""),
        ("40128888888", ""),
        ("4" * 30, ""),
    ],
)
def test_grouping(text: str, digits: str) -> None:
    """Only the ways in which cards are printed count as grouping."""
    assert card_digits(text) == digits


def test_is_card() -> None:
    """A card number needs an issuer and the right check digit."""
    assert is_card("4012 8888 8888 1881")
    assert not is_card("4012 8888 8888 1882")
    assert not is_card("9012888888881886")
