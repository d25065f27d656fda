"""A difference as the lines of a diff fence."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ci_gate.model.difference import Difference
from ci_gate.report.fences import difference_lines


def body(expected: str, actual: str, change: str = "body") -> Difference:
    """A difference of two texts."""
    return Difference(
        change=change, exchange="e-1", place="response.body", expected=expected, actual=actual
    )


def test_single_values_stand_below_each_other() -> None:
    """A header with exchange and place, then expected and actual."""
    assert difference_lines(body("4200", '"4200"'), 60, 100) == [
        "@@ e-1 · response.body @@",
        "- 4200",
        '+ "4200"',
    ]


def test_bodies_become_a_diff_with_context() -> None:
    """Of two long bodies only what changed is shown, with what stands around it."""
    lines = [f'  "f{number}": {number},' for number in range(40)]
    changed = [*lines[:20], '  "f20": "x",', *lines[21:]]
    made = difference_lines(body("\n".join(lines), "\n".join(changed)), 60, 100)
    assert '-   "f20": 20,' in made
    assert '+   "f20": "x",' in made
    assert len(made) == 1 + 3 + 2 + 3


def test_lines_of_dashes_are_lines() -> None:
    """Content that looks like a diff's own header is not lost."""
    made = difference_lines(body("a\n-- x\n@@ y", "a\n++ z\n@@ w"), 60, 100)
    assert made[1:] == ["  a", "- -- x", "- @@ y", "+ ++ z", "+ @@ w"]


def test_a_late_difference_in_a_long_line_is_seen() -> None:
    """Long single lines are cut around the difference, alone and among other lines."""
    made = difference_lines(body("a" * 5000 + "1", "a" * 5000 + "2"), 60, 100)
    assert made[1].endswith("1")
    assert made[2].endswith("2")
    made = difference_lines(body("x\n" + "a" * 5000 + "1", "x\n" + "a" * 5000 + "2"), 60, 100)
    assert made[-2].endswith("1")
    assert made[-1].endswith("2")


def test_nothing_and_empty_differ() -> None:
    """A missing call expected something and got nothing; an empty value is empty."""
    assert difference_lines(body("x", "", "missing"), 60, 100)[2] == "+ (nothing)"
    assert difference_lines(body("x", ""), 60, 100)[2] == "+ (empty)"


def test_long_sides_are_counted() -> None:
    """What does not fit is counted."""
    made = difference_lines(body("a\n" * 50, "b"), 10, 100)
    assert made[-2:] == ["- … 46 more lines", "+ b"]


anything = st.text(st.characters() | st.sampled_from("\n\n-+@ "), max_size=60)


@settings(deadline=None)
@given(anything, anything, st.integers(1, 20), st.integers(10, 40))
def test_arbitrary_texts_stay_bounded(expected: str, actual: str, lines: int, width: int) -> None:
    """Number and length of lines are bounded, and every line begins with its sign."""
    made = difference_lines(body(expected, actual), lines, width)
    assert len(made) <= lines + 4
    assert all(len(line) <= width + 2 for line in made[1:] if "more lines" not in line)
    assert all(line[0] in "-+ @" for line in made)
