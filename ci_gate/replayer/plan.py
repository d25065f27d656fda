"""What is replayed, in which order, and when it is due."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from ci_gate.model.exchange import Exchange

LONGEST_GAP = 30_000.0
"""Milliseconds: a recorded pause longer than this is shortened to it."""


class Step(msgspec.Struct, frozen=True):
    """One inbound request to replay. `due` is milliseconds after the start; 0 = at once."""

    exchange: Exchange
    due: float
    judged: bool
    """False: sent only because what is judged needs it (it is of its chain)."""


def plan(
    inbound: Sequence[Exchange],
    only: Collection[str] | None,
    pace: str,
    chain: Collection[str] = (),
) -> list[Step]:
    """The steps in recorded order.

    `only` (ids) selects what is judged; what else is in its `chain` is sent, too, unjudged.
    `pace`: "fast" sends a request when the one before it is settled, "recorded" keeps the recorded
    distances, gaps capped at `LONGEST_GAP`.
    """
    chosen = list(inbound)
    if only is not None:
        chosen = [one for one in chosen if one.id in only or one.id in chain]
    steps = []
    due = 0.0
    previous = chosen[0].at if chosen else 0.0
    for one in chosen:
        if pace == "recorded":
            due += min(max(one.at - previous, 0.0), LONGEST_GAP)
            previous = one.at
        steps.append(Step(one, due, only is None or one.id in only))
    return steps
