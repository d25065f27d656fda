"""One difference as the lines of a diff fence."""

from __future__ import annotations

import difflib
import itertools

from ci_gate.model.difference import Difference
from ci_gate.report.text import block, focus, one_line
from ci_gate.report.words import sides

_DIFFED = 400
"""Lines of a body that are put through difflib, whose time grows with their square."""


def difference_lines(
    difference: Difference, lines: int, width: int, *, consequence: bool = False
) -> list[str]:
    """A header naming exchange and place (and that it is a consequence), then `-` expected and `+` actual.

    At most about `lines` lines of `width` characters. Several lines on both sides become a diff
    with context; a long single line is cut around the place where it differs.
    """
    first = "and so " if consequence else ""
    head = "@@ " + first + one_line(_where(difference), 160) + " @@"
    expected, actual = sides(difference)
    if expected is not None and actual is not None:
        if "\n" in expected and "\n" in actual:
            return [head, *_diff(expected, actual, lines, width)]
        if "\n" not in expected and "\n" not in actual:
            expected, actual = focus(expected, actual, width)
    half = max(lines // 2, 1)
    return [head, *_side("-", expected, half, width), *_side("+", actual, half, width)]


def _where(difference: Difference) -> str:
    """`3f2a9c1b7e-1 response.body.$.total`, or the call."""
    call = f"{difference.dependency} {difference.call}".strip()
    said = (difference.exchange or difference.group, call, difference.place)
    return " · ".join(one for one in said if one) or difference.change


def _side(sign: str, text: str | None, lines: int, width: int) -> list[str]:
    if text is None:
        return [f"{sign} (nothing)"]
    if not text:
        return [f"{sign} (empty)"]
    return [f"{sign} {line}" for line in block(text, lines, width)]


def _diff(expected: str, actual: str, lines: int, width: int) -> list[str]:
    """A diff of two texts of several lines, without difflib's file header."""
    left = block(expected, _DIFFED, width)
    right = block(actual, _DIFFED, width)
    changed = itertools.islice(difflib.unified_diff(left, right, lineterm="", n=3), 2, None)
    made = [f"{line[0]} {line[1:]}" for line in changed if not line.startswith("@@")]
    if not made:
        # They differ only behind what fits in a line.
        expected, actual = focus(expected, actual, width)
        return [f"- {one_line(expected, width)}", f"+ {one_line(actual, width)}"]
    rest = len(made) - lines
    return made[:lines] + ([f"  … {rest} more lines"] if rest > 0 else [])
