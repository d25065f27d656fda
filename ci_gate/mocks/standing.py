"""Answers to calls that are nobody's, in time with the replay.

A job that looks for news is told none before the request that made it has begun, and in the order
in which they came. What says the same again takes no turn, so that it does not matter how often the
job looks while nothing happens.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence, Set

from ci_gate.mocks.entries import Entry


class InOrder:
    """Calls of the group startup with one key: their answers one by one, then the last again."""

    __slots__ = ("_entries", "_next")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._next = 0

    def next(self, _groups: Sequence[str]) -> Entry:
        """What answers a live call."""
        at, self._next = self._next, min(self._next + 1, len(self._entries) - 1)
        return self._entries[at]


class InTime:
    """Calls with one key of the groups startup and background, in recorded order; `begun` as the
    matcher has it."""

    def __init__(self, entries: Sequence[Entry], begun: Set[str]) -> None:
        self._entries = entries
        self._begun = begun
        self._at = -1
        """That of the last answer."""

    def next(self, groups: Sequence[str]) -> Entry:
        """What answers a live call; `groups` is what is in flight, or was last.

        Who asks while a request is in flight gets what was read then.
        """
        now = self._read_then(groups)
        if now is None:
            now = self._following()
        if now is None:
            return self._nothing
        self._at = now
        return self._entries[now]

    def _read_then(self, groups: Sequence[str]) -> int | None:
        """The next answer that was read after one of these requests had begun, and before the one
        behind it did."""
        for index in range(self._at + 1, len(self._entries)):
            entry = self._entries[index]
            if entry.read and entry.after in groups:
                return index
        return None

    def _following(self) -> int | None:
        """None: nothing is new, and what a write took is not there to be taken again."""
        entries, at = self._entries, self._at
        if at < 0:
            return 0
        reached = next(
            (i for i in range(len(entries) - 1, at, -1) if self._reached(entries[i])), at
        )
        said = entries[at].exchange.response
        for index in range(at + 1, reached + 1):
            if entries[index].exchange.response != said:
                return index
        return reached if reached > at or entries[at].read else None

    @functools.cached_property
    def _nothing(self) -> Entry:
        """What was answered most often: that there is nothing new."""
        kinds: list[list[Entry]] = []
        for entry in self._entries:
            said = entry.exchange.response
            kind = next((one for one in kinds if one[0].exchange.response == said), None)
            if kind is None:
                kinds.append([entry])
            else:
                kind.append(entry)
        return max(kinds, key=len)[0]

    def _reached(self, entry: Entry) -> bool:
        return not entry.after or entry.after in self._begun
