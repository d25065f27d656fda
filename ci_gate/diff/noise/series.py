"""What the same place of many exchanges says: numbers that count, how far numbers spread, and how
points in time are written.

A series is one place (indices folded) of all exchanges of one route. Its numbers are a *counter*
when they keep their order in every replay and either move on by the same amount from replay to
replay, or grow in every replay. Otherwise they are in one range, by the greatest of them; so are
numbers of which each exchange saw two when these overlap. Where at least half of three or more
exchanges vary so, the others vary, too: that a small number was three times the same is chance.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from ci_gate.diff.noise.walk import Found, Values, leaves_of
from ci_gate.model.message import Part
from ci_gate.model.noise import Noise
from ci_gate.values.evidence import has_unit, in_range, number_of
from ci_gate.values.places import fold
from ci_gate.values.times import format_of

_NUMERIC = ("integer", "number")
_LEAST = 3
"""Exchanges of a series that say something about the others; replays that tell a counter alone."""

Row = tuple[int | float, ...]
_Key = tuple[str, str]
"""(series, place with its indices folded)."""


class Series(msgspec.Struct, frozen=True):
    """One message: `name` is what it has in common with the others of its route."""

    name: str
    side: str
    found: Sequence[Found]
    replays: tuple[tuple[Part, ...], ...]
    recorded: Mapping[str, object] = {}
    """Leaves of the recorded message by full place."""


def with_series(messages: Sequence[Series]) -> list[list[Found]]:
    """What was found in each message, with what the others say."""
    rows: dict[_Key, list[Row]] = {}
    before: dict[_Key, list[Row]] = {}
    pairs: dict[_Key, set[frozenset[int | float]]] = {}
    below_zero: set[_Key] = set()
    for message in messages:
        for one in message.found:
            key = (message.name, fold(one.noise.at))
            if one.noise.kind in _NUMERIC and not one.noise.clock and not has_unit(one.noise):
                rows.setdefault(key, []).extend(_numbers(one.raw))
                before.setdefault(key, []).extend(_with_recorded(one, message.recorded))
                if (one.noise.low or 0) < 0:
                    below_zero.add(key)
            elif one.noise.kind == "one-of" and _all_numbers(one):
                pairs.setdefault(key, set()).update(frozenset(row) for row in _numbers(one.raw))
    counters = {
        key for key, found in rows.items() if is_counter(found) and keeps_order(before.get(key, ()))
    }
    ranges = {
        key: in_range([number for row in found for number in row], below_zero=key in below_zero)
        for key, found in rows.items()
        if key not in counters
    }
    for key, seen in pairs.items():
        if key not in rows and _overlap(seen):
            ranges[key] = in_range([number for one in seen for number in one])
    results = [
        [
            _judged(one, (message.name, fold(one.noise.at)), counters, ranges)
            for one in message.found
        ]
        for message in messages
    ]
    _spread(messages, results, ranges)
    return _written_alike(messages, results)


def _written_alike(
    messages: Sequence[Series], results: Sequence[Sequence[Found]]
) -> list[list[Found]]:
    """Timestamps of one place come from one writer: what one exchange shows of its format (that it
    keeps zeros at the end of a fraction, or drops them) holds for all."""
    seen: dict[_Key, dict[str, list[object]]] = {}
    for message, found in zip(messages, results, strict=True):
        for one in found:
            if one.noise.kind == "timestamp":
                values = [value for _, row in one.raw for value in row]
                forms = seen.setdefault((message.name, fold(one.noise.at)), {})
                forms.setdefault(one.noise.format, []).extend(values)
    forms_of = {
        key: format_of([value for values in forms.values() for value in values])
        for key, forms in seen.items()
        if len(forms) > 1
    }
    return [
        [_with_format(one, forms_of.get((message.name, fold(one.noise.at)), "")) for one in found]
        for message, found in zip(messages, results, strict=True)
    ]


def _with_format(one: Found, form: str) -> Found:
    if not form or one.noise.kind != "timestamp":
        return one
    return Found(msgspec.structs.replace(one.noise, format=form), one.raw)


def _overlap(seen: Iterable[frozenset[int | float]]) -> bool:
    """True when pairs of numbers have one in common, and not the other: there are more than two."""
    met: dict[int | float, frozenset[int | float]] = {}
    return any(met.setdefault(number, one) != one for one in seen for number in one)


def _all_numbers(one: Found) -> bool:
    return all(number_of(value) is not None for _, values in one.raw for value in values)


def _numbers(raw: Iterable[tuple[str, Values]]) -> list[Row]:
    rows = []
    for _, values in raw:
        found = [number_of(value) for value in values]
        rows.append(tuple(number for number in found if number is not None))
    return [row for row in rows if row]


def _with_recorded(one: Found, recorded: Mapping[str, object]) -> list[Row]:
    """(recorded, in the first replay) of the places of a noise, where both are numbers."""
    pairs: list[Row] = []
    for place, values in one.raw:
        first, number = number_of(recorded.get(place)), number_of(values[0]) if values else None
        if first is not None and number is not None:
            pairs.append((first, number))
    return pairs


def keeps_order(pairs: Iterable[Row]) -> bool:
    """True when the second numbers stand in the order of the first, equal ones equal: as a run is
    held to it. What counts in the replays and did not when it was recorded is no counter."""
    ordered = sorted(set(pairs))
    return all(
        one[0] < other[0] and one[1] < other[1] for one, other in itertools.pairwise(ordered)
    )


def is_counter(rows: Sequence[Row]) -> bool:
    """True when numbers (a row for each place, a column for each replay) count up."""
    if not rows or any(isinstance(number, float) for row in rows for number in row):
        return False
    replays = len(rows[0])
    if any(len(row) != replays for row in rows):
        return False
    ordered = sorted(set(rows))
    if any(
        not all(a < b for a, b in zip(one, other, strict=True))
        for one, other in itertools.pairwise(ordered)
    ):
        return False
    steps = [{row[at + 1] - row[at] for row in ordered} for at in range(replays - 1)]
    if len(ordered) > 1 and all(len(step) == 1 for step in steps):
        return True
    if replays < _LEAST:
        return False
    growing = all(min(step) > 0 for step in steps)
    if len(ordered) == 1:
        # One place alone: the same requests move a counter on by the same amount each time.
        return growing and len({next(iter(step)) for step in steps}) == 1
    return growing


def _judged(
    one: Found, key: _Key, counters: Collection[_Key], ranges: Mapping[_Key, Noise]
) -> Found:
    noise = one.noise
    if has_unit(noise):
        return one
    if key in counters and noise.kind == "integer":
        changed = {"kind": "counter", "low": 0 if noise.low == 0 else None, "high": None}
        return Found(msgspec.structs.replace(noise, **changed), one.raw)
    if key not in ranges:
        return one
    # Two equal numbers at one clock are chance where the others of the series vary at it.
    few = noise.kind in ("one-of", "derived") and one.raw and _all_numbers(one)
    if noise.kind in _NUMERIC or few:
        return Found(_ranged(one, ranges[key]), one.raw)
    return one


def _ranged(one: Found, wide: Noise) -> Noise:
    texts = any(isinstance(value, str) for _, values in one.raw for value in values)
    return msgspec.structs.replace(
        one.noise,
        kind=wide.kind,
        low=wide.low,
        high=wide.high,
        members=(),
        clock=False,
        format="text" if texts else "",
    )


def _spread(
    messages: Sequence[Series],
    results: list[list[Found]],
    ranges: Mapping[_Key, Noise],
) -> None:
    """Open a number that stayed the same where most of its series vary."""
    by_name: dict[str, list[int]] = {}
    having: dict[_Key, set[int]] = {}
    for number, message in enumerate(messages):
        by_name.setdefault(message.name, []).append(number)
        for one in results[number]:
            having.setdefault((message.name, fold(one.noise.at)), set()).add(number)
    wanted: dict[str, set[str]] = {}
    for (name, place), varying in having.items():
        if (name, place) in ranges and 2 * len(varying) >= len(by_name[name]) >= _LEAST:
            wanted.setdefault(name, set()).add(place)
    for name, places in wanted.items():
        for number in by_name[name]:
            message = messages[number]
            known = {fold(one.noise.at) for one in results[number]}
            for place, value in leaves_of(message.side, message.replays[0]).items():
                number_there = number_of(value)
                folded = fold(place)
                if folded in places and folded not in known and number_there is not None:
                    noise = Noise(at=place, kind="integer", seen=(str(value),))
                    raw = ((place, (value if isinstance(value, str) else number_there,)),)
                    same = Found(noise, raw)
                    results[number].append(Found(_ranged(same, ranges[name, folded]), raw))
