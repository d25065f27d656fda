"""Folds differences into causes: one line for what comes from one change.

Responses fold by route, place pattern and kind of change; calls by dependency, call, kind of
change and place pattern, over all routes. A call that was not answered as recorded, or not made,
takes under it what else differs in the same exchanges and only there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from ci_gate.diff.titles import title
from ci_gate.model.difference import Cause, Difference
from ci_gate.values.places import fold

EXAMPLES = 3
_MISSES = ("changed", "unexpected", "new-host", "repeated")
"""Calls whose live answer may not be the recorded one: what follows may be their doing."""
_BROKEN = ("no-response", "not-replayed")


class _Fold:
    """Differences that share a key, and those that follow from them."""

    def __init__(self, order: int) -> None:
        self.order = order
        self.own: list[Difference] = []
        self.under: list[Difference] = []
        self.exchanges: dict[str, None] = {}

    @property
    def first(self) -> Difference:
        return self.own[0]

    def add(self, difference: Difference) -> None:
        self.own.append(difference)
        if difference.exchange:
            self.exchanges[difference.exchange] = None

    def take(self, other: _Fold) -> None:
        """What another fold holds follows from this one."""
        self.under += other.own + other.under


def causes(differences: Iterable[Difference]) -> tuple[Cause, ...]:
    """Fold unexcused differences; ids C1, C2… in order: what is red first, then by the number of
    exchanges, then as first seen. Excused differences are left out."""
    folds: dict[Hashable, _Fold] = {}
    for difference in differences:
        if difference.excused:
            continue
        key = _key(difference)
        if key not in folds:
            folds[key] = _Fold(len(folds))
        folds[key].add(difference)
    left = _downstream(list(folds.values()))
    left.sort(key=lambda one: (one.first.notice, -len(one.exchanges), one.order))
    return tuple(_cause(f"C{number}", one) for number, one in enumerate(left, 1))


def _key(difference: Difference) -> Hashable:
    place = fold(difference.place)
    if difference.change == "escape":
        return ("escape", difference.dependency, difference.actual)
    if difference.dependency:
        shared = (difference.dependency, difference.call, difference.change, place)
        trouble = "" if difference.call else difference.detail
        return ("call", difference.notice, difference.group, *shared, trouble)
    # That a request was never sent is not its route's doing.
    route = "" if difference.change == "not-replayed" else difference.route
    return ("answer", difference.notice, route, place, difference.change)


def _downstream(folds: list[_Fold]) -> list[_Fold]:
    """The folds that stand for themselves, with what follows from them taken under them.

    A miss explains calls that were not made afterwards, and answers. A request that was never sent
    or answered explains calls not made; else a call not made explains answers.
    """
    misses = [one for one in folds if _explains(one) and one.first.change in _MISSES]
    dropped = [one for one in folds if _explains(one) and one.first.change == "missing"]
    answers = [one for one in folds if not one.first.dependency and not one.first.notice]
    broken = [one for one in answers if one.first.change in _BROKEN]
    gone: set[int] = set()
    for one in dropped:
        _put_under(one, misses + broken, gone)
    for one in broken:
        _put_under(one, [] if one.first.change == "not-replayed" else misses, gone)
    roots = misses + [one for one in dropped if one.order not in gone]
    for one in answers:
        if one not in broken:
            _put_under(one, roots, gone)
    return [one for one in folds if one.order not in gone]


def _explains(one: _Fold) -> bool:
    first = one.first
    return bool(first.dependency) and not first.notice and bool(one.exchanges)


def _put_under(one: _Fold, roots: Sequence[_Fold], gone: set[int]) -> None:
    """Under the root that has all of its exchanges and the fewest others; misses come first."""
    found = [
        root for root in roots if one.exchanges and one.exchanges.keys() <= root.exchanges.keys()
    ]
    if not found:
        return
    best = min(
        found,
        key=lambda root: (root.first.change not in _MISSES, len(root.exchanges), root.order),
    )
    best.take(one)
    gone.add(one.order)


def _cause(name: str, one: _Fold) -> Cause:
    first = one.first
    routes = {d.route: None for d in one.own if d.route}
    return Cause(
        id=name,
        title=title(one.own),
        change=first.change,
        routes=tuple(routes),
        place=fold(first.place),
        dependency=first.dependency,
        exchanges=tuple(one.exchanges),
        count=len(one.own) + len(one.under),
        examples=_examples(one),
        notice=first.notice,
    )


def _examples(one: _Fold) -> tuple[Difference, ...]:
    """The smallest first, at most three; one place is kept for what follows from the cause."""
    own = sorted(one.own, key=_size)
    under = sorted(one.under, key=_size)
    kept = own[: EXAMPLES - min(1, len(under))]
    return (*kept, *under[: EXAMPLES - len(kept)])


def _size(difference: Difference) -> int:
    return len(difference.expected) + len(difference.actual) + len(difference.detail)
