"""Value transforms: what turns an expected value into the live one, as people would say it.

A claim is checked on the whole values, and a cause makes it only when it holds for all of its
examples: "rounded to 2 places" over forty prices is one change, not forty values.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from ci_gate.diff.jsonvalue import NotJson, decode
from ci_gate.diff.render import clean, type_name
from ci_gate.diff.transforms.numbers import number_transforms
from ci_gate.diff.transforms.texts import text_transforms
from ci_gate.diff.transforms.times import time_transforms

RENAMED_TO, RENAMED_FROM = "renamed to ", "renamed from "
"""How the claims about a member that went, and about the one that came with its value, begin."""

STYLES = ("snake_case became camelCase", "camelCase became snake_case", "names written otherwise")
"""Claims about how renamed members are written now."""

LONGEST = 4096
"""Characters of a text, or items of an array, that are looked at."""

_EMPTY: tuple[tuple[object, str], ...] = (
    ("", "empty string"),
    ([], "empty array"),
    ({}, "empty object"),
    (("0",), "0"),
)
_DEEPEST = 30
"""Levels of JSON in a text that are looked into."""
_NEEDS_TWO = ("increased by ", "decreased by ", "multiplied by ", "divided by ")
"""Claims that any single pair of numbers would bear out: only two different pairs say something."""


def transforms(expected: object, actual: object) -> tuple[str, ...]:
    """What turns one decoded JSON value (see `jsonvalue.decode`), or one text, into another: every
    claim that holds, the most telling first; () when none is known."""
    if expected == actual:
        return ()
    if isinstance(expected, str) and isinstance(actual, str):
        if max(len(expected), len(actual)) > LONGEST:
            return ()
        said = (*time_transforms(expected, actual), *text_transforms(expected, actual))
        return said or _inside(expected, actual)
    if isinstance(expected, tuple) and isinstance(actual, tuple):
        before, after = str(expected[0]), str(actual[0])
        return (*time_transforms(expected, actual), *number_transforms(before, after))
    if isinstance(expected, bool) and isinstance(actual, bool):
        return ("flipped",)
    if isinstance(expected, list) and isinstance(actual, list):
        return order_transforms(expected, actual)
    return _between_types(expected, actual)


def shared(claims: Sequence[tuple[str, ...]], pairs: Iterable[object]) -> str:
    """The most telling claim that all examples bear out, "" = none. `claims` are those of each
    example (`transforms`), `pairs` what each was about: equal pairs are one piece of evidence."""
    if not claims:
        return ""
    common = set(claims[0]).intersection(*claims[1:])
    several = len(set(pairs)) > 1
    fitting = (one for one in claims[0] if one in common)
    return next((one for one in fitting if several or not one.startswith(_NEEDS_TWO)), "")


def _inside(expected: str, actual: str) -> tuple[str, ...]:
    """Claims about two texts of JSON, as a cache keeps: the one change that all of it shows, by the
    member that has it: "total: number became string"."""
    if expected[:1] not in ("{", "[") or actual[:1] != expected[:1]:
        return ()
    try:
        before, after = (decode(one.encode("utf-8", "replace")) for one in (expected, actual))
    except NotJson:
        return ()
    found = list(itertools.islice(_members("", before, after, _DEEPEST), LONGEST))
    common = set(found[0]).intersection(*found[1:]) if found else ()
    return tuple(claim for claim in found[0] if claim in common) if common else ()


def _members(name: str, before: object, after: object, deep: int) -> Iterator[tuple[str, ...]]:
    """The claims about each member that differs; () is one that nothing is known of."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict) and deep:
        gone, came = (
            [key for key in one if key not in other]
            for one, other in ((before, after), (after, before))
        )
        if [before[key] for key in gone] == [after[key] for key in came]:
            pairs = zip(gone, came, strict=True)
            yield from ((f"{clean(a, 40)} {RENAMED_TO}{clean(b, 40)}",) for a, b in pairs)
        else:
            yield from ((f"{clean(key, 40)} removed",) for key in gone)
            yield from ((f"{clean(key, 40)} added",) for key in came)
        for key in before:
            if key in after:
                yield from _members(clean(key, 40), before[key], after[key], deep - 1)
    elif isinstance(before, list) and isinstance(after, list) and _paired(before, after) and deep:
        for old, new in zip(before, after, strict=True):
            yield from _members(name, old, new, deep - 1)
    else:
        claims = (one for one in transforms(before, after) if not one.startswith(_NEEDS_TWO))
        yield tuple(f"{name}: {one}" if name else one for one in claims)


def _paired(before: list[object], after: list[object]) -> bool:
    """The items are what changed, not their order."""
    return len(before) == len(after) and not order_transforms(before, after)


def _between_types(expected: object, actual: object) -> tuple[str, ...]:
    """Claims about two values of different JSON types."""
    if isinstance(actual, list) and len(actual) == 1 and actual[0] == expected:
        return ("wrapped in an array",)
    if isinstance(expected, list) and len(expected) == 1 and expected[0] == actual:
        return ("no longer in an array",)
    plain = f"{type_name(expected)} became {type_name(actual)}"
    before, after = _as_said(expected), _as_said(actual)
    exact = (
        (f"{before} became {after}",) if (before, after) != ("", "") and before and after else ()
    )
    return (*exact, *time_transforms(expected, actual), plain)


def _as_said(value: object) -> str:
    """ "null", "empty string", "0", "false": values that stand for nothing, by name."""
    if value is None:
        return "null"
    if value is False:
        return "false"
    for empty, name in _EMPTY:
        if type(value) is type(empty) and value == empty:
            return name
    return ""


def order_transforms(expected: list[object], actual: list[object]) -> tuple[str, ...]:
    """Claims about the order of two arrays that hold the same items: "now sorted by price",
    "reversed", "no longer sorted by id"."""
    if not 1 < len(expected) == len(actual) <= LONGEST:
        return ()
    found = ["reversed"] if expected[::-1] == actual else []
    sortings, before = _sortings(actual), _sortings(expected)
    found += [f"now sorted{one}" for one in sortings if one not in before]
    found += [f"no longer sorted{one}" for one in before if one not in sortings]
    return tuple(found)


def _sortings(items: Sequence[object]) -> list[str]:
    """By what an array is sorted: "", " descending", " by price", " by price descending"."""
    found = []
    for name, column in _columns(items):
        ranks = _ranks(column)
        pairs = list(itertools.pairwise(ranks))
        if all(a == b for a, b in pairs):
            continue
        if all(a <= b for a, b in pairs):
            found.append(name)
        elif all(a >= b for a, b in pairs):
            found.append(f"{name} descending")
    return found


def _columns(items: Sequence[object]) -> list[tuple[str, list[object]]]:
    """What items may be sorted by: themselves, or each field that all of them have."""
    objects = [item for item in items if isinstance(item, dict)]
    if len(objects) < len(items):
        return [("", list(items))]
    fields = [key for key in objects[0] if all(key in item for item in objects)]
    return [(f" by {clean(key, 40)}", [item[key] for item in objects]) for key in fields]


def _ranks(column: Sequence[object]) -> list[tuple[float, str]]:
    """Values as what orders them: all numbers, or all texts; others have no order ([])."""
    if all(isinstance(value, tuple) for value in column):
        return [(float(value[0]), "") for value in column if isinstance(value, tuple)]
    texts = [(0.0, value) for value in column if isinstance(value, str)]
    return texts if len(texts) == len(column) else []
