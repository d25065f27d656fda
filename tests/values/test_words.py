"""Texts as words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.words import LEVELS, replace_word, split, word

PAGE = '<input name="csrf" value="a-b_c=="> on Fri, 01 May 2026 10:00:00 GMT'
LINK = "/orders/1f0c2a34-0000-4000-8000-0123456789ab/items?page=2"


@given(st.text(), st.integers(0, LEVELS - 1))
def test_nothing_is_lost(text: str, level: int) -> None:
    """Words and what is between them make the text again, and words are at odd indices."""
    parts = split(text, level)
    assert "".join(parts) == text
    assert len(parts) % 2 == 1
    assert all(parts[1::2])


def test_points_in_time_are_one_word() -> None:
    """A date with blanks in it is one word, and so is an attribute's value."""
    words = split(PAGE, 0)[1::2]
    assert words == (
        "input",
        "name",
        "csrf",
        "value",
        "a-b_c",
        "on",
        "Fri, 01 May 2026 10:00:00 GMT",
    )


def test_paths() -> None:
    """A path of indices finds a word, a piece of it, and a run; a UUID is one run."""
    assert word(LINK, "0") == LINK.partition("?")[0]
    assert word(LINK, "0.1") == "1f0c2a34-0000-4000-8000-0123456789ab"
    assert word(LINK, "0.1.0") == word(LINK, "0.1")
    assert word("req_8f3a", "0.0.1") == "8f3a"
    assert word(LINK, "9") is None
    assert word(LINK, "x") is None
    assert word("a", "0.0.0.0") is None


def test_a_word_is_replaced() -> None:
    """Only the named word changes."""
    assert replace_word(LINK, "0.1", "x") == "/orders/x/items?page=2"
    assert replace_word("req_8f3a", "0.0.1", "x") == "req_x"
    assert replace_word("a", "7", "x") == "a"
