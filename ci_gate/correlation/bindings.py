"""Finds the values that a service makes up and that travel on, in a recording.

Everything is looked at in the order of time. A value is *fresh* when it was seen in no request of
a client, no answer of a dependency and not in the environment before the service first said it.
A fresh value that a later request of a client brings back is bound to the answer that brought it
first; one that the service sends to a dependency may be another one live, and the recorded answers
that give it back say the live one. `atoms.means_something` is the entropy rule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from ci_gate.correlation.atoms import SHORTEST, means_something, pieces_of, spots_in, values_of
from ci_gate.correlation.numbers import Numbers, is_number
from ci_gate.model.binding import Binding, Bindings, Fresh, Spot
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import (
    Message,
    Part,
    PgResult,
    PgStatement,
    RedisCommand,
    RedisReply,
    in_any_block,
)
from ci_gate.model.snapshot import Snapshot
from ci_gate.values.jsontext import step
from ci_gate.values.places import covers, rewrite

_NAMED = re.compile(rb'"[A-Za-z0-9_.:-]*[0-9][A-Za-z0-9_.:-]*"[ \t\r\n]*:')
"""A name with a digit in it: most objects have none."""
PartsOf = Callable[[Exchange, Message], Sequence[Part]]
"""The parts of a message of an exchange, by the codec of its dependency."""

_CLIENT, _CALL, _ANSWER, _RESPONSE = range(4)
_DIGITS = re.compile("[0-9]+")
_REMEMBERED = 4096
"""Messages whose texts are kept at hand; more of them are read again."""
_NOT_MADE_UP = frozenset({"response.headers.date", "response.headers.content-length"})


class _Event(NamedTuple):
    at: float
    step: int
    """What happens first when times are equal: a request comes before what it causes."""
    exchange: Exchange
    message: Message


def find(
    snapshot: Snapshot,
    parts_of: PartsOf,
    environment: Iterable[str] = (),
    *,
    learned: bool | None = None,
    unheard: Collection[str] = (),
) -> Bindings:
    """The bindings of a snapshot. `environment`: values that the service was given at its start.

    When the snapshot was `learned` (None: any exchange has noise), only values that vary are fresh
    in a call: one that every replay sent alike is a constant of the service, and must stay it. Of
    calls that are `unheard` (ids, of no inbound exchange) no replay says anything: a value that all
    of them carry is a constant.
    """
    if learned is None:
        learned = any(one.noise for one in (*snapshot.inbound, *snapshot.outbound))
    return _Search(snapshot, parts_of, environment, learned, unheard).run()


class _Search:
    def __init__(
        self,
        snapshot: Snapshot,
        parts_of: PartsOf,
        environment: Iterable[str],
        learned: bool,
        unheard: Collection[str],
    ) -> None:
        self._exchanges = (*snapshot.inbound, *snapshot.outbound)
        self._order = self._in_time()
        self._parts_of = parts_of
        self._learned = learned
        self._unheard = unheard
        self._carried: dict[tuple[str, str, str], list[str]] = {}
        """What unheard calls carry: dependency, route, place -> text of each."""
        self._known = {value for text in environment for value in (text, *values_of(text))}
        """Values with an origin other than the service."""
        self._made: dict[str, Spot] = {}
        self._used: dict[str, list[Spot]] = {}
        self._sent: dict[str, list[Spot]] = {}
        self._echoed: dict[str, list[Spot]] = {}
        self._asked: set[str] = set()
        """What clients and calls say at all: only such a value of an answer can travel."""
        self._numbers = Numbers()
        self._texts: dict[object, list[tuple[str, str]]] = {}

    def _in_time(self) -> list[int]:
        """Events in order of time, at one moment by step: twice an exchange's number for its
        request, one more for its answer. There may be very many, and a number is small."""
        found = [
            2 * number + answer
            for number, one in enumerate(self._exchanges)
            for answer in range(1 if one.response is None else 2)
        ]
        # One key at a time costs no tuple for each.
        found.sort(key=lambda number: self._event(number).step)
        found.sort(key=lambda number: self._event(number).at)
        return found

    def _event(self, number: int) -> _Event:
        exchange = self._exchanges[number // 2]
        if number % 2 and exchange.response is not None:
            step = _RESPONSE if exchange.inbound else _ANSWER
            return _Event(exchange.at + exchange.took, step, exchange, exchange.response)
        return _Event(
            exchange.at, _CLIENT if exchange.inbound else _CALL, exchange, exchange.request
        )

    def _events(self) -> Iterator[_Event]:
        return map(self._event, self._order)

    def run(self) -> Bindings:
        for event in self._events():
            if event.step in (_CLIENT, _CALL):
                for place, text in self._texts_of(event):
                    self._asked.update(_values(text))
                    if event.exchange.id in self._unheard:
                        self._carried.setdefault(_way(event.exchange, place), []).append(text)
        steps = (self._client, self._call, self._answer, self._response)
        for event in self._events():
            steps[event.step](event)
        inbound = [
            (value, spot, self._used[value])
            for value, spot in self._made.items()
            if value in self._used
        ]
        outbound = list(self._sent)
        return Bindings(
            inbound=tuple(
                Binding(name=f"B{number}", value=value, made=made, used=tuple(used))
                for number, (value, made, used) in enumerate((*inbound, *self._numbers.found()), 1)
            ),
            outbound=tuple(
                Fresh(
                    name=f"F{number}",
                    value=value,
                    sent=tuple(self._sent[value]),
                    echoed=tuple(self._echoed.get(value, ())),
                )
                for number, value in enumerate(outbound, 1)
            ),
        )

    def _texts_of(self, event: _Event) -> list[tuple[str, str]]:
        """(full place, text) of the leaves of a message."""
        side = "response" if event.step in (_ANSWER, _RESPONSE) else "request"
        return self._texts_in(side, event.exchange, event.message)

    def _texts_in(self, side: str, exchange: Exchange, message: Message) -> list[tuple[str, str]]:
        key = _alike(side, message)
        known = self._texts.get(key)
        if known is None:
            known = list(texts_of(side, self._parts_of(exchange, message)).items())
            if len(self._texts) >= _REMEMBERED:
                self._texts.clear()
            self._texts[key] = known
        return known

    def _client(self, event: _Event) -> None:
        self._numbers.asked(event.exchange.id, dict(self._texts_of(event)))
        for place, text in self._texts_of(event):
            bound = spots_in(
                event.exchange.id, place, text, self._made.__contains__, anchored=False
            )
            for value, spot in bound:
                self._used.setdefault(value, []).append(spot)
            mine = {value for value, _ in bound}
            self._known.update(
                value for value in _values(text) if value not in mine and not _within(value, mine)
            )

    def _call(self, event: _Event) -> None:
        for place, text in self._texts_of(event):
            if not self._varies(event.exchange, place):
                continue
            for value, spot in spots_in(
                event.exchange.id, place, text, self._is_fresh, anchored=False
            ):
                for one in self._made_of(value) if not spot.inside else (value,):
                    self._sent.setdefault(one, []).append(spot)

    def _made_of(self, value: str) -> Collection[str]:
        """A fresh value of a call, or the earlier ones that it is made of: a path with an id."""
        if value in self._sent:
            return (value,)
        parts = {one for one in pieces_of(value) if one in self._sent}
        rest = value
        for one in sorted(parts, key=len, reverse=True):
            rest = rest.replace(one, " ")
        return (value,) if not parts or any(map(self._is_new, values_of(rest))) else parts

    def _is_new(self, value: str) -> bool:
        return self._is_fresh(value) and all(map(self._is_fresh, pieces_of(value)))

    def _varies(self, exchange: Exchange, place: str) -> bool:
        if not self._learned or place in exchange.redacted:
            return True
        if exchange.id in self._unheard:
            texts = self._carried[_way(exchange, place)]
            return len(texts) == 1 or len(set(texts)) > 1
        return any(covers(noise.at.partition("#")[0], place) for noise in exchange.noise)

    def _answer(self, event: _Event) -> None:
        for place, text in self._texts_of(event):
            back = spots_in(event.exchange.id, place, text, self._sent.__contains__, anchored=False)
            for value, spot in back:
                self._echoed.setdefault(value, []).append(spot)
            mine = {value for value, _ in back}
            self._known.update(
                value for value in _values(text) if value not in mine and not _within(value, mine)
            )

    def _response(self, event: _Event) -> None:
        def wanted(value: str) -> bool:
            return value in self._asked and value not in self._made and self._is_fresh(value)

        exchange = event.exchange
        asked = dict(self._texts_in("request", exchange, exchange.request))
        self._numbers.said(
            exchange.id, asked, dict(self._texts_of(event)), lambda at: self._varies(exchange, at)
        )
        for place, text in self._texts_of(event):
            if place not in _NOT_MADE_UP:
                for value, spot in spots_in(event.exchange.id, place, text, wanted):
                    self._made[value] = spot

    def _is_fresh(self, value: str) -> bool:
        return value not in self._known


def _values(text: str) -> Iterator[str]:
    return values_of(text) if len(text) >= SHORTEST else iter(())


def _within(value: str, values: Collection[str]) -> bool:
    """Parts of a value that travels have no origin of their own."""
    return any(value in one for one in values)


def _alike(side: str, message: Message) -> object:
    """Equal for messages that hold equal texts: databases say the same again and again."""
    repeated = isinstance(message, PgStatement | PgResult | RedisCommand | RedisReply)
    return (side, in_any_block(message)) if repeated else id(message)


def _way(exchange: Exchange, place: str) -> tuple[str, str, str]:
    return exchange.dependency, exchange.route, place


def texts_of(side: str, parts: Sequence[Part]) -> dict[str, str]:
    """The leaves of a message by full place, as texts; numbers as they are written."""
    texts: dict[str, str] = {}

    def keep(place: str, text: str) -> None:
        texts[f"{side}.{place}"] = text

    for part in parts:
        if part.place not in ("method", "status"):
            rewrite(part, keep)
        if side == "response" and part.media == "json" and isinstance(part.value, bytes):
            texts.update(_names(f"{side}.{part.place}.$", part.value))
    return texts


def _names(place: str, body: bytes) -> Iterator[tuple[str, str]]:
    """The names of members that are values themselves, `$.~[2]` being that of the third one."""
    if not _NAMED.search(body):
        return
    try:
        left = [(place, json.loads(body))]
    except (ValueError, RecursionError):
        return
    while left:
        at, value = left.pop()
        if isinstance(value, dict):
            for index, (name, member) in enumerate(value.items()):
                if means_something(name):
                    yield f"{at}.~[{index}]", name
                left.append((at + step(name), member))
        elif isinstance(value, list):
            left += [(f"{at}[{index}]", item) for index, item in enumerate(value)]


def _said_in(text: str, value: str) -> Collection[str]:
    return _DIGITS.findall(text) if is_number(value) else set(values_of(text))


def producers(bindings: Bindings) -> dict[str, tuple[str, ...]]:
    """For each inbound exchange that needs values, the exchanges that make them, and the ones
    these need in turn; nearest first."""
    direct: dict[str, dict[str, None]] = {}
    for binding in bindings.inbound:
        for spot in binding.used:
            direct.setdefault(spot.exchange, {})[binding.made.exchange] = None
    closed: dict[str, tuple[str, ...]] = {}
    for exchange in direct:
        found: dict[str, None] = {}
        left = list(direct[exchange])
        while left:
            one = left.pop(0)
            if one not in found and one != exchange:
                found[one] = None
                left.extend(direct.get(one, ()))
        closed[exchange] = tuple(found)
    return closed


def chains(snapshot: Snapshot) -> dict[str, str]:
    """The chain of each inbound exchange, named by its first one: exchanges between which values
    travel are one chain. `diff.noise.held.Context` holds for one chain."""
    parent = {exchange.id: exchange.id for exchange in snapshot.inbound}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    order = {exchange.id: number for number, exchange in enumerate(snapshot.inbound)}
    for binding in snapshot.bindings.inbound:
        names = [spot.exchange for spot in (binding.made, *binding.used) if spot.exchange in order]
        for name in names:
            one, other = sorted((root(names[0]), root(name)), key=order.__getitem__)
            parent[other] = one
    return {name: root(name) for name in parent}


def without(bindings: Bindings, gone: Collection[str]) -> Bindings:
    """The bindings that are left when these exchanges are: for deleting and selecting."""

    def kept(spots: Iterable[Spot]) -> tuple[Spot, ...]:
        return tuple(spot for spot in spots if spot.exchange not in gone)

    inbound = [
        msgspec.structs.replace(one, used=kept(one.used))
        for one in bindings.inbound
        if one.made.exchange not in gone
    ]
    outbound = [
        msgspec.structs.replace(one, sent=kept(one.sent), echoed=kept(one.echoed))
        for one in bindings.outbound
    ]
    return Bindings(
        inbound=tuple(one for one in inbound if one.used),
        outbound=tuple(one for one in outbound if one.sent),
    )


def refusals(snapshot: Snapshot, parts_of: PartsOf) -> list[str]:
    """Bindings that name a place, or a value at a place, that is not there; one text each, with
    the command that mends it. Exchanges that are not there are refused on reading."""
    exchanges = {e.id: e for e in (*snapshot.inbound, *snapshot.outbound)}
    known: dict[tuple[str, str], dict[str, str]] = {}

    def text(spot: Spot) -> str:
        side = spot.at.partition(".")[0]
        if (spot.exchange, side) not in known:
            exchange = exchanges[spot.exchange]
            message = exchange.request if side == "request" else exchange.response
            parts = parts_of(exchange, message) if message is not None else ()
            known[spot.exchange, side] = texts_of(side, parts)
        return known[spot.exchange, side].get(spot.at, "")

    named = [(one.name, one.value, (one.made, *one.used)) for one in snapshot.bindings.inbound]
    named += [(one.name, one.value, (*one.sent, *one.echoed)) for one in snapshot.bindings.outbound]
    return [
        f"bindings.json: {name} is not at {spot.at} of exchange {spot.exchange}; "
        "run `ci-gate learn`, which finds bindings again"
        for name, value, spots in named
        for spot in spots
        if value != text(spot) and value not in _said_in(text(spot), value)
    ]
