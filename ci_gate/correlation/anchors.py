"""What a value is found by in a text that is no structure: what stands around it."""

from __future__ import annotations

from ci_gate.model.binding import Spot

Anchors = tuple[str, str, int]
"""What stands before a value, the sign after it, and how often the former stands in the text before
that."""

_SIZES = (8, 24, 80, 240)
_ROW = 24
"""Characters of an anchor that stands in every row of a table."""


def around(text: str, value: str, start: int) -> Anchors | None:
    """The anchors of a value that stands at `start`; None when nothing tells where it ends. Digits
    are no good to find a place by: they vary as values do."""
    end = start + len(value)
    if text[start:end] != value:
        start = text.find(value)
        end = start + len(value)
    after = text[end : end + 1]
    if start <= 0:
        return "", after, 0
    if after and after in value:
        return None
    found = [text[max(0, start - size) : start] for size in _SIZES]
    steady = [one for one in found if not any(map(str.isdigit, one))]
    once = [one for one in (*steady, *found) if text.find(one) + len(one) == start]
    if once and (once[0] in steady or not steady):
        return once[0], after, 0
    if steady:
        # In a table every row looks alike: the longest short anchor, and which one it is.
        before = [one for one in steady if len(one) <= _ROW][-1]
        return before, after, _times(before, text, start)
    return (once[0], after, 0) if once else None


def _times(before: str, text: str, start: int) -> int:
    """How often an anchor stands in a text before the one that ends at `start`."""
    count, at = 0, text.find(before)
    while at >= 0 and at + len(before) < start:
        count, at = count + 1, text.find(before, at + 1)
    return count


def behind(text: str, spot: Spot) -> int:
    """Where the value at a spot begins; -1 when what stands before it is not there."""
    if not spot.before:
        return 0
    at = text.find(spot.before)
    for _ in range(spot.nth):
        if at < 0:
            return -1
        at = text.find(spot.before, at + 1)
    return at + len(spot.before) if at >= 0 else -1
