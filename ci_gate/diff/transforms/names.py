"""Members of an object that have another name now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ci_gate.diff.render import clean
from ci_gate.diff.transforms.texts import camel
from ci_gate.diff.transforms.values import STYLES

_MOST = 50
"""Members that came or went, in which renamed ones are looked for."""


def renamed(expected: Mapping[str, object], actual: Mapping[str, object]) -> dict[str, str]:
    """Old name -> new name of members that are the same by their names, written otherwise, or by
    their value: equal, and no other member that came or went has it."""
    gone = [key for key in expected if key not in actual]
    new = [key for key in actual if key not in expected]
    if not gone or not new or max(len(gone), len(new)) > _MOST:
        return {}
    found = _by_name(gone, new)
    taken = set(found.values())
    gone = [key for key in gone if key not in found]
    new = [key for key in new if key not in taken]
    for key in gone:
        same = [other for other in new if actual[other] == expected[key]]
        if len(same) == 1 and sum(expected[other] == expected[key] for other in gone) == 1:
            found[key] = same[0]
    return found


def _by_name(gone: Sequence[str], new: Sequence[str]) -> dict[str, str]:
    """Pairs whose names differ only in case and separators, where that leaves no choice."""
    letters: dict[str, list[str]] = {}
    for key in new:
        letters.setdefault(_letters(key), []).append(key)
    found = {}
    for key in gone:
        same = letters.get(_letters(key), [])
        if len(same) == 1 and sum(_letters(other) == _letters(key) for other in gone) == 1:
            found[key] = same[0]
    return found


def _letters(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(" ", "").lower()


def renaming(claim: str, name: str, other: str) -> tuple[str, ...]:
    """The claims about a member `name` that is called, or was called, `other`."""
    style: tuple[str, ...] = ()
    if camel(name) == other:
        style = STYLES[:1] if claim.endswith("to ") else STYLES[1:2]
    elif camel(other) == name:
        style = STYLES[1:2] if claim.endswith("to ") else STYLES[:1]
    elif _letters(name) == _letters(other):
        style = STYLES[2:]
    return (claim + clean(other, 80), *style)
