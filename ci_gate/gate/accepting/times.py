"""When the calls of one request are recorded to have been made, rewritten: what waits for what."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ci_gate.model.exchange import Exchange

GAP = 0.05
"""Milliseconds between calls that are made in turn."""

Span = tuple[float, float]
"""Start and duration, milliseconds."""


def in_turn(
    calls: Sequence[Exchange], turns: Collection[str], order: Sequence[str], answered: float
) -> dict[str, Span]:
    """The times of `calls`, by id, when those of `turns` are made one after the other with what was
    made at once with them, in live `order` (ids). The others keep to what they waited for, and all
    keep to their side of the response, which was there at `answered`."""
    live = {name: number for number, name in enumerate(order)}
    ranked = sorted(calls, key=lambda one: (live.get(one.id, len(live)), one.at))
    before = [one for one in ranked if one.ended <= answered]
    behind = [one for one in ranked if one.ended > answered]
    made = _scheduled(before, turns)
    return {**_within(made, answered), **_scheduled(behind, turns)}


def _scheduled(calls: Sequence[Exchange], turns: Collection[str]) -> dict[str, Span]:
    """Each call as early as what it waits for allows, and not before it was recorded."""
    made: dict[str, Span] = {}
    for number, call in enumerate(calls):
        at = min(one.at for one in calls) if call.id in turns else call.at
        for earlier in calls[:number]:
            start, took = made[earlier.id]
            if not _at_once(earlier, call):
                at = max(at, start + took)
            elif call.id in turns or earlier.id in turns:
                at = max(at, start + took + GAP)
            else:
                at = max(at, start)
        made[call.id] = (at, call.took)
    return made


def _at_once(one: Exchange, other: Exchange) -> bool:
    return one.at < other.ended and other.at < one.ended


def _within(made: dict[str, Span], end: float) -> dict[str, Span]:
    """The same one after the other and at once, no later than `end`."""
    start = min((at for at, _ in made.values()), default=end)
    last = max((at + took for at, took in made.values()), default=end)
    scale = (end - start) / (last - start) if last > end else 1.0
    found = {}
    for name, (at, took) in made.items():
        begin, over = (start + (time - start) * scale for time in (at, at + took))
        # To the microsecond, and never so that what waits begins before the end.
        begin, over = round(begin, 3), round(over, 3)
        found[name] = (begin, round(over - begin, 3))
    return found
