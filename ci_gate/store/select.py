"""Which inbound exchanges of a recording are kept when there are more than `--max`. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpResponse

Class = tuple[str, int]
"""Route and status; 0 = no HTTP answer."""


def select(
    exchanges: Sequence[Exchange],
    maximum: int,
    is_write: Callable[[Exchange], bool],
    already: Sequence[Exchange] = (),
) -> list[Exchange]:
    """At most `maximum` of `exchanges` (in recorded order), beside those that are kept `already`.

    Every write is kept, even beyond `maximum`; then one of each route and status that is not
    there yet; then, round by round, one more of each.
    """
    seen = Counter(class_of(exchange) for exchange in already)
    waiting: dict[Class, list[Exchange]] = {}
    first: list[Exchange] = []
    for exchange in exchanges:
        kind = class_of(exchange)
        if seen[kind] == 0 and len(already) + len(first) < maximum:
            first.append(exchange)
        else:
            waiting.setdefault(kind, []).append(exchange)
        seen[kind] += 1
    kept = {exchange.id for exchange in first}
    kept |= {exchange.id for exchange in exchanges if is_write(exchange)}
    room = maximum - len(already) - len(kept)
    for exchange in _rounds(waiting):
        if room <= 0:
            break
        if exchange.id not in kept:
            kept.add(exchange.id)
            room -= 1
    return [exchange for exchange in exchanges if exchange.id in kept]


def _rounds(waiting: dict[Class, list[Exchange]]) -> list[Exchange]:
    """The first of each class, then the second of each, and so on."""
    order = []
    for place, kind in enumerate(waiting):
        order += [(turn, place, exchange) for turn, exchange in enumerate(waiting[kind])]
    order.sort(key=lambda item: item[:2])
    return [exchange for _, _, exchange in order]


def class_of(exchange: Exchange) -> Class:
    """Route and status."""
    response = exchange.response
    return exchange.route, response.status if isinstance(response, HttpResponse) else 0
