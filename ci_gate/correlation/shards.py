"""Spreads the inbound exchanges of a snapshot over shards, so that each has its whole chains.

Every exchange is judged in exactly one shard; what its chain needs besides is replayed there, too,
unjudged. The same snapshot gives the same shards on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec

from ci_gate.model.exchange import Exchange
from ci_gate.model.snapshot import Snapshot

EACH = 10.0
"""Milliseconds that an exchange weighs beside what the service took when it was recorded. Weights
are whole microseconds: a sum of fractions would depend on its order, and so would the shards."""

ChainOf = Callable[[Collection[str]], Sequence[str]]
"""The exchanges that some need, themselves included (`Chains.of`)."""


def spread(snapshot: Snapshot, chain_of: ChainOf, count: int) -> tuple[frozenset[str], ...]:
    """`count` sets of ids: the exchanges that each shard judges. Some are empty when there are
    fewer chains than shards.

    The heaviest chains first, each goes where it adds least to what is replayed anyway, as long as
    that shard has room, else to the one that is done first.
    """
    weights = {one.id: round(1000 * (EACH + max(one.took, 0.0))) for one in snapshot.inbound}
    units = [
        _Unit(members, frozenset(chain_of(members)), number)
        for number, members in enumerate(_together(snapshot))
    ]
    heavy = {one.number: _weight(one.chain, weights) for one in units}
    room = max(-(-sum(weights.values()) // count), max(heavy.values(), default=0))
    shards = [_Shard() for _ in range(count)]
    for unit in sorted(units, key=lambda one: (-heavy[one.number], one.number)):
        added = [_weight(unit.chain - shard.replayed, weights) for shard in shards]

        def place(at: int, added: Sequence[int] = added) -> tuple[int, int, int, int]:
            load = shards[at].load + added[at]
            return (load if load > room else 0, added[at], load, at)

        best = min(range(count), key=place)
        shards[best].take(unit, added[best])
    return tuple(frozenset(one.judged) for one in shards)


class _Unit(msgspec.Struct, frozen=True):
    """Exchanges that are judged together."""

    members: Sequence[str]
    chain: frozenset[str]
    number: int


class _Shard:
    def __init__(self) -> None:
        self.judged: set[str] = set()
        self.replayed: set[str] = set()
        self.load = 0

    def take(self, unit: _Unit, added: int) -> None:
        self.judged.update(unit.members)
        self.replayed |= unit.chain
        self.load += added


def _weight(ids: Iterable[str], weights: dict[str, int]) -> int:
    return sum(weights[one] for one in ids)


def _together(snapshot: Snapshot) -> list[list[str]]:
    """The exchanges in recorded order; those of which nobody knows which made a call are one."""
    of = {one.id: one.id for one in snapshot.inbound}

    def root(name: str) -> str:
        while of[name] != name:
            name = of[name]
        return name

    for call in snapshot.outbound:
        found = [root(group) for group in call.groups if group in of]
        for other in found[1:]:
            of[root(other)] = root(found[0])
    units: dict[str, list[str]] = {}
    for one in _ids(snapshot.inbound):
        units.setdefault(root(one), []).append(one)
    return list(units.values())


def _ids(exchanges: Iterable[Exchange]) -> list[str]:
    return [one.id for one in exchanges]
