"""What follows from what where no exchange says it: a fold goes under one that has all its exchanges.

Of each exchange `leading` has said what led where it broke. Where it answered as it should, a call
that was not answered as recorded may still explain its answer, and calls not made afterwards; a call
that was not made may explain the answer. What also occurs without the root is not the root's doing.

A call that carries a copy of the answer, as to a cache, changes as the answer does, in whichever
requests: as answers of several routes in which one field changed in one way, it is one cause.
"""

from __future__ import annotations

from collections.abc import Sequence

from ci_gate.diff.causes.folds import Fold
from ci_gate.diff.causes.leading import MISSES
from ci_gate.diff.causes.titles import field, transform


def downstream(folds: Sequence[Fold]) -> list[Fold]:
    """The folds that stand for themselves, with what follows from them taken under them."""
    red = [one for one in folds if one.red and one.exchanges]
    answers = [one for one in red if not one.first.dependency and not one.broken]
    misses = [one for one in red if one.first.dependency and one.first.change in MISSES]
    dropped = [one for one in red if one.first.dependency and one not in misses]
    gone: set[int] = set()
    said = _by_claim(answers)
    for one in misses:
        if (answer := said.get(transform(one.own))) is not None:
            answer.take(one)
            gone.add(one.order)
    misses = [one for one in misses if one.order not in gone]
    _put(dropped, misses, gone)
    _put(answers, misses + [one for one in dropped if one.order not in gone], gone)
    return [one for one in folds if one.order not in gone]


def _by_claim(answers: Sequence[Fold]) -> dict[str, Fold]:
    """Answers by how they changed, said as `diff.transforms` says it of JSON inside a text."""
    found: dict[str, Fold] = {}
    for one in answers:
        name, changed = field(one.first.place), transform(one.own)
        for claim in (f"{name}: {changed}", f"{name} {changed}") if changed else ():
            found.setdefault(claim, one)
    return found


def _put(folds: Sequence[Fold], roots: Sequence[Fold], gone: set[int]) -> None:
    """Each under the root that has all of its exchanges and the fewest others; misses come first."""
    for one in folds:
        found = [root for root in roots if one.exchanges.keys() <= root.exchanges.keys()]
        if found:
            best = min(
                found,
                key=lambda root: (root.first.change not in MISSES, len(root.exchanges), root.order),
            )
            best.take(one)
            gone.add(one.order)
