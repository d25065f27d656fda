"""Text of unknown origin, made visible and harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.report.text import block, cut, focus, guard, log_line, one_line, squeezed, visible

anything = st.text(st.characters())


@given(anything)
def test_visible_text_can_be_seen_and_encoded(text: str) -> None:
    """What comes out is printable, newlines and tabs aside, and UTF-8 can carry it."""
    out = visible(text)
    out.encode()
    assert all(char.isprintable() or char in "\n\t" for char in out)


@given(st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126)))
def test_plain_text_is_unchanged(text: str) -> None:
    """Printable ASCII is shown as it is, backslashes included."""
    assert visible(text) == one_line(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("a\r\nb\tc", "a\\r\nb\tc"),
        ("\u202e\u2066\u200b\u00a0", "\\u202e\\u2066\\u200b\\xa0"),
        ("\ud800\ufffe\U000e0001", "\\ud800\\ufffe\\U000e0001"),
    ],
)
def test_what_cannot_be_seen_is_escaped(text: str, shown: str) -> None:
    """Control, ANSI, bidi, zero-width and broken characters become the escapes Python uses."""
    assert visible(text) == shown


@given(anything, st.integers(1, 50))
def test_one_line_is_one_line_and_short(text: str, limit: int) -> None:
    """No line break of any kind survives, and the limit holds after escaping."""
    out = one_line(text, limit)
    assert len(out) <= limit
    assert len(out.splitlines()) <= 1


def test_cut_says_so() -> None:
    """A cut text ends in an ellipsis; a fitting one does not."""
    assert (cut("abcdef", 4), cut("abcd", 4)) == ("abc…", "abcd")


def test_focus_shows_the_difference() -> None:
    """Two long texts that differ late are cut around the place where they differ."""
    expected, actual = focus("a" * 500 + "X" + "b" * 90, "a" * 500 + "Y" + "b" * 90, 40)
    assert "X" in expected
    assert "Y" in actual
    assert max(len(expected), len(actual)) <= 40
    assert focus("ab", "ac", 40) == ("ab", "ac")


@given(anything, anything, anything, st.integers(8, 60))
def test_focus_stays_in_its_width(start: str, one: str, other: str, width: int) -> None:
    """Neither text gets longer than the width, wherever they differ."""
    assert max(len(text) for text in focus(start * 9 + one, start * 9 + other, width)) <= width


def test_squeezed_keeps_a_difference_of_layout() -> None:
    """Indentation is folded, unless it is all that differs."""
    assert squeezed("{\n  1\n}", "{\n  2\n}") == ("{ 1 }", "{ 2 }")
    assert squeezed("{\n  1}", "{ 1}") == ("{\n  1}", "{ 1}")


def test_block_counts_what_it_leaves_out() -> None:
    """More lines than fit are counted in one more line."""
    assert block("a\nb\nc", 2, 10) == ["a", "b", "… 1 more lines"]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("::error::x", "∷error::x"),
        ("   ::add-mask::x", "   ∷add-mask::x"),
        ("a ::error::x", "a ::error::x"),
        ("x ##[error]y", "x ·#[error]y"),
        ("###[x]", "#·#[x]"),
        ("##vso[task.complete]", "·#vso[task.complete]"),
        ("##teamcity[x]", "·#teamcity[x]"),
        ("a\n::error::x", "a\\n::error::x"),
        ("a\r::error::x", "a\\r::error::x"),
        ("## heading", "## heading"),
    ],
)
def test_log_line_is_no_command(line: str, shown: str) -> None:
    """A line from traffic cannot be what a CI system executes."""
    assert log_line(line) == shown


@given(st.lists(st.sampled_from(["::", " ", "\x1b[31m", "##", "[", "vso", "\n", "x", "\u3000"])))
def test_guard_leaves_no_command(parts: list[str]) -> None:
    """No guarded line begins with two colons or holds a bracket command, and none got longer."""
    text = "".join(parts)
    out = guard(text)
    for before, line in zip(text.split("\n"), out.split("\n"), strict=True):
        assert not line.replace("\x1b[31m", "").lstrip().startswith("::")
        assert "##[" not in line
        assert "##vso[" not in line
        assert len(line) <= len(before)
