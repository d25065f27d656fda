"""A recording becomes a snapshot: what is kept, under which ids, beside what was there. Pure.

Ids are given here, once: `<identity>-<occurrence>`. When a snapshot is there already, an exchange
that it knows keeps the id it has there, whatever else moved. Calls are recognised within their own
inbound exchange first, so that one more request in the middle renames nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from ci_gate.model.exchange import BACKGROUND, STARTUP, UNFINISHED, Exchange
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.store.blocks import numbered
from ci_gate.store.keys import identity, is_write, protocol_of
from ci_gate.store.naming import Identities, Known, Numbers, name_all
from ci_gate.store.select import select

OVER_MAXIMUM = "more than --max"
ITS_REQUEST = "its inbound exchange was not kept"
UNFINISHED_NOTE = "its inbound exchange was not finished when the recording was cut off"

_ALONE = {group: (group,) for group in (STARTUP, BACKGROUND, UNFINISHED)}
"""Groups without a request; calls of one share their tuple."""
_STEP = 0.001
"""Times are kept to a microsecond, and no two exchanges share one: order survives the files."""


class Dropped(msgspec.Struct, frozen=True):
    """Exchanges of one route that are not in the snapshot, and why."""

    route: str
    count: int
    reason: str
    dependency: str = ""
    """"" = inbound."""


class Folded(msgspec.Struct, frozen=True, kw_only=True):
    """A folded recording."""

    snapshot: Snapshot
    dropped: tuple[Dropped, ...] = ()
    """Inbound exchanges by route, then the calls that went with them by dependency and route."""
    added: int = 0
    """Inbound exchanges that the previous snapshot did not have."""
    updated: int = 0
    """Inbound exchanges that it had, recorded again."""
    unfinished: int = 0
    """Calls whose inbound exchange is not in the recording: it was cut off."""
    ids: dict[str, str] = {}
    """Provisional id -> id, of what was kept."""


def fold(
    origin: Origin,
    dependencies: Sequence[Dependency],
    exchanges: Iterable[Exchange],
    previous: Snapshot | None,
    maximum: int,
    mode: Literal["replace", "add", "new"] = "replace",
) -> Folded:
    """Make a snapshot of a recording.

    `exchanges` have provisional ids, in any order. `maximum` bounds the inbound exchanges (see
    `store.select`); each is kept with all its calls, calls of no inbound exchange are always
    kept. "replace" takes only ids from `previous`; "add" keeps its exchanges, too: one that was
    recorded again is replaced with all its calls, the others follow after it in time. "new" keeps
    them all as they are, and all that was recorded follows.
    """
    old = previous or Snapshot(origin=origin)
    return _Fold(origin, dependencies, exchanges, old, maximum, mode).fold()


class _Fold:
    def __init__(
        self,
        origin: Origin,
        dependencies: Sequence[Dependency],
        exchanges: Iterable[Exchange],
        previous: Snapshot,
        maximum: int,
        mode: str,
    ) -> None:
        everything = sorted(exchanges, key=_at)
        self._inbound = [exchange for exchange in everything if exchange.inbound]
        self._outbound = [exchange for exchange in everything if not exchange.inbound]
        self._previous = previous
        self._add = add = mode in ("add", "new")
        self._again = mode == "add"
        self._maximum = maximum
        self._dependencies = _merged(dependencies, everything, previous, add)
        self._protocols = {d.name: d.protocol for d in self._dependencies}
        self._origin = _origin(origin, previous.origin, add)
        old = {d.name: d.protocol for d in previous.dependencies}
        before = (*previous.inbound, *previous.outbound)
        self._identities: Identities = {}
        self._known = self._identified(before, old | self._protocols)
        self._numbers = Numbers(self._known)
        self._dropped: dict[tuple[str, str, str], int] = {}

    def _identified(self, exchanges: Iterable[Exchange], protocols: dict[str, str]) -> Identities:
        service = self._origin.service
        return {e.id: identity(e, service, protocols) for e in exchanges}

    def fold(self) -> Folded:
        kept, names = self._keep()
        calls = self._keep_calls(names)
        self._identities |= self._identified(calls, self._protocols)
        before = {exchange.id: exchange for exchange in self._previous.inbound}
        updated = before.keys() & names.values()
        call_names, stays = self._name_calls(calls, updated)
        ids = names | call_names
        moves = self._moves(kept, calls, ids)
        added, unfinished = len(kept), sum(call.groups == (UNFINISHED,) for call in calls)
        # A recording may be large: each exchange is let go as soon as it has its new form.
        self._inbound, self._outbound, self._identities = [], [], {}
        everything = stays
        for waiting in (kept, calls):
            everything += [_moved(e, ids[e.id], moves.get(e.id, 0.0)) for e in taken(waiting)]
        _spread(everything)
        return Folded(
            snapshot=Snapshot(
                origin=self._origin,
                dependencies=self._dependencies,
                inbound=tuple(exchange for exchange in everything if exchange.inbound),
                outbound=tuple(exchange for exchange in everything if not exchange.inbound),
                folder=self._previous.folder,
            ),
            dropped=tuple(
                Dropped(route, count, reason, dependency)
                for (dependency, route, reason), count in self._dropped.items()
            ),
            added=added - len(updated),
            updated=len(updated),
            unfinished=unfinished,
            ids=ids,
        )

    def _keep(self) -> tuple[list[Exchange], Identities]:
        """The inbound exchanges to keep, and their ids."""
        known = Known((), self._previous.inbound, self._known)
        if not self._add:
            kept = self._select(self._inbound, ())
            self._identities |= self._identified(kept, self._protocols)
            return kept, name_all(kept, self._identities, known, self._numbers)
        self._identities |= self._identified(self._inbound, self._protocols)
        names = {
            e.id: known.alike(self._identities[e.id]) if self._again else "" for e in self._inbound
        }
        new = [exchange for exchange in self._inbound if not names[exchange.id]]
        if self._again:
            new = self._select(new, self._previous.inbound)
        chosen = {exchange.id for exchange in new}
        kept = [e for e in self._inbound if names[e.id] or e.id in chosen]
        return kept, {e.id: names[e.id] or self._numbers.next(self._identities[e.id]) for e in kept}

    def _select(self, exchanges: list[Exchange], already: Sequence[Exchange]) -> list[Exchange]:
        protocols = self._protocols
        kept = select(exchanges, self._maximum, lambda e: is_write(e, protocols), already)
        ids = {exchange.id for exchange in kept}
        for exchange in exchanges:
            if exchange.id not in ids:
                self._drop(exchange, OVER_MAXIMUM)
        return kept

    def _drop(self, exchange: Exchange, reason: str) -> None:
        key = (exchange.dependency, exchange.route, reason)
        self._dropped[key] = self._dropped.get(key, 0) + 1

    def _keep_calls(self, names: Identities) -> list[Exchange]:
        """The calls to keep, their groups by new ids."""
        inbound = {exchange.id for exchange in self._inbound}
        calls = []
        for call in self._outbound:
            groups = tuple(names.get(g, g) for g in call.groups if g in names or g in _ALONE)
            if groups and groups == call.groups:
                calls.append(call)
            elif groups:
                calls.append(msgspec.structs.replace(call, groups=groups))
            elif not inbound.isdisjoint(call.groups):
                self._drop(call, ITS_REQUEST)
            else:
                calls.append(self._without_cause(call))
        return numbered(calls)

    def _without_cause(self, call: Exchange) -> Exchange:
        if call.groups:
            notes = (*call.notes, UNFINISHED_NOTE)
            return msgspec.structs.replace(call, groups=_ALONE[UNFINISHED], notes=notes)
        group = BACKGROUND if self._inbound else STARTUP
        return msgspec.structs.replace(call, groups=_ALONE[group])

    def _name_calls(
        self, calls: list[Exchange], updated: set[str]
    ) -> tuple[Identities, list[Exchange]]:
        """Ids of calls, and the previous exchanges that stay beside them."""
        old = self._previous.outbound
        if not self._add:
            known = Known(old, old, self._known)
            return name_all(calls, self._identities, known, self._numbers), []
        gone = [call for call in old if call.groups and updated.issuperset(call.groups)]
        standing = [call for call in old if not _ALONE.keys().isdisjoint(call.groups)]
        known = Known([*gone, *standing], gone, self._known)
        names = name_all(calls, self._identities, known, self._numbers)
        removed = {call.id for call in gone} | known.taken | updated
        everything = (*self._previous.inbound, *old)
        return names, [exchange for exchange in everything if exchange.id not in removed]

    def _moves(
        self, kept: list[Exchange], calls: list[Exchange], names: Identities
    ) -> dict[str, float]:
        """Provisional id -> milliseconds by which it moves, so that what was recorded again
        stands where it stood and what is new comes after it; what is not named stays."""
        if not self._add:
            return {}
        old = (*self._previous.inbound, *self._previous.outbound)
        end = float(math.ceil(max((e.at + e.took for e in old), default=0.0)))
        places = {exchange.id: exchange.at for exchange in old}
        moves = {e.id: places[names[e.id]] - e.at if names[e.id] in places else end for e in kept}
        by_group = {names[e.id]: moves[e.id] for e in kept}
        for call in calls:
            at = places.get(names[call.id])
            standing = end if at is None else at - call.at
            moves[call.id] = by_group.get(call.groups[0], standing)
        return moves


def _merged(
    dependencies: Sequence[Dependency], everything: list[Exchange], previous: Snapshot, add: bool
) -> tuple[Dependency, ...]:
    """The dependencies, by name; those only met in the traffic are made up from it."""
    found = {d.name: d for d in previous.dependencies} if add else {}
    found |= {dependency.name: dependency for dependency in dependencies}
    for exchange in everything:
        name = exchange.dependency
        if name and name not in found:
            found[name] = Dependency(name=name, protocol=protocol_of(exchange, {}))
    return tuple(found[name] for name in sorted(found))


def _origin(origin: Origin, previous: Origin, add: bool) -> Origin:
    """What people wrote into the previous head stays; so does its port when exchanges of it do."""
    return msgspec.structs.replace(
        origin,
        owner=origin.owner or previous.owner,
        values=previous.values | origin.values if add else origin.values,
        pace=previous.pace if origin.pace == "fast" else origin.pace,
        service_port=origin.service_port or (previous.service_port if add else 0),
    )


def _at(exchange: Exchange) -> float:
    return exchange.at


def _moved(exchange: Exchange, name: str, by: float) -> Exchange:
    return msgspec.structs.replace(
        exchange, id=name, at=exchange.at + by, took=round(exchange.took, 3)
    )


def taken(exchanges: list[Exchange]) -> Iterator[Exchange]:
    """Each in turn, and the list keeps none of them: for many."""
    exchanges.reverse()
    while exchanges:
        yield exchanges.pop()


def _spread(exchanges: list[Exchange]) -> None:
    """Put them in order of time, each at a microsecond of its own."""
    exchanges.sort(key=_at)
    last = -math.inf
    for number, exchange in enumerate(exchanges):
        at = round(exchange.at, 3)
        if at <= last:
            at = round(last + _STEP, 3)
        last = at
        if at != exchange.at:
            exchanges[number] = msgspec.structs.replace(exchange, at=at)
