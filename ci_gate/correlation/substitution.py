"""Values that travel, at replay: live ones are learned from live answers and put into what follows.

One object for each service and its mocks, shared by replayer and mocks. In the recording a value
is one thing; live it is one thing, too, but another: the map between both is one to one for the
whole run. A value that has an origin in the recording (a client, a dependency, the environment)
is never mapped: a wrong id stays wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from ci_gate.correlation.atoms import alike, changed_values, read, replace, spots_in, values_of
from ci_gate.correlation.bindings import texts_of
from ci_gate.model.binding import Binding, Bindings, Spot
from ci_gate.model.message import Part
from ci_gate.values.places import rewrite

_COMPARED = ("path", "query", "body")
"""Parts of a call in which a fresh value may stand; headers are not compared by value."""


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
        self._heard: list[Sequence[Part]] = []
        """What was seen and not looked into yet: most runs never ask."""
        self._known: set[str] = set()
        """Live values with an origin other than the service."""
        self._unfilled: dict[str, str] = {}
        """Name of a binding -> why it has no live value."""
        self._blamed: dict[str, str] = {}
        for binding in bindings.inbound:
            self._made.setdefault(binding.made.exchange, []).append(binding)
            for spot in binding.used:
                self._used.setdefault(spot.exchange, []).append((binding, spot))
        for fresh in bindings.outbound:
            for spot in fresh.sent:
                places = self._fresh.setdefault(spot.exchange, {})
                places.setdefault(spot.at, set()).add(fresh.value)
            for spot in fresh.echoed:
                self._echoed.setdefault(spot.exchange, []).append((fresh.value, spot))

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
            if live is None:
                where = f"{binding.made.at} of {self._name(exchange)}"
                reason = "there was no response" if not parts else "it was not there"
                self._unfilled[binding.name] = f"{binding.name}, made at {where}: {reason}"
            elif not self._map(binding.value, live):
                where = f"{binding.made.at} of {self._name(exchange)}"
                reason = "the live value stands for another recorded one already"
                self._unfilled[binding.name] = f"{binding.name}, made at {where}: {reason}"

    def fill(self, exchange: str, parts: Sequence[Part]) -> Filled:
        """The request of an inbound exchange with live values where recorded ones travelled.

        What cannot be filled stays as recorded; the first such reason is `blame(exchange)`.
        """
        missing: list[str] = []
        spots: list[tuple[str, Spot]] = []
        for binding, spot in self._used.get(exchange, ()):
            if binding.value in self._live:
                spots.append((binding.value, spot))
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
        return True

    def _with_live(
        self, side: str, parts: Sequence[Part], spots: Iterable[tuple[str, Spot]]
    ) -> dict[str, Part]:
        by_place: dict[str, dict[tuple[str, ...], dict[str, str]]] = {}
        for value, spot in spots:
            live = self._live.get(value, value)
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

    def in_recorded_terms(self, parts: Sequence[Part]) -> dict[str, Part]:
        """The parts of a live call that hold live values, with the recorded ones instead: the key
        of a call is made of these. Empty when nothing is to be changed."""
        if not self._moved:
            return {}

        def change(place: str, text: str) -> str | None:
            for live, spot in spots_in("", place, text, self._moved.__contains__, anchored=False):
                text = replace(text, spot.inside, {live: self._moved[live]}, self._resign)
            return text

        return _changed([part for part in parts if part.place in _COMPARED], change)

    def stands_for(
        self, exchange: str, recorded: Sequence[Part], live: Sequence[Part]
    ) -> tuple[Pair, ...] | None:
        """Tier 4: the pairs of fresh values by which a live call is this recorded one; None when it
        differs anywhere else, or by a value that is not fresh. Nothing is remembered; `accept`
        does that.

        `live` is in recorded terms already. Each value pairs with one of the same kind
        (`atoms.alike`), one to one for the whole run.
        """
        expected, actual = _compared(recorded), _compared(live)
        if expected.keys() != actual.keys():
            return None
        fresh = self._fresh.get(exchange, {})
        pairs: dict[str, str] = {}
        for place, text in expected.items():
            if actual[place] == text:
                continue
            found = changed_values(text, actual[place], fresh.get(place, ()), strict=True)
            if found is None:
                return None
            for value, new in found.items():
                if not self._may_pair(value, new, pairs):
                    return None
                pairs[value] = new
        return tuple(Pair(value, new) for value, new in pairs.items())

    def _may_pair(self, recorded: str, live: str, pairs: dict[str, str]) -> bool:
        taken = {other for value, other in pairs.items() if value != recorded}
        return (
            pairs.get(recorded, live) == live
            and live not in taken
            and self._live.get(recorded, live) == live
            and self._recorded.get(live, recorded) == recorded
            and self.is_fresh(live)
            and alike(recorded, live)
        )

    def accept(self, pairs: Iterable[Pair]) -> bool:
        """Remember the pairs of a call that was matched; False when one contradicts an earlier."""
        agreed = True
        for pair in pairs:
            agreed = self._map(pair.recorded, pair.live) and agreed
        return agreed

    def note(self, exchange: str, recorded: Sequence[Part], live: Sequence[Part]) -> None:
        """A live call was matched otherwise than by `stands_for` (its key is open where it
        varies): learn which live values stand where fresh ones stood, for the answer."""
        if exchange not in self._fresh:
            return
        expected, actual = texts_of("request", recorded), texts_of("request", live)
        for place, values in self._fresh[exchange].items():
            if place in expected and place in actual:
                found = changed_values(expected[place], actual[place], values, strict=False) or {}
                for value, new in found.items():
                    if self.is_fresh(new) and alike(value, new):
                        self._map(value, new)

    def answer(self, exchange: str, parts: Sequence[Part]) -> dict[str, Part]:
        """The parts of a recorded answer that give back fresh values, with the live ones."""
        return self._with_live("response", parts, self._echoed.get(exchange, ()))


def _compared(parts: Sequence[Part]) -> dict[str, str]:
    """What of a call must be equal, by place. Bodies nobody can look into stand for themselves."""
    texts = texts_of("request", [part for part in parts if part.place in _COMPARED])
    for part in parts:
        if part.place in ("method", "body") and f"request.{part.place}" not in texts:
            empty = not any(place.startswith(f"request.{part.place}") for place in texts)
            if empty:
                texts[f"request.{part.place}"] = repr(part.value)
    return texts


def _changed(parts: Sequence[Part], change: Callable[[str, str], str | None]) -> dict[str, Part]:
    changed: dict[str, Part] = {}
    for part in parts:
        new = rewrite(part, change)
        if new.value != part.value:
            changed[part.place] = new
    return changed
