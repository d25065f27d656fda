"""Which calls of one window came out of their recorded order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from ci_gate.model.exchange import Facts


def out_of_order(recorded: Sequence[int]) -> set[int]:
    """Positions in `recorded` (recorded indices in live order) that are not on a longest
    ascending run: the fewest calls that have to move to give the recorded order. O(n log n)."""
    tails: list[int] = []
    at: list[int] = []
    before: list[int] = []
    for position, index in enumerate(recorded):
        length = bisect_left(tails, index)
        before.append(at[length - 1] if length else -1)
        if length == len(tails):
            tails.append(index)
            at.append(position)
        else:
            tails[length] = index
            at[length] = position
    kept: set[int] = set()
    position = at[-1] if at else -1
    while position >= 0:
        kept.add(position)
        position = before[position]
    return set(range(len(recorded))) - kept


def reordered(calls: Sequence[tuple[int, str, Facts]]) -> list[tuple[int, bool]]:
    """(position, red) of the calls of one window that changed their place.

    `calls` are (recorded index, dependency, facts) in live order. Red is what changed its place
    inside a transaction or an order scope; the rest only shows that something runs in parallel.
    """
    scopes: dict[tuple[str, str, str], list[int]] = {}
    for position, (_, dependency, facts) in enumerate(calls):
        if facts.transaction:
            scopes.setdefault((dependency, "transaction", facts.transaction), []).append(position)
        if facts.order:
            scopes.setdefault((dependency, "order", facts.order), []).append(position)
    red: set[int] = set()
    for positions in scopes.values():
        moved = out_of_order([calls[position][0] for position in positions])
        red |= {positions[one] for one in moved}
    loose = out_of_order([index for index, _, _ in calls])
    return sorted([(one, True) for one in red] + [(one, False) for one in loose - red])
