"""A live text with the recorded words where it varies as learned: what is left differs for real."""

from __future__ import annotations

from ci_gate.diff.noise.held import MARK, Varying
from ci_gate.values.words import LEVELS, LONGEST, split


def settled(varying: Varying | None, place: str, expected: str, live: str) -> str:
    """`live` as people are to see it beside `expected`. Word for word only where both have as many
    words; other texts come back as they are."""
    if varying is None or not varying.covers(place) or max(len(expected), len(live)) > LONGEST:
        return live
    return _level(varying, place + MARK, expected, live, 0)


def _level(varying: Varying, prefix: str, expected: str, live: str, level: int) -> str:
    before, after = split(expected, level), list(split(live, level))
    if len(before) != len(after):
        return live
    for index in range(1, len(after), 2):
        old, new = before[index], after[index]
        if old == new:
            continue
        at = f"{prefix}{index // 2}"
        if varying.at(at) is not None:
            after[index] = old if varying.would(at, old, new) else new
        elif level + 1 < LEVELS:
            after[index] = _level(varying, at + ".", old, new, level + 1)
    return "".join(after)
