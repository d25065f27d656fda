"""What was forwarded and is not read yet: forwarding does not wait for decoding and redaction.

Pure: somebody says when, which is in the next turn of the loop, when what was forwarded is sent.
"""

from __future__ import annotations

from collections.abc import Callable

from ci_gate.codecs.base import Side

Hear = Callable[[Side, bytes, int], object]
"""Takes what a side said (b"" = it closed), and when (monotonic nanoseconds)."""


class Backlog:
    """Of all connections of one recording, in the order in which it came: who caused a call is told
    by what came before it."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Hear, Side, bytes, int]] = []

    def add(self, hear: Hear, side: Side, data: bytes, at: int) -> bool:
        """Keep it for `empty`; True: it is the first."""
        self._waiting.append((hear, side, data, at))
        return len(self._waiting) == 1

    def empty(self) -> None:
        """Have everything heard that waits. `hear` does not raise."""
        waiting, self._waiting = self._waiting, []
        for hear, side, data, at in waiting:
            hear(side, data, at)
