"""The check at the end of a stand-in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.redaction.checkmark import (
    check_digits,
    check_hex,
    check_letters,
    core,
    has_check,
)

LETTERS = st.text("abcXYZ019", min_size=6, max_size=40)


@given(LETTERS)
def test_every_form_is_recognised(text: str) -> None:
    """The check passes as hexadecimal in either case and as letters, whatever separates it."""
    for check in (check_hex(text), check_hex(text).upper(), check_letters(text)):
        assert has_check(text + check)
        assert has_check("-".join(text + check) + "==")


@given(st.text("0123456789", min_size=9, max_size=20))
def test_digits(text: str) -> None:
    """Numbers carry the check as digits."""
    assert has_check(text + check_digits(text))


@given(LETTERS, st.integers(0, 5))
def test_one_changed_letter_is_noticed(text: str, index: int) -> None:
    """Changing any letter before the check breaks it."""
    changed = text[:index] + ("b" if text[index] != "b" else "c") + text[index + 1 :]
    assert not has_check(changed + check_hex(text))


def test_short_texts_have_none() -> None:
    """Below twelve letters and digits nothing is recognised, and nothing else counts as a letter."""
    assert not has_check("abcde" + check_hex("abcde"))
    assert core("a-ü b_9") == "ab9"
