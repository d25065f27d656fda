"""Tables of plain text."""

from __future__ import annotations

from ci_gate.report.tables import plain


def test_numbers_stay_as_they_are_spelled() -> None:
    """A text that looks like a number is not rewritten as one, and columns of numbers end alike."""
    text = plain(["name", "n"], [["1e5", "1,204"], ["007", "3"]])
    assert text.splitlines() == ["name        n", "------  -----", "1e5     1,204", "007         3"]


def test_a_cell_is_one_short_line() -> None:
    """Line breaks and control characters of traffic are shown; what is too long is cut."""
    text = plain(["what"], [["a\nb\x1b[31m" + "x" * 500]], width=40)
    assert len(text.splitlines()) == 3
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) == 40


def test_no_rows() -> None:
    """A table of nothing is its heads."""
    assert plain(["a", "b"], []).splitlines()[0].split() == ["a", "b"]
