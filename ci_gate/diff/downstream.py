"""What led to what: the first divergence of an exchange stands, what follows from it goes under it.

In this order, each only where the root has all of the exchanges concerned:

- a request that lacked a value which an earlier answer did not bring goes under that answer's cause
- a call that was not answered as recorded explains calls not made afterwards, errors, answers
- an exception, or an answer that never came, explains calls not made, and the rest of the answer
- a call that was not made explains answers
- a status explains the rest of its answer
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ci_gate.diff.folds import Fold
from ci_gate.model.difference import Moment

MISSES = frozenset({"changed", "unexpected", "new-host", "repeated", "moved"})
"""Calls whose live answer may not be the recorded one: what follows may be their doing."""


def downstream(
    folds: Sequence[Fold], moments: Mapping[str, Moment], blamed: Mapping[str, str]
) -> list[Fold]:
    """The folds that stand for themselves, with what follows from them taken under them."""
    return _Tree(folds, moments, blamed).roots()


class _Tree:
    def __init__(
        self, folds: Sequence[Fold], moments: Mapping[str, Moment], blamed: Mapping[str, str]
    ) -> None:
        self._folds = folds
        self._moments = moments
        self._blamed = blamed
        self._gone: set[int] = set()

    def roots(self) -> list[Fold]:
        red = [one for one in self._folds if one.red and one.exchanges]
        calls = [one for one in red if one.first.dependency]
        answers = [one for one in red if not one.first.dependency]
        misses = [one for one in calls if one.first.change in MISSES]
        dropped = [one for one in calls if one.first.change not in MISSES]
        unsent = [one for one in answers if one.first.change == "not-replayed"]
        errors = [one for one in answers if one.error and self._told(one)]
        errors += [one for one in answers if one.first.change == "no-response"]
        errors = list({one.order: one for one in errors}.values())
        statuses = [one for one in answers if one.first.change == "status" and one not in errors]
        rest = [one for one in answers if one not in (*unsent, *errors, *statuses)]
        self._put(errors, misses)
        self._put(dropped, misses + unsent, self._standing(errors))
        roots = misses + self._standing(errors) + self._standing(dropped)
        self._put(statuses, misses, self._standing(errors), self._standing(dropped))
        self._put(rest, misses, *map(self._standing, (errors, dropped, statuses)))
        self._put_consumers(roots + self._standing(statuses) + self._standing(rest))
        return [one for one in self._folds if one.order not in self._gone]

    def _told(self, one: Fold) -> bool:
        """True when the log tells of an exception in every exchange of a fold."""
        return all(self._moments.get(name, Moment()).error for name in one.exchanges)

    def _standing(self, folds: Iterable[Fold]) -> list[Fold]:
        return [one for one in folds if one.order not in self._gone]

    def _put(self, folds: Sequence[Fold], *choices: Sequence[Fold]) -> None:
        """Each under the first choice that has a root with all of its exchanges; there the one
        with the fewest others, then the first."""
        for one in folds:
            for roots in choices:
                found = [
                    root
                    for root in roots
                    if root is not one and one.exchanges.keys() <= root.exchanges.keys()
                ]
                if found:
                    min(found, key=lambda root: (len(root.exchanges), root.order)).take(one)
                    self._gone.add(one.order)
                    break

    def _put_consumers(self, roots: Sequence[Fold]) -> None:
        """What differs in exchanges that lacked a value under what differs where it is made."""
        for one in self._standing(self._folds):
            producers = {self._blamed.get(name, "") for name in one.exchanges}
            if not producers or "" in producers:
                continue
            origins = {self._origin(name) for name in producers}
            for root in self._standing(roots):
                reach = {d.exchange for d in root.everything()}
                if root is not one and origins <= reach:
                    root.take(one)
                    self._gone.add(one.order)
                    break

    def _origin(self, exchange: str) -> str:
        """The first exchange of a chain of missing values."""
        seen = {exchange}
        while (before := self._blamed.get(exchange, "")) and before not in seen:
            seen.add(before)
            exchange = before
        return exchange
