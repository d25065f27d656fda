"""What became of a text, told in a few words."""

from __future__ import annotations

import html
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.diff.transforms.texts import text_transforms

PLAIN = st.text(st.characters(codec="ascii", categories=("Lu", "Ll")), min_size=3, max_size=20)


@pytest.mark.parametrize(
    ("before", "after", "claim"),
    [
        ("Ada", "ADA", "upper-cased"),
        ("PAID", "paid", "lower-cased"),
        (" ada ", "ada", "trimmed"),
        ("ada", "ada ", "no longer trimmed"),
        ("ada", "Ada", "first letter upper-cased"),
        ("a  b", "a b", "blanks collapsed"),
        ("a & b", "a &amp; b", "HTML-escaped"),
        ("a &lt; b", "a < b", "no longer HTML-escaped"),
        ('a"b', '"a\\"b"', "JSON-encoded a second time"),
        ("a b/c", "a%20b%2Fc", "URL-encoded"),
        ("a+b", "a b", "URL-decoded"),
        ("hello", "aGVsbG8=", "base64-encoded"),
        ("user_id", "userId", "snake_case became camelCase"),
        ("userId", "user_id", "camelCase became snake_case"),
        ("Ünal", "Unal", "accents removed"),
        ("ünal", "Ã¼nal", "UTF-8 read as Latin-1"),
        ("Ünal", "Ãœnal", "UTF-8 read as Latin-1"),
        ("Ünal", "?nal", "non-ASCII characters replaced by ?"),
        ("ada", "", "became empty"),
        ("", "ada", "no longer empty"),
        ("12.345", "12.35", "rounded to 2 places"),
        ("a long text", "a long", "truncated to 6 characters"),
        ("a long text", "a lo…", "truncated to 5 characters"),
        ("a long text", "a lo...", "truncated to 7 characters"),
        ("1,50 EUR", "1.50 EUR", "“,” became “.”"),
        ("ada", "Mrs ada", "prefix “Mrs ” added"),
        ("Mrs ada", "ada", "prefix “Mrs ” removed"),
        ("ada", "ada!", "suffix “!” added"),
    ],
)
def test_each_change_is_named(before: str, after: str, claim: str) -> None:
    """The most telling claim comes first."""
    assert text_transforms(before, after)[0] == claim


@pytest.mark.parametrize(
    ("before", "after"),
    [("paid", "open"), ("ord-1", "ord-2"), ("a", "b"), ("ada", "eve"), ("x" * 20, "y" * 20)],
)
def test_another_value_is_another_value(before: str, after: str) -> None:
    """Two texts that have nothing in common bear no claim."""
    assert text_transforms(before, after) == ()


def test_a_secret_prefix_is_not_quoted() -> None:
    """What a claim quotes is clean and short; the rest is only a difference."""
    card = "4242424242424242"
    for text in (card, "a much longer prefix than anybody reads "):
        assert not any(text in one for one in text_transforms("ada", text + "ada"))


@given(PLAIN)
def test_case_is_claimed_exactly_when_it_is_all(text: str) -> None:
    """ "upper-cased" means that the text is the other one in capitals."""
    found = text_transforms(text, text.upper())
    assert ("upper-cased" in found) == (text != text.upper())
    mixed = text.upper()[:-1] + "!"
    assert "upper-cased" not in text_transforms(text, mixed)


@given(st.text(min_size=1, max_size=30))
def test_escaping_is_found_whatever_the_text(text: str) -> None:
    """A text and its escaped form bear that claim, unless nothing had to be escaped."""
    assert "HTML-escaped" in text_transforms(text, html.escape(text)) or html.escape(text) == text
    try:
        quoted = quote_plus(text)
    except UnicodeEncodeError:
        return
    assert "URL-encoded" in text_transforms(text, quoted) or quoted == text


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_two_texts(before: str, after: str) -> None:
    """No pair of texts makes it fail, and equal ones bear no claim."""
    text_transforms(before, after)
    assert text_transforms(before, before) == ()
