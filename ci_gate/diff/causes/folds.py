"""Folds: differences that share what they are about, before anybody asks what led to what.

Responses fold by route, place pattern and kind of change; then over routes and places where the
same field changed in the same way. Statuses fold by what became of what and by the exception that
the service logged. Calls fold by dependency, call, kind of change and place pattern.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from ci_gate.diff.causes.fingerprint import MOMENTS
from ci_gate.diff.causes.titles import field, how, transform
from ci_gate.diff.transforms.values import RENAMED_FROM, RENAMED_TO, STYLES
from ci_gate.model.difference import Difference, Moment
from ci_gate.values.places import fold

NOTHING = Moment()
_NAMES = (RENAMED_TO, RENAMED_FROM)


class Fold:
    """Differences that share a key, and those that follow from them."""

    def __init__(self, order: int) -> None:
        self.order = order
        self.own: list[Difference] = []
        self.under: list[Fold] = []
        self.exchanges: dict[str, None] = {}

    @property
    def first(self) -> Difference:
        """The one that was found first."""
        return self.own[0]

    @property
    def error(self) -> bool:
        """True when the service failed: no answer, or one that says so."""
        first = self.first
        return first.change == "no-response" or (
            first.change == "status" and first.actual.startswith("5")
        )

    @property
    def broken(self) -> bool:
        """True when it is that the exchange itself ended otherwise."""
        change = self.first.change
        return change in ("status", "no-response", "not-replayed") and not self.first.dependency

    @property
    def red(self) -> bool:
        """True when it counts."""
        return not self.first.notice and not self.first.standing

    def add(self, difference: Difference) -> None:
        """One more of the same."""
        self.own.append(difference)
        if difference.exchange:
            self.exchanges[difference.exchange] = None

    def join(self, other: Fold) -> None:
        """Another fold is about the same."""
        for difference in other.own:
            self.add(difference)
        self.under += other.under

    def take(self, other: Fold) -> None:
        """What another fold holds follows from this one."""
        self.under.append(other)

    def everything(self) -> list[Difference]:
        """Its own differences, then all that follow from them."""
        return [*self.own, *(one for fold in self.under for one in fold.everything())]


def folded(
    differences: Iterable[Difference],
    moments: Mapping[str, Moment],
    leaders: Mapping[int, Difference],
) -> list[Fold]:
    """Folds of unexcused differences, in the order in which they were found, what follows under
    what led.

    `moments`: what the service logged during an exchange; `leaders`: see `leading.leads`.
    """
    leading: dict[Hashable, Fold] = {}
    following: list[Difference] = []
    for difference in differences:
        if id(difference) in leaders:
            following.append(difference)
        elif not difference.excused:
            _put(leading, (difference.standing, _key(difference, moments)), difference)
    found = _items(_members(_alike(_renamed(list(leading.values())))))
    home = {id(difference): one for one in found for difference in one.everything()}
    under: dict[Hashable, Fold] = {}
    for difference in following:
        root = home[_origin(difference, leaders)]
        one = _put(under, (root.order, _key(difference, moments)), difference)
        if len(one.own) == 1:
            root.take(one)
    return found


def _put(folds: dict[Hashable, Fold], key: Hashable, difference: Difference) -> Fold:
    if key not in folds:
        folds[key] = Fold(len(folds))
    folds[key].add(difference)
    return folds[key]


def _origin(difference: Difference, leaders: Mapping[int, Difference]) -> int:
    """id() of what led to a difference in the end."""
    found = id(difference)
    while (leader := leaders.get(found)) is not None:
        found = id(leader)
    return found


def _key(difference: Difference, moments: Mapping[str, Moment]) -> Hashable:
    place = fold(difference.place)
    moment = moments.get(difference.exchange, NOTHING)
    if difference.change == "escape":
        return ("escape", difference.dependency, difference.actual)
    if difference.change == "migration":
        return ("migration", difference.dependency)
    if difference.dependency:
        shared = (difference.dependency, difference.call, difference.change, place)
        trouble = "" if difference.call else difference.detail
        trouble = difference.actual if difference.change in MOMENTS else trouble
        return ("call", difference.notice, difference.group, *shared, trouble)
    if difference.change == "status":
        return ("status", difference.notice, difference.expected, difference.actual, moment.error)
    if difference.change == "no-response":
        return ("no-response", difference.notice, moment.error or difference.detail)
    # That a request was never sent is not its route's doing.
    route = "" if difference.change == "not-replayed" else difference.route
    name = next((one for one in difference.transforms if one.startswith(_NAMES)), "")
    return ("answer", difference.notice, route, place, difference.change, name)


def _renamed(folds: list[Fold]) -> list[Fold]:
    """A member that went and one that came with its value are one cause: the name changed."""
    came: dict[Hashable, Fold] = {}
    for one in folds:
        old = _claim(one, RENAMED_FROM)
        if old:
            came[_parent(one), old, field(one.first.place)] = one
    gone: set[int] = set()
    for one in folds:
        new = _claim(one, RENAMED_TO)
        other = came.get((_parent(one), field(one.first.place), new)) if new else None
        if other is not None and other.exchanges.keys() == one.exchanges.keys():
            one.take(other)
            gone.add(other.order)
    return [one for one in folds if one.order not in gone]


def _claim(one: Fold, prefix: str) -> str:
    """What all differences of a fold claim after `prefix`, "" when they do not agree."""
    claims = {
        next((claim for claim in d.transforms if claim.startswith(prefix)), "") for d in one.own
    }
    return claims.pop().removeprefix(prefix) if len(claims) == 1 else ""


def _parent(one: Fold) -> Hashable:
    first = one.first
    place = fold(first.place)
    about = place[: len(place) - len(field(place))]
    return (first.route if not first.dependency else "", first.dependency, first.call, about)


def _alike(folds: Sequence[Fold]) -> list[Fold]:
    """Folds of answers joined over routes and places, where one field changed in one way."""
    return _joined(folds, _way)


def _joined(folds: Sequence[Fold], key: Callable[[Fold], Hashable]) -> list[Fold]:
    known: dict[Hashable, Fold] = {}
    left = []
    for one in folds:
        about = key(one)
        if about is not None and about in known:
            known[about].join(one)
            continue
        if about is not None:
            known[about] = one
        left.append(one)
    return left


def _way(one: Fold) -> Hashable:
    """What tells a change of a field from others, wherever it stands; None: it stands alone."""
    first = one.first
    if first.dependency or first.change not in ("value", "type", "added", "removed", "header"):
        return None
    part = ".".join(first.place.split(".", 2)[:2])
    style = next((claim for claim in first.transforms if claim in STYLES), "")
    if _claim(one, RENAMED_TO) and style:
        return (first.notice, first.standing, part, style)
    way = first.change if first.change in ("added", "removed") else transform(one.own)
    way = way or how(one.own)
    name = field(first.place)
    if not way or not name:
        return None
    renamed = _claim(one, RENAMED_TO)
    return (first.notice, first.standing, part, name, first.change, way, renamed)


def _members(folds: Sequence[Fold]) -> list[Fold]:
    """Members of one object that changed in one way, as all prices that were rounded."""
    return _joined(folds, _member)


def _member(one: Fold) -> Hashable:
    first, claim = one.first, transform(one.own)
    if first.dependency or first.change not in ("value", "type") or not claim:
        return None
    if len({fold(d.place) for d in one.own}) > 1 or _claim(one, RENAMED_TO):
        return None
    return (first.notice, first.standing, _parent(one), first.change, claim)


def _items(folds: Sequence[Fold]) -> list[Fold]:
    """Fields of the items of one array that differ in the same exchanges are one cause: the items
    are others."""
    return _joined(folds, _item)


def _item(one: Fold) -> Hashable:
    first = one.first
    place = fold(first.place)
    parent = place[: len(place) - len(field(place))].rstrip(".")
    if first.dependency or first.change != "value" or not parent.endswith("[*]"):
        return None
    about = (first.notice, first.standing, first.route, parent)
    return (*about, tuple(one.exchanges)) if len({fold(d.place) for d in one.own}) == 1 else None
