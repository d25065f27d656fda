"""Chains: an exchange with the producers of the values it needs and the earlier writes it reads.

A chain can be replayed alone, in a freshly started service, and answers as it does among all others.
What an exchange needs of those before it:

- the exchange that makes a value it sends back (`bindings`);
- earlier writes to what it reads itself: the same resource of the service, which is the first word
  of the path that says something ("orders" of /api/v1/orders/{id});
- earlier writes to what its calls read: a target in common (`Facts.targets`);
- the exchange that filled a cache it answers from: its call asks whether what an earlier call was
  answered is still good (RFC 9110 section 13.1), or the same request made a call before and now
  does not.

What these need in turn belongs to the chain, too. State that shows in neither path nor calls cannot
be seen from outside: such a chain answers differently alone, which is then for a person to see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from ci_gate.model.exchange import Exchange, Facts
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.snapshot import Snapshot

FactsOf = Callable[[Exchange], Facts]

_PREFIX = re.compile(r"(?:api|rest|rpc|v[0-9]+(?:\.[0-9]+)*)\Z", re.IGNORECASE)
"""Segments in front of every path of an API: they tell no resources apart."""

_Target = tuple[str, str]
"""("path", resource) or ("call", target of a call)."""
_EVERYTHING = ("path", "")
"""Of a path that names no resource."""
_ASKED = (b"if-none-match", b"if-modified-since")
_TOLD = (b"etag", b"last-modified")
"""Fields of a request that say what it has, and those of an answer that it has it from."""


class Chains:
    """The chains of a snapshot's inbound exchanges. `facts_of`: the codec's facts of an exchange."""

    def __init__(self, snapshot: Snapshot, facts_of: FactsOf) -> None:
        self._order = [one.id for one in snapshot.inbound]
        self._made_by: dict[str, set[str]] = {}
        for binding in snapshot.bindings.inbound:
            for spot in binding.used:
                self._made_by.setdefault(spot.exchange, set()).add(binding.made.exchange)
        for reader, filler in _cached(snapshot):
            self._made_by.setdefault(reader, set()).add(filler)
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


def _cached(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """(exchange, an earlier one that filled what it answers from), as far as calls tell."""
    outbound = sorted(snapshot.outbound, key=lambda one: one.at)
    told: dict[tuple[str, str, bytes], tuple[str, ...]] = {}
    made: dict[str, set[tuple[str, str]]] = {}
    for call in outbound:
        for group in call.groups:
            made.setdefault(group, set()).add((call.dependency, call.route))
        for validator in _fields(call.request, _ASKED):
            for filler in told.get((call.dependency, call.route, validator), ()):
                yield from ((group, filler) for group in call.groups if group != filler)
        for validator in _fields(call.response, _TOLD):
            # A 304 repeats what the cache has: who filled it stays.
            told.setdefault((call.dependency, call.route, validator), call.groups)
    fillers: dict[tuple[str, bytes, object], dict[tuple[str, str], str]] = {}
    for one in snapshot.inbound:
        if isinstance(one.request, HttpRequest):
            same = (one.request.method, one.request.target, one.request.body)
            filled, now = fillers.setdefault(same, {}), made.get(one.id, set())
            yield from ((one.id, filler) for call, filler in filled.items() if call not in now)
            filled.update(dict.fromkeys(now, one.id))


def _fields(message: object, names: Collection[bytes]) -> Iterator[bytes]:
    """The values of these fields, entity tags of a list one by one."""
    if isinstance(message, HttpRequest | HttpResponse):
        for name, value in message.headers:
            if name.lower() in names:
                tags = value.split(b",") if name.lower() == b"if-none-match" else [value]
                yield from (one.strip() for one in tags)


def _meet(written: set[_Target], read: set[_Target]) -> bool:
    """Whether something that is read later was written."""
    if not read or not written.isdisjoint(read):
        return bool(read)
    unnamed = _EVERYTHING in written or _EVERYTHING in read
    return unnamed and any(kind == "path" for kind, _ in written)
