"""Write epochs: which recorded writes come before a call and write what the call is about.

A read is the same as one recorded earlier as long as no write with a target in common separates
them: HTTP the dependency, SQL tables, Redis keys. `Facts.targets` of `()` stand for all that the
dependency has, which is in common with everything.
"""

from __future__ import annotations

Targets = tuple[str, ...]


class Epochs:
    """The last writes, in the order they were recorded. Kept once while the snapshot is read and
    once while live calls are answered: equal numbers are one epoch."""

    __slots__ = ("_by_target", "_last", "_whole")

    def __init__(self) -> None:
        self._last = -1
        self._whole = -1
        """The last write to all that the dependency has."""
        self._by_target: dict[str, int] = {}

    def of(self, targets: Targets) -> int:
        """The epoch of a call with these targets: order of the last write to any, -1 for none."""
        if not targets:
            return self._last
        return max(self._whole, *(self._by_target.get(one, -1) for one in targets))

    def wrote(self, targets: Targets, order: int) -> None:
        """The write that was recorded as number `order` has been made."""
        self._last = max(self._last, order)
        if not targets:
            self._whole = max(self._whole, order)
        for one in targets:
            self._by_target[one] = max(self._by_target.get(one, -1), order)
