"""Values that are rebased, in the answers that give them back.

What a service derives from a redacted value (a digest of a password, kept in a cache) is another
one under its mocks, and the same in every replay: the expectation of the call that sends it becomes
the new one. An answer that gives it back must say the new one too, or the service takes it for
somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from ci_gate.codecs.base import Codec
from ci_gate.correlation.atoms import changed_values, replace
from ci_gate.correlation.bindings import texts_of
from ci_gate.model.binding import Bindings, Fresh, Spot
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, Part
from ci_gate.values.places import rewrite


class Echoes(msgspec.Struct, frozen=True):
    """Calls with such answers."""

    calls: tuple[Exchange, ...]
    sent: frozenset[tuple[str, str]]
    """Where the values are sent, explained by that: (id of a call, place)."""


def with_echoes(
    before: Sequence[Exchange],
    after: Sequence[Exchange],
    bindings: Bindings,
    codec_of: Callable[[Exchange], Codec],
) -> Echoes:
    """`after`, which are the calls `before` as learned, with rebased values in their answers.
    `bindings` are those of `before`."""
    old = {one.id: one for one in before}
    new = {one.id: one for one in after if one.rebased}
    echoed: dict[str, dict[Spot, dict[str, str]]] = {}
    sent: set[tuple[str, str]] = set()
    for fresh in bindings.outbound:
        spots = [one for one in fresh.sent if one.exchange in new]
        values = {_new_value(fresh, one, old, new, codec_of) for one in spots}
        if len(values) != 1 or not fresh.echoed or not all(values):
            continue
        sent |= {(one.exchange, one.at) for one in spots}
        for spot in fresh.echoed:
            pairs = echoed.setdefault(spot.exchange, {}).setdefault(spot, {})
            pairs[fresh.value] = values.copy().pop()
    calls = [_answered(one, echoed.get(one.id, {}), codec_of(one)) for one in after]
    return Echoes(tuple(calls), frozenset(sent))


def _new_value(
    fresh: Fresh,
    spot: Spot,
    old: Mapping[str, Exchange],
    new: Mapping[str, Exchange],
    codec_of: Callable[[Exchange], Codec],
) -> str:
    """What is sent there now; "" where that cannot be told, or is what was sent before."""

    def text(exchange: Exchange) -> str:
        parts = codec_of(exchange).places(exchange.request)
        return texts_of("request", parts).get(spot.at, "")

    was, now = text(old[spot.exchange]), text(new[spot.exchange])
    found = changed_values(was, now, {fresh.value}, strict=False) or {}
    value = found.get(fresh.value, "")
    return "" if value == fresh.value else value


def _answered(
    exchange: Exchange, spots: Mapping[Spot, Mapping[str, str]], speaks: Codec
) -> Exchange:
    response = exchange.response
    if not spots or response is None:
        return exchange

    def change(place: str, text: str) -> str | None:
        for spot, pairs in spots.items():
            if spot.at == f"response.{place}":
                text = replace(text, spot.inside, dict(pairs))
        return text

    return msgspec.structs.replace(exchange, response=_changed(speaks, response, change))


def _changed(speaks: Codec, message: Message, change: Callable[[str, str], str | None]) -> Message:
    changed: dict[str, Part] = {}
    for part in speaks.places(message):
        made = rewrite(part, change)
        if made.value != part.value:
            changed[part.place] = made
    return speaks.with_places(message, changed) if changed else message
