"""Which calls of one window came out of their recorded order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence

from ci_gate.model.call import CallRecord

_TRIES = 1_000_000
"""Pairs of calls of one window that are looked at."""


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


def parallel(one: CallRecord, other: CallRecord) -> bool:
    """True when one of two calls began before the other one's answer was there: neither can have
    waited for the other. Calls without times are taken to have come one after the other."""
    first, second = (one, other) if one.at <= other.at else (other, one)
    return second.at < first.ended


def conflict(one: CallRecord, other: CallRecord, writing: Collection[tuple[str, str]]) -> bool:
    """True when it matters which of two calls comes first: both are of one transaction that writes
    (`writing`: dependency and transaction) or one order scope, both write, or one writes what the
    other reads. Two transactions run beside one another, and so do calls that were
    recorded so."""
    before, after = one.facts, other.facts
    same = one.dependency == other.dependency
    if same and before.order and before.order == after.order:
        return True
    if same and before.transaction and before.transaction == after.transaction:
        # Drivers open transactions for reads, too; nothing follows from the order of those.
        return (one.dependency, before.transaction) in writing
    if parallel(one, other) or (before.transaction and after.transaction):
        return False
    writes = (before.effect == "write") + (after.effect == "write")
    return writes == 2 or (writes == 1 and same and bool({*before.targets} & {*after.targets}))


def reordered(calls: Sequence[tuple[int, CallRecord]]) -> list[tuple[int, bool]]:
    """(position, red) of the calls of one window that changed their place, the fewest there can be.

    `calls` are recorded calls with their recorded index, in live order. Red is what has changed
    sides with a call that it conflicts with; the rest only shows that something runs in parallel.
    """
    moved = out_of_order([index for index, _ in calls])
    writing = {
        (call.dependency, call.facts.transaction)
        for _, call in calls
        if call.facts.effect == "write"
    }
    tries = _TRIES
    found = []
    for position in sorted(moved):
        index, call = calls[position]
        crossed = [
            other
            for at, (number, other) in enumerate(calls)
            if at != position and (at < position) != (number < index)
        ]
        tries -= len(crossed)
        # A storm of moved calls is red without a look at every pair.
        found.append(
            (position, tries < 0 or any(conflict(call, other, writing) for other in crossed))
        )
    return found
