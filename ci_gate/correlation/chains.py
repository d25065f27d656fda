"""Chains: an exchange with the producers of the values it needs and the earlier writes it reads.

A chain can be replayed alone, in a freshly started service, and answers as it does among all others.
What an exchange needs of those before it:

- the exchange that makes a value it sends back (`bindings`);
- earlier writes to what it reads itself: the same resource of the service, which is the first word
  of the path that says something ("orders" of /api/v1/orders/{id});
- earlier writes to what its calls read: a target in common (`Facts.targets`).

What these need in turn belongs to the chain, too. State that shows in neither path nor calls cannot
be seen from outside: such a chain answers differently alone, which is then for a person to see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from ci_gate.model.exchange import Exchange, Facts
from ci_gate.model.snapshot import Snapshot

FactsOf = Callable[[Exchange], Facts]

_PREFIX = re.compile(r"(?:api|rest|rpc|v[0-9]+(?:\.[0-9]+)*)\Z", re.IGNORECASE)
"""Segments in front of every path of an API: they tell no resources apart."""

_Target = tuple[str, str]
"""("path", resource) or ("call", target of a call)."""
_EVERYTHING = ("path", "")
"""Of a path that names no resource."""


class Chains:
    """The chains of a snapshot's inbound exchanges. `facts_of`: the codec's facts of an exchange."""

    def __init__(self, snapshot: Snapshot, facts_of: FactsOf) -> None:
        self._order = [one.id for one in snapshot.inbound]
        self._made_by: dict[str, set[str]] = {}
        for binding in snapshot.bindings.inbound:
            for spot in binding.used:
                self._made_by.setdefault(spot.exchange, set()).add(binding.made.exchange)
        self._reads: dict[str, set[_Target]] = {}
        self._writes: dict[str, set[_Target]] = {}
        for one in snapshot.inbound:
            own = ("path", resource(one.route))
            self._reads[one.id] = {own}
            self._writes[one.id] = {own} if facts_of(one).effect == "write" else set()
        for call in snapshot.outbound:
            facts = facts_of(call)
            into = {"read": self._reads, "write": self._writes}.get(facts.effect, {})
            for group in call.groups:
                if group in into:
                    into[group].update(("call", target) for target in facts.targets)

    def of(self, chosen: Collection[str]) -> tuple[str, ...]:
        """The chains of the chosen inbound exchanges together, in recorded order."""
        wanted = set(chosen)
        read: set[_Target] = set()
        found = []
        for one in reversed(self._order):
            if one in wanted or _meet(self._writes[one], read):
                found.append(one)
                wanted |= self._made_by.get(one, set())
                read |= self._reads[one]
        return tuple(reversed(found))


def resource(route: str) -> str:
    """The first segment of a route's path that is neither variable nor a prefix of every path; ""
    when there is none: such a route is about everything."""
    for segment in route.partition(" ")[2].split("/"):
        if segment and not segment.startswith("{") and not _PREFIX.match(segment):
            return segment
    return ""


def _meet(written: set[_Target], read: set[_Target]) -> bool:
    """Whether something that is read later was written."""
    if not read or not written.isdisjoint(read):
        return bool(read)
    unnamed = _EVERYTHING in written or _EVERYTHING in read
    return unnamed and any(kind == "path" for kind, _ in written)
