"""Compares decoded JSON: what changed its value, its type, was added, was removed, moved."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from ci_gate.diff.alignment import align
from ci_gate.diff.findings import Findings
from ci_gate.diff.render import clean, lexeme, type_name
from ci_gate.diff.transforms.names import renamed, renaming
from ci_gate.diff.transforms.values import RENAMED_FROM, RENAMED_TO, order_transforms
from ci_gate.values.jsontext import step


def compare_values(findings: Findings, place: str, expected: object, actual: object) -> None:
    """Add the differences of two unequal decoded JSON values (see `jsonvalue.decode`).

    Equal parts cost one comparison in C; only what differs is walked. Raises RecursionError for
    nesting beyond the interpreter's stack.
    """
    if type(expected) is not type(actual):
        findings.value(place, expected, actual)
    elif isinstance(expected, dict) and isinstance(actual, dict):
        if not _opened(findings, place, expected, actual):
            _compare_objects(findings, place, expected, actual)
    elif isinstance(expected, list) and isinstance(actual, list):
        if not _opened(findings, place, expected, actual):
            _compare_arrays(findings, place, expected, actual)
    else:
        findings.value(place, expected, actual)


def _opened(findings: Findings, place: str, expected: object, actual: object) -> bool:
    """True when a rule lets anything be at the place of a container, or when it was learned to be
    one of a few; nothing below is compared."""
    varying = findings.masks.varying
    if varying is not None and varying.container(place, expected, actual):
        findings.touched.append(place)
        return True
    rule = findings.masks.opens(place)
    if rule:
        findings.used(rule, place, lambda: (lexeme(expected), lexeme(actual)))
    return bool(rule)


def _compare_objects(
    findings: Findings, place: str, expected: dict[str, object], actual: dict[str, object]
) -> None:
    wrapped = _wrapped(expected, actual)
    if wrapped:
        findings.add("value", place, lexeme(expected), lexeme(actual), wrapped, (wrapped,))
        return
    names = renamed(expected, actual)
    for key, before in expected.items():
        if key not in actual:
            known = renaming(RENAMED_TO, key, names[key]) if key in names else ()
            findings.add("removed", place + step(key), lexeme(before), "", known=known)
        elif before != actual[key]:
            compare_values(findings, place + step(key), before, actual[key])
    olds = {new: old for old, new in names.items()}
    for key, after in actual.items():
        if key not in expected:
            known = renaming(RENAMED_FROM, key, olds[key]) if key in olds else ()
            findings.add("added", place + step(key), "", lexeme(after), known=known)


def _wrapped(expected: dict[str, object], actual: dict[str, object]) -> str:
    """ "wrapped in data" when all there was is the one member of what is there now."""
    for whole, part, said in ((actual, expected, "wrapped in"), (expected, actual, "no longer in")):
        if len(whole) == 1 and part and next(iter(whole.values())) == part:
            return f"{said} {clean(next(iter(whole)), 80)}"
    return ""


def _compare_arrays(
    findings: Findings, place: str, expected: list[object], actual: list[object]
) -> None:
    varying = findings.masks.varying
    if varying is not None:
        actual = varying.in_order_of(place, expected, actual)
    loose = False
    asked = 0

    def same(before: object, after: object, index: int) -> bool:
        nonlocal loose, asked
        asked += 1
        if before == after:
            return True
        found = same_values(findings, f"{place}[{index}]", before, after)
        loose = loose or found
        return found

    steps = align(expected, actual, same, search=findings.effort > 0)
    findings.effort -= asked
    moved = len(expected) == len(actual) and len(steps) > 1 and _same_items(expected, actual)
    if moved:
        first = min(index for pair in steps for index in pair if index >= 0)
        detail = f"the same {len(expected)} items in another order, from item {first} on"
        texts = lexeme(expected[first:]), lexeme(actual[first:])
        findings.add("value", place, *texts, detail, order_transforms(expected, actual))
        return
    for i, j in steps:
        if j < 0:
            findings.add("removed", f"{place}[{i}]", lexeme(expected[i]), "")
        elif i < 0:
            findings.add("added", f"{place}[{j}]", "", lexeme(actual[j]))
        elif expected[i] != actual[j]:
            compare_values(findings, f"{place}[{i}]", expected[i], actual[j])
    if loose:
        _settle(findings, place, expected, actual, steps)


def _settle(
    findings: Findings,
    place: str,
    expected: Sequence[object],
    actual: Sequence[object],
    steps: Sequence[tuple[int, int]],
) -> None:
    """Compare the pairs that aligning took as equal but that are so only by masks or stand-ins:
    a rule was used there, and a stand-in has a live value to remember."""
    differing = {i for i, _ in steps if i >= 0}
    added = {j for _, j in steps if j >= 0}
    rest = [j for j in range(len(actual)) if j not in added]
    for i, j in zip((i for i in range(len(expected)) if i not in differing), rest, strict=True):
        if expected[i] != actual[j]:
            compare_values(findings, f"{place}[{i}]", expected[i], actual[j])


def same_values(findings: Findings, place: str, expected: object, actual: object) -> bool:
    """Whether `compare_values` would find nothing; remembers nothing."""
    if expected == actual or findings.masks.opens(place):
        return True
    varying = findings.masks.varying
    if varying is not None and isinstance(actual, dict | list):
        if varying.container(place, expected, actual, count=False):
            return True
        if isinstance(expected, list) and isinstance(actual, list):
            actual = varying.in_order_of(place, expected, actual, count=False)
    if type(expected) is not type(actual):
        return findings.same_value(place, expected, actual)
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(
            before == actual[key] or same_values(findings, place + step(key), before, actual[key])
            for key, before in expected.items()
        )
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(
            before == after or same_values(findings, f"{place}[{index}]", before, after)
            for index, (before, after) in enumerate(zip(expected, actual, strict=True))
        )
    return findings.same_value(place, expected, actual)


def _same_items(expected: list[object], actual: list[object]) -> bool:
    """True when one array is a permutation of the other."""
    return Counter(map(_canonical, expected)) == Counter(map(_canonical, actual))


def _canonical(value: object) -> str:
    """Equal exactly for equal values: every scalar is written with its type's name."""
    return json.dumps(_tagged(value), sort_keys=True)


def _tagged(value: object) -> object:
    if isinstance(value, dict):
        return {key: _tagged(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_tagged(item) for item in value]
    return [type_name(value), value]
