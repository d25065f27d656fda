"""When two recorded calls are the same but for values that nobody asked for.

A poll that says the time, a token refresh with a nonce, a job that keeps what a poll has told: no
two of them are equal, and they are one key all the same. Only fresh values (`correlation.bindings`)
and what polls alone have told (`correlation.news`) are left out, each for its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence

from ci_gate.correlation.atoms import values_of
from ci_gate.correlation.bindings import PartsOf, texts_of
from ci_gate.correlation.news import news
from ci_gate.model.binding import Bindings
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Key, Part
from ci_gate.values.kinds import kind_of
from ci_gate.values.times import written_as


class Keys:
    """Keys of recorded calls. `exchanges` is all that was recorded, `bindings` what travels in it;
    `parts_of` and `key_of` ask the codec of an exchange's dependency about a message of it, and
    about its request."""

    def __init__(
        self,
        exchanges: Collection[Exchange],
        bindings: Bindings,
        parts_of: PartsOf,
        key_of: Callable[[Exchange], Key],
    ) -> None:
        self._parts_of = parts_of
        self._key_of = key_of
        self._made_up: dict[str, dict[str, list[str]]] = {}
        for fresh in bindings.outbound:
            for spot in fresh.sent:
                places = self._made_up.setdefault(spot.exchange, {})
                places.setdefault(spot.at, []).append(fresh.value)
        self._news: frozenset[str] = frozenset()
        self._news = news(exchanges, parts_of, self)

    def __call__(self, exchange: Exchange) -> Hashable:
        """Equal for calls that are equal but for such values of one kind at one place."""
        key, made_up = self._key_of(exchange), self._made_up.get(exchange.id, {})
        if not (made_up or self._news):
            return key.full
        parts = [
            part for part in self._parts_of(exchange, exchange.request) if part.place != "headers"
        ]
        texts = texts_of("request", parts)
        left_out = {
            place: [*made_up.get(place, ()), *self._news.intersection(values_of(text))]
            for place, text in texts.items()
        }
        if not any(left_out.values()):
            return key.full
        said = {place: _blank(text, left_out[place]) for place, text in texts.items()}
        return (key.coarse, key.fields, _untold(parts, said), tuple(sorted(said.items())))


def _untold(parts: Sequence[Part], said: Mapping[str, str]) -> tuple[Hashable, ...]:
    """Parts that have no texts stand for themselves."""
    return tuple(
        repr(part.value)
        for part in parts
        if not any(place.startswith(f"request.{part.place}") for place in said)
    )


def _blank(text: str, values: Collection[str]) -> str:
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, f"‹{sort_of(value)}›")
    return text


def sort_of(value: str) -> str:
    """What a made-up value must have in common with another one to stand in its place: how a point
    in time is written, a kind that has a name, else its length."""
    time = written_as(value)
    if time is not None:
        return time.skeleton
    kind = kind_of(value)
    return kind if kind in ("uuid", "ulid", "objectid", "jwt") else str(len(value))
