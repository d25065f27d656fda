"""Values that travel, at replay: live ones are learned from live answers and put into what follows.

One object for each service and its mocks, shared by replayer and mocks. In the recording a value
is one thing; live it is one thing, too, but another: the map between both is one to one for the
whole run. A value that has an origin in the recording (a client, a dependency, the environment)
is never mapped: a wrong id stays wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from ci_gate.correlation.atoms import (
    LONGEST_VALUE,
    alike,
    changed_values,
    read,
    replace,
    spots_in,
    values_of,
)
from ci_gate.correlation.bindings import texts_of
from ci_gate.correlation.numbers import is_number
from ci_gate.model.binding import Binding, Bindings, Spot
from ci_gate.model.message import Part
from ci_gate.values.places import rewrite

_SAID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""What may take the place of a small number."""
_COMPARED = frozenset({"path", "query", "body"})
"""Parts of a call in which a fresh value may stand, and all that are JSON, such as a statement's
parameters; headers are not compared by value."""

Texts = Mapping[str, str]
"""The leaves of a message by full place."""


class Filled(msgspec.Struct, frozen=True):
    """A message with live values: `parts` are those that changed, by name, for
    `Codec.with_places`. `missing` says of each value that could not be filled why, for people."""

    parts: dict[str, Part]
    missing: tuple[str, ...] = ()


class Pair(msgspec.Struct, frozen=True):
    """A recorded fresh value and the live one that stands where it stood."""

    recorded: str
    live: str


