"""Calls that a service makes by the clock: what replays show to be nobody's joins the background.

A recording cannot tell the job that ran while a request was in flight from what the request called.
Replays can: the job runs at another time. Only services of which the recording has seen that they
call something in the background have such jobs.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence

import msgspec

from ci_gate.codecs.registry import codec
from ci_gate.gate.learning.rehearsing import Rehearsal
from ci_gate.gate.observing.jobs import keys_of
from ci_gate.mocks.guessing import ELSEWHERE
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.snapshot import Snapshot
from ci_gate.recorder.background import ticking, with_background


def by_the_clock(
    snapshot: Snapshot, rehearsals: Sequence[Rehearsal], settle: float
) -> frozenset[str]:
    """Recorded calls of requests that a replay made at a time of its own: while another request
    was in flight that had not recorded them, or `settle` milliseconds after the answer to theirs."""
    ticks = ticking(snapshot.outbound)
    requested = {
        one.id: one
        for one in snapshot.outbound
        if one.dependency in ticks and not set(one.groups) & {BACKGROUND, STARTUP}
    }
    return frozenset(
        call.matched
        for one in rehearsals
        for call in one.calls
        if call.matched in requested
        and (call.tier == ELSEWHERE or _is_late(call, requested[call.matched], one, settle))
    )


def _is_late(call: CallRecord, recorded: Exchange, one: Rehearsal, settle: float) -> bool:
    ends = [one.answered[group].live[1] for group in recorded.groups if group in one.answered]
    return bool(ends) and min(ends) > 0 and call.at > max(ends) + settle


def in_background(snapshot: Snapshot, calls: Collection[str]) -> Snapshot:
    """`snapshot` with these calls, and every one with the key of one of them, in the background."""
    protocols = {one.name: codec(one.protocol) for one in snapshot.dependencies}
    keys = keys_of(snapshot)
    moved = [
        msgspec.structs.replace(one, groups=(BACKGROUND,)) if one.id in calls else one
        for one in snapshot.outbound
    ]

    def key(one: Exchange) -> Hashable:
        # What a transaction reads is its request's, whoever reads the same by the clock.
        return keys(one), bool(protocols[one.dependency].facts(one).transaction)

    return msgspec.structs.replace(snapshot, outbound=tuple(with_background(moved, key)))
