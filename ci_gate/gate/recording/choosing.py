"""Which exchanges of a recording are kept: those that show what nothing else shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from ci_gate.codecs.registry import codec
from ci_gate.correlation.bindings import find
from ci_gate.correlation.coverage import Chosen, Kind, Survey, choose
from ci_gate.gate.planning import chains_of
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, Part
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.store.journal import Recording
from ci_gate.store.scan import glance_of

_ROUNDS = 50
"""How far back what a chain needs is followed."""


class Held(Protocol):
    """A recording whose exchanges can be had by their numbers."""

    @property
    def origin(self) -> Origin:
        """Where it came from."""
        ...

    @property
    def dependencies(self) -> tuple[Dependency, ...]:
        """What was called."""
        ...

    def load(self, numbers: Iterable[int]) -> Iterator[tuple[int, Exchange]]:
        """The exchanges of these numbers."""
        ...


def chosen_of(
    source: Held, survey: Survey, kinds: Sequence[Kind], maximum: int
) -> tuple[Recording, Chosen]:
    """The chosen exchanges with their calls, as a recording."""
    wanted = {number for kind in kinds for number in kind.members}
    loaded: dict[int, Exchange] = {}
    for _ in range(_ROUNDS):
        new = dict(source.load(wanted - loaded.keys()))
        loaded |= new
        for number, one in new.items():
            wanted |= survey.needs(glance_of(one), number)
        if not new:
            break
    candidates = [one for _, one in sorted(loaded.items()) if one.inbound]
    calls = {number for one in candidates for number in survey.calls_of(one.id)}
    loaded |= dict(source.load((calls | set(survey.others())) - loaded.keys()))
    provisional = Snapshot(
        origin=source.origin,
        dependencies=source.dependencies,
        inbound=tuple(sorted(candidates, key=lambda one: one.at)),
        outbound=tuple(one for _, one in sorted(loaded.items()) if not one.inbound),
    )
    provisional = msgspec.structs.replace(
        provisional, bindings=find(provisional, _parts_of(provisional))
    )
    chains = chains_of(provisional)
    kind_of = {loaded[n].id: at for at, kind in enumerate(kinds) for n in kind.members}
    chosen = choose(
        kinds,
        lambda number: loaded[number].id,
        lambda name: chains.of((name,)),
        lambda name: kind_of.get(name, -1),
        maximum,
    )
    everywhere = set(survey.others())
    kept = [
        one
        for number, one in sorted(loaded.items())
        if one.id in chosen.kept
        or (not one.inbound and (number in everywhere or not chosen.kept.isdisjoint(one.groups)))
    ]
    recording = Recording(
        origin=source.origin, dependencies=source.dependencies, exchanges=tuple(kept), torn=False
    )
    return recording, chosen


def _parts_of(snapshot: Snapshot) -> Callable[[Exchange, Message], tuple[Part, ...]]:
    protocols = {one.name: codec(one.protocol) for one in snapshot.dependencies}
    return lambda exchange, message: protocols.get(exchange.dependency, codec("http")).places(
        message
    )


class _Listed:
    """A recording at hand, numbered from `first`."""

    def __init__(self, recorded: Recording, origin: Origin, first: int) -> None:
        self.origin = origin
        self.dependencies = recorded.dependencies
        self._exchanges = recorded.exchanges
        self._first = first

    def load(self, numbers: Iterable[int]) -> Iterator[tuple[int, Exchange]]:
        first = self._first
        return ((n, self._exchanges[n - first]) for n in sorted(numbers) if n >= first)


def new_only(recorded: Recording, previous: Snapshot, maximum: int) -> Recording:
    """Of a recording what shows a kind of behaviour that the snapshot does not show, with its
    chains; at most `maximum` inbound exchanges."""
    survey = Survey()
    for one in (*previous.inbound, *previous.outbound):
        survey.add(glance_of(one))
    first = survey.total
    for one in recorded.exchanges:
        # Ids of a recording are provisional, and none that the snapshot may have.
        survey.add(glance_of(one))
    kinds = [kind for kind in survey.kinds() if kind.members[0] >= first]
    source = _Listed(recorded, recorded.origin or previous.origin, first)
    return chosen_of(source, survey, kinds, maximum)[0]