class Substitution:
    """The values of one run.

    `routes` (exchange id -> route) is for texts only. `resign` signs a JWT again whose payload
    was changed; without it the old signature stays.
    """

    def __init__(
        self,
        bindings: Bindings,
        routes: Mapping[str, str] | None = None,
        resign: Callable[[str], str] | None = None,
    ) -> None:
        self._routes = routes or {}
        self._resign = resign
        self._made: dict[str, list[Binding]] = {}
        self._used: dict[str, list[tuple[Binding, Spot]]] = {}
        self._fresh: dict[str, dict[str, set[str]]] = {}
        self._echoed: dict[str, list[tuple[str, Spot]]] = {}
        self._live: dict[str, str] = {}
        self._recorded: dict[str, str] = {}
        self._moved: dict[str, str] = {}
        """Live value -> recorded one, where they are not the same."""
        self._shortest = LONGEST_VALUE
        """Characters of the shortest of them."""
        self._heard: list[Sequence[Part]] = []
        """What was seen and not looked into yet: most runs never ask."""
        self._known: set[str] = set()
        """Live values with an origin other than the service."""
        self._filled: dict[str, str] = {}
        """Name of a binding -> the live value. Two of them may be one: tokens of the same second."""
        self._refused: set[tuple[str, str]] = set()
        """(recorded fresh value, what stood there live and may not)."""
        self._unfilled: dict[str, str] = {}
        """Name of a binding -> why it has no live value."""
        self._blamed: dict[str, str] = {}
        for binding in bindings.inbound:
            self._made.setdefault(binding.made.exchange, []).append(binding)
            for spot in binding.used:
                self._used.setdefault(spot.exchange, []).append((binding, spot))
        self._made_up = {fresh.value for fresh in bindings.outbound}
        for fresh in bindings.outbound:
            for spot in fresh.sent:
                places = self._fresh.setdefault(spot.exchange, {})
                places.setdefault(spot.at, set()).add(fresh.value)
            for spot in fresh.echoed:
                self._echoed.setdefault(spot.exchange, []).append((fresh.value, spot))

    def __bool__(self) -> bool:
        """True when any value travels."""
        return bool(self._made or self._fresh)

    # -- inbound: learn from answers, put into requests

    def heard(self, exchange: str, parts: Sequence[Part]) -> None:
        """The live response of an inbound exchange; no parts when none came."""
        made = self._made.get(exchange)
        if not made:
            return
        texts = texts_of("response", parts)
        for binding in made:
            text = texts.get(binding.made.at)
            live = read(text, binding.made) if text is not None else None
            number = is_number(binding.value)
            if live is not None and number:
                live = live if _SAID.fullmatch(live) else None
            if live is None:
                where = f"{binding.made.at} of {self._name(exchange)}"
                reason = "there was no response" if not parts else "it was not there"
                self._unfilled[binding.name] = f"{binding.name}, made at {where}: {reason}"
            else:
                self._filled[binding.name] = live
                if not number:  # a small one stands for itself nowhere else
                    self._map(binding.value, live)

    def fill(self, exchange: str, parts: Sequence[Part]) -> Filled:
        """The request of an inbound exchange with live values where recorded ones travelled.

        What cannot be filled stays as recorded; the first such reason is `blame(exchange)`.
        """
        missing: list[str] = []
        spots: list[tuple[str, str, Spot]] = []
        for binding, spot in self._used.get(exchange, ()):
            live = self._filled.get(binding.name)
            if live is not None:
                spots.append((binding.value, live, spot))
            else:
                where = f"{binding.made.at} of {self._name(binding.made.exchange)}"
                untold = f"{binding.name}, made at {where}: that was not replayed before"
                missing.append(self._unfilled.get(binding.name, untold))
        if missing:
            self._blamed[exchange] = missing[0]
        return Filled(self._with_live("request", parts, spots), tuple(dict.fromkeys(missing)))

    def blame(self, exchange: str) -> str:
        """Why a request could not be sent as it should: the cause of everything behind it, "" when
        all values were there."""
        return self._blamed.get(exchange, "")

    def _name(self, exchange: str) -> str:
        route = self._routes.get(exchange, "")
        return f"{route} ({exchange})" if route else exchange

    def _map(self, recorded: str, live: str) -> bool:
        if self._live.get(recorded, live) != live or self._recorded.get(live, recorded) != recorded:
            return False
        self._live[recorded] = live
        self._recorded[live] = recorded
        if live != recorded:
            self._moved[live] = recorded
            self._shortest = min(self._shortest, len(live))
        return True

    def _with_live(
        self, side: str, parts: Sequence[Part], spots: Iterable[tuple[str, str, Spot]]
    ) -> dict[str, Part]:
        """The parts that change: (recorded value, live one, where it stands) of each."""
        by_place: dict[str, dict[tuple[str, ...], dict[str, str]]] = {}
        for value, live, spot in spots:
            if live != value:
                by_place.setdefault(spot.at, {}).setdefault(spot.inside, {})[value] = live
        if not by_place:
            return {}

        def change(place: str, text: str) -> str | None:
            for inside, pairs in by_place.get(f"{side}.{place}", {}).items():
                text = replace(text, inside, pairs, self._resign)
            return text

        return _changed(parts, change)

    # -- outbound: what is fresh, which recorded call a live one stands for, what to answer

    @property
    def watches(self) -> bool:
        """True when the service makes values up for its dependencies: then `saw` must be told."""
        return bool(self._fresh)

    @property
    def moved(self) -> bool:
        """True when any live value stands for another recorded one: see `in_recorded_terms`."""
        return bool(self._moved)

    def made_up(self, exchange: str) -> Collection[str]:
        """The places of a recorded call at which the service sends a value it has made up."""
        return self._fresh.get(exchange, {}).keys()

    def echoes(self, exchange: str) -> bool:
        """True when the recorded answer to that call gives a fresh value back."""
        return exchange in self._echoed

    def saw(self, parts: Sequence[Part]) -> None:
        """Values that came from outside the service: a client's request as it was sent, a mock's
        answer as it was said. What they hold is not fresh any more, mapped values excepted."""
        self._heard.append(parts)

    def saw_texts(self, texts: Iterable[str]) -> None:
        """The same for bare texts: the service's environment."""
        for text in texts:
            self._known.add(text)
            self._known.update(values_of(text))

    def is_fresh(self, live: str) -> bool:
        """True for a live value that the service cannot have from anywhere but itself."""
        for parts in self._heard:
            for text in texts_of("", parts).values():
                self._known.update(one for one in values_of(text) if one not in self._recorded)
        self._heard.clear()
        return live not in self._known

    def in_recorded_terms(
        self, parts: Sequence[Part], pairs: Sequence[Pair] = ()
    ) -> dict[str, Part]:
        """The parts of a live call that hold live values, with the recorded ones instead: the key
        of a call is made of these. Empty when nothing is to be changed.

        With `pairs` these take the place of all that was learned, to try what they come to.
        """
        moved = {one.live: one.recorded for one in pairs} if pairs else self._moved
        looked_into = [one for one in parts if one.place in _COMPARED or one.media == "json"]
        return self._turned_back(looked_into, moved, moved.__contains__)

    def made_up_in(self, parts: Sequence[Part]) -> dict[str, Part]:
        """The parts of a live response that hold values which the service makes up and sends to
        dependencies, too, with the recorded ones instead."""

        def wanted(live: str) -> bool:
            return self._moved.get(live) in self._made_up

        return self._turned_back(parts, self._moved, wanted) if self._made_up else {}

    def _turned_back(
        self, parts: Sequence[Part], moved: Mapping[str, str], wanted: Callable[[str], bool]
    ) -> dict[str, Part]:
        if not moved:
            return {}
        shortest = self._shortest if moved is self._moved else min(map(len, moved))

        def change(place: str, text: str) -> str | None:
            if len(text) < shortest:
                return None
            for live, spot in spots_in("", place, text, wanted, anchored=False, shortest=shortest):
                text = replace(text, spot.inside, {live: moved[live]}, self._resign)
            return text

        return _changed(parts, change)

    def pairs(
        self, exchange: str, expected: Texts, actual: Texts, *, again: bool = False
    ) -> tuple[Pair, ...]:
        """Tier 4: the pairs of fresh values by which a live call may be this recorded one; none
        when a fresh value's place holds one that is not. That nothing else differs is the caller's
        to see (`in_recorded_terms` with these pairs). Nothing is remembered; `accept` does that.

        `expected` and `actual` are the texts of the recorded call and of the live one, which is in
        recorded terms already (`bindings.texts_of`, side "request"). Each value pairs with one of
        the same kind (`atoms.alike`), one to one for the whole run; with `again` a recorded value
        may come with another live one each time (a nonce of calls that are not counted).
        """
        found: dict[str, str] = {}
        for place, values in self._fresh.get(exchange, {}).items():
            if place not in expected or place not in actual:
                return ()
            new = changed_values(expected[place], actual[place], values, strict=False)
            for value, one in (new or {}).items():
                if value == one:
                    continue
                if not self._may_pair(value, one, found, again):
                    return ()
                found[value] = one
        return tuple(Pair(value, one) for value, one in found.items())

    def _may_pair(self, recorded: str, live: str, pairs: dict[str, str], again: bool) -> bool:
        taken = {other for value, other in pairs.items() if value != recorded}
        return (
            pairs.get(recorded, live) == live
            and live not in taken
            and self._free(recorded, live, again)
            and self.is_fresh(live)
            and alike(recorded, live)
        )

    def _free(self, recorded: str, live: str, again: bool) -> bool:
        """True when two values may become a pair. In recorded terms a `live` that is a recorded
        value stands for another live one."""
        return (
            (again or self._live.get(recorded, live) == live)
            and self._recorded.get(live, recorded) == recorded
            and live not in self._live
        )

    def accept(self, pairs: Iterable[Pair], *, again: bool = False) -> bool:
        """Remember the pairs of a call that was matched; False when one contradicts an earlier."""
        agreed = True
        for pair in pairs:
            if again:
                self._live.pop(pair.recorded, None)
            agreed = self._map(pair.recorded, pair.live) and agreed
        return agreed

    def note(self, exchange: str, expected: Texts, actual: Texts, *, again: bool = False) -> None:
        """A live call was matched otherwise than by `pairs` (its key is open where it varies, or
        it is equal): learn which live values stand where fresh ones stood, for the answer. One
        that may not stand there is remembered as such (`agrees`). Arguments as for `pairs`."""
        for place, values in self._fresh.get(exchange, {}).items():
            if place not in expected or place not in actual:
                continue
            found = changed_values(expected[place], actual[place], values, strict=False) or {}
            for value, new in found.items():
                if new == value:
                    self._map(value, new)
                elif self._free(value, new, again) and self.is_fresh(new) and alike(value, new):
                    self.accept((Pair(value, new),), again=again)
                elif not again:
                    self._refused.add((value, new))

    def stands(self, exchange: str, place: str, expected: str, actual: str) -> bool:
        """True when nothing but fresh values differs between the texts of a recorded and a live
        call at one place; for calls that were not matched, of which nothing is remembered."""
        values = self._fresh.get(exchange, {}).get(place, ())
        found = changed_values(expected, actual, values, strict=True)
        if not found:
            return False
        return all(
            value == live or self._may_pair(value, live, {}, again=False)
            for value, live in found.items()
        )

    def note_equal(self, exchange: str) -> None:
        """The same for a live call that is equal in recorded terms."""
        for values in self._fresh.get(exchange, {}).values():
            for value in values:
                self._map(value, value)

    def agrees(self, recorded: str, live: str) -> bool:
        """False when a value in recorded terms stands where another one was recorded, and what is
        known of both says that it is the wrong one."""
        return recorded == live or (
            (recorded, live) not in self._refused
            and self._live.get(recorded, live) == live
            and self._recorded.get(live, recorded) == recorded
            and live not in self._live
        )

    def answer(self, exchange: str, parts: Sequence[Part]) -> dict[str, Part]:
        """The parts of a recorded answer that give back fresh values, with the live ones."""
        echoed = self._echoed.get(exchange, ())
        live = [(value, self._live.get(value, value), spot) for value, spot in echoed]
        return self._with_live("response", parts, live)


def _changed(parts: Sequence[Part], change: Callable[[str, str], str | None]) -> dict[str, Part]:
    changed: dict[str, Part] = {}
    for part in parts:
        new = rewrite(part, change)
        if new.value != part.value:
            changed[part.place] = new
    return changed
