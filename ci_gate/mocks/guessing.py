"""What an unchanged service may have meant that does not say and do the same every time. Asked only
while learning what varies, so that a fresh value or a job of its own does not lead it astray."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ci_gate.mocks.entries import Entry
from ci_gate.model.exchange import BACKGROUND

RESEMBLING = 6
"""The next call of the same window and coarse key, or one of the background."""
ELSEWHERE = 7
"""A call that was recorded for a request that has not been made yet, and that a job may have made:
the same, or one that the background makes, too, with other values."""

Guess = tuple[Entry, int, tuple[str, ...]]
"""What answers, by which tier, and whose call it is."""


def guess(
    same: Iterable[Entry],
    alike: Sequence[Entry],
    said: tuple[object, ...],
    groups: tuple[str, ...],
) -> Guess | None:
    """What answers a miss of `groups`. `same`: recorded calls that say the same, where jobs may be
    the reason; `alike`: those with the same coarse key; `said`: the whole key of the live call."""
    for entry in same:
        if not entry.uses:
            return entry, ELSEWHERE, groups
    for entry in alike:
        if not entry.uses and any(group in groups for group in entry.groups):
            return entry, RESEMBLING, groups
    if not any(entry.groups == (BACKGROUND,) for entry in alike):
        return None
    # How often a job calls does not count; what has answered nothing yet teaches most.
    jobs = [entry for entry in alike if entry.groups == (BACKGROUND,) or not entry.uses]
    nearest = max(jobs, key=lambda entry: (_shared(entry.full, said), -entry.uses))
    if nearest.groups == (BACKGROUND,):
        return nearest, RESEMBLING, (BACKGROUND,)
    return nearest, ELSEWHERE, groups


def _shared(one: object, other: object) -> int:
    """How much two keys have in common."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return sum(map(_shared, one, other))
    return int(one == other)
