"""Which recorded call a miss is a changed form of: the one that differs in the fewest places."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence

from ci_gate.model.call import CallRecord
from ci_gate.model.difference import Difference

_MOST = 2500
"""Comparisons for one coarse key; beyond that calls pair up in order."""

Differ = Callable[[CallRecord, CallRecord], Sequence[Difference]]


def closest(
    misses: Sequence[tuple[CallRecord, tuple[str, ...]]],
    left: Callable[[CallRecord, tuple[str, ...]], Sequence[CallRecord]],
    position: Callable[[str], int],
    differ: Differ,
) -> dict[str, CallRecord]:
    """Live id of a miss -> its recorded call; each recorded call once, the closest pairs first.

    `left(call, groups)` gives the candidates, `differ(recorded, live)` the differing places.
    Ties go to the earlier call, then to the nearer in order.
    """
    buckets: dict[Hashable, list[tuple[CallRecord, Sequence[CallRecord]]]] = {}
    known: dict[Hashable, Sequence[CallRecord]] = {}
    for call, groups in misses:
        place = (call.dependency, call.coarse, groups)
        if place not in known:
            known[place] = left(call, groups)
        candidates = known[place]
        if candidates:
            buckets.setdefault((call.dependency, call.coarse), []).append((call, candidates))
    paired: dict[str, CallRecord] = {}
    for bucket in buckets.values():
        if sum(len(candidates) for _, candidates in bucket) > _MOST:
            _in_order(bucket, paired)
        else:
            _by_distance(bucket, position, differ, paired)
    return paired


def _in_order(
    bucket: Sequence[tuple[CallRecord, Sequence[CallRecord]]], paired: dict[str, CallRecord]
) -> None:
    taken: set[str] = set()
    # Calls of the same groups share one list of candidates: go through it once.
    open_: dict[int, Iterator[CallRecord]] = {}
    for call, candidates in bucket:
        for record in open_.setdefault(id(candidates), iter(candidates)):
            if record.id not in taken:
                taken.add(record.id)
                paired[call.id] = record
                break


def _by_distance(
    bucket: Sequence[tuple[CallRecord, Sequence[CallRecord]]],
    position: Callable[[str], int],
    differ: Differ,
    paired: dict[str, CallRecord],
) -> None:
    scored = []
    for number, (call, candidates) in enumerate(bucket):
        for record in candidates:
            distance = sum(1 for one in differ(record, call) if not one.notice)
            scored.append((distance, number, position(record.id), call, record))
    scored.sort(key=lambda one: one[:3])
    taken: set[str] = set()
    for _, _, _, call, record in scored:
        if call.id not in paired and record.id not in taken:
            taken.add(record.id)
            paired[call.id] = record
