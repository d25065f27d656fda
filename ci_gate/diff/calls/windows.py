"""Accounts for recorded calls: which were made, which stand for which, which are left over."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import BACKGROUND, STARTUP

STANDING_GROUPS = frozenset({STARTUP, BACKGROUND})


class Windows:
    """The recorded calls by group, key and coarse key, and what became of them.

    `routes`: judged inbound exchanges, id -> route. `key` says when two calls are the same.
    """

    def __init__(
        self,
        expected: Sequence[CallRecord],
        routes: Mapping[str, str],
        key: Callable[[CallRecord], Hashable],
        *,
        startup: bool,
    ) -> None:
        self.routes = routes
        self.startup = startup
        self.recorded = {record.id: record for record in expected}
        self.position = {record.id: position for position, record in enumerate(expected)}
        self.answered: set[str] = set()
        """Recorded calls that a live call was answered with, whichever group that was of."""
        self._key = key
        self._keys: dict[str, Hashable] = {}
        self._consumed: set[str] = set()
        self._paired: set[str] = set()
        self._by_coarse: dict[Hashable, list[CallRecord]] = {}
        for record in expected:
            self._by_coarse.setdefault((record.dependency, record.coarse), []).append(record)

    def key(self, name: str) -> Hashable:
        """The key of a recorded call; made when asked for, most are not."""
        if name not in self._keys:
            self._keys[name] = self._key(self.recorded[name])
        return self._keys[name]

    @functools.cached_property
    def _open(self) -> dict[tuple[Hashable, str], list[CallRecord]]:
        """By key and group, last first; what is consumed is dropped from the end when met."""
        found: dict[tuple[Hashable, str], list[CallRecord]] = {}
        for record in reversed(self.recorded.values()):
            for group in record.groups:
                found.setdefault((self.key(record.id), group), []).append(record)
        return found

    @functools.cached_property
    def _times(self) -> dict[tuple[Hashable, str], int]:
        found: dict[tuple[Hashable, str], int] = {}
        for record in self.recorded.values():
            for group in record.groups:
                place = (self.key(record.id), group)
                found[place] = found.get(place, 0) + 1
        return found

    def judged(self, groups: Sequence[str]) -> tuple[str, ...]:
        """Those of `groups` that are judged in this run."""
        return tuple(
            group
            for group in groups
            if group in self.routes or (self.startup and group in STANDING_GROUPS)
        )

    def see(self, call: CallRecord) -> None:
        """A live call was answered with a recorded one."""
        self.answered.add(call.matched)

    def consume(self, call: CallRecord, groups: Sequence[str]) -> bool:
        """Take the recorded call that answered `call` out of its window. False when that call was
        used before or belongs to another group: then `call` needs an explanation."""
        return self._take(self.recorded[call.matched], groups)

    def _take(self, record: CallRecord, groups: Sequence[str]) -> bool:
        if record.id in self._consumed or not set(record.groups) & set(groups):
            return False
        self._consumed.add(record.id)
        return True

    def _take_like(self, key: Hashable, groups: Iterable[str]) -> bool:
        """Take the first recorded call of that key and one of these groups, if any is left."""
        for group in groups:
            left = self._open.get((key, group), [])
            while left:
                record = left.pop()
                if record.id not in self._consumed:
                    self._consumed.add(record.id)
                    return True
        return False

    def stands_for(self, call: CallRecord, groups: Sequence[str]) -> bool:
        """True when a call that was answered from elsewhere was recorded here as well, or belongs
        to a group that compares by key."""
        key = self.key(call.matched)
        if self._take_like(key, groups):
            return True
        standing = [group for group in STANDING_GROUPS if (key, group) in self._times]
        if BACKGROUND in standing or (standing and set(groups) & STANDING_GROUPS):
            return True
        # A call of the start may come late, but not more often than it was recorded.
        return self._take_like(key, standing)

    def pair(self, record: CallRecord) -> None:
        """Say that a recorded call was made in a changed form."""
        self._consumed.add(record.id)
        self._paired.add(record.id)

    def left(self, call: CallRecord, groups: Sequence[str]) -> list[CallRecord]:
        """Recorded calls that `call`, a miss, may be a changed form of."""
        return [
            record
            for record in self._by_coarse.get((call.dependency, call.coarse), ())
            if record.id not in self._consumed and set(record.groups) & set(groups)
        ]

    def elsewhere(self, call: CallRecord, groups: Sequence[str]) -> list[CallRecord]:
        """Recorded calls of other judged requests with the same coarse key that were not made."""
        if STANDING_GROUPS & set(groups):
            return []
        return [
            record
            for record in self._by_coarse.get((call.dependency, call.coarse), ())
            if record.id not in self._consumed
            and len(record.groups) == 1
            and record.groups[0] in self.routes
            and record.groups[0] not in groups
        ]

    def alike(self, call: CallRecord, groups: Sequence[str]) -> list[CallRecord]:
        """Recorded calls of the same groups and coarse key, made already or not."""
        return [
            record
            for record in self._by_coarse.get((call.dependency, call.coarse), ())
            if set(record.groups) & set(groups)
        ]

    def times(self, key: Hashable, group: str) -> int:
        """How often a call was recorded in one group."""
        return self._times.get((key, group), 0)

    def missing(self) -> Iterator[CallRecord]:
        """Recorded calls that were not made, in recorded order.

        Of startup and background one for each key that was never called. Session statements
        depend on connections and are not counted.
        """
        told: set[Hashable] | None = None
        for record in self.recorded.values():
            if record.id in self._consumed or record.facts.effect == "session":
                continue
            if not record.groups or len(self.judged(record.groups)) < len(record.groups):
                continue
            if set(record.groups) & STANDING_GROUPS:
                if told is None:
                    told = {self.key(name) for name in self.answered | self._paired}
                key = self.key(record.id)
                if key in told:
                    continue
                told.add(key)
            yield record
