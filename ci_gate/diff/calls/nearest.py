"""What was recorded that comes nearest to a call nobody recorded: for people, never for serving."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import NO_MASKS
from ci_gate.diff.messages import compare
from ci_gate.diff.render import clean
from ci_gate.model.call import CallRecord
from ci_gate.model.difference import Difference

SHOWN = 2
PLACES = 3
_LONG = 6
"""Words of a text of which only what differs is shown."""
_NEAR = 3
"""Words that are shown on either side of those."""
_ALIKE = 0.5
_CANDIDATES = 200
"""Recorded calls that are looked at; a larger dependency is cut to the likeliest by name."""


def nearest(call: CallRecord, recorded: Sequence[CallRecord]) -> str:
    """One line for each of the nearest recorded calls and the places that differ; "" = none.

    `recorded` are all calls of the snapshot; those of the same dependency and coarse key come
    first, then those of the dependency whose names are alike.
    """
    same = [one for one in recorded if one.dependency == call.dependency]
    alike = [one for one in same if one.coarse == call.coarse] or _by_name(call, same)
    scored: dict[str, tuple[int, str]] = {}
    for one in alike[:_CANDIDATES]:
        found = [
            difference
            for difference in compare("request", one.parts, call.parts, NO_MASKS, Equality())
            if not difference.notice
        ]
        line = f"{clean(one.label)}: {_told(found)}"
        if line not in scored:
            scored[line] = (len(found), one.id)
    ranked = sorted(scored, key=lambda line: scored[line][0])
    return "\n".join(f"nearest recorded: {line}" for line in ranked[:SHOWN])


def _by_name(call: CallRecord, same: Sequence[CallRecord]) -> list[CallRecord]:
    labels = {one.label: one for one in same[: 10 * _CANDIDATES]}
    close = difflib.get_close_matches(call.label, labels, SHOWN, 0.3)
    return [labels[label] for label in close]


def _told(found: Sequence[Difference]) -> str:
    if not found:
        return "the same, recorded for another request or too often called"
    told = [
        f"{one.place.removeprefix('request.')} {_change(one.expected, one.actual)}"
        for one in found[:PLACES]
    ]
    more = len(found) - PLACES
    return "; ".join(told) + (f"; and {more} more places" if more > 0 else "")


def _change(expected: str, actual: str) -> str:
    """What became what; of long texts that are much alike only the words that differ."""
    before, after = expected.split(" "), actual.split(" ")
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    long = min(len(before), len(after)) >= _LONG
    if not long or matcher.quick_ratio() < _ALIKE or matcher.ratio() < _ALIKE:
        return f"{expected or '(nothing)'} → {actual or '(nothing)'}"
    return " ".join(_words(before, after, matcher))


def _words(
    before: Sequence[str], after: Sequence[str], matcher: difflib.SequenceMatcher[str]
) -> Iterator[str]:
    for kind, start, end, first, last in matcher.get_opcodes():
        if kind == "equal":
            left_out = end - start > 2 * _NEAR
            yield from before[start : start + _NEAR] if left_out else before[start:end]
            yield from ("…", *before[end - _NEAR : end]) if left_out else ()
            continue
        if start < end:
            yield f"[-{' '.join(before[start:end])}-]"
        if first < last:
            yield f"{{+{' '.join(after[first:last])}+}}"
