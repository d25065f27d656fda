"""What only polls have told: the values that a job has to work with, and nobody else.

A job that fetches the rates and keeps them, each time with the time they are of, makes a call that
no two of are equal. Its values are not made up by the service; they were told first in an answer
that is nobody's, and are another one in the next.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Sequence

from ci_gate.correlation.atoms import values_of
from ci_gate.correlation.bindings import PartsOf, texts_of
from ci_gate.model.exchange import BACKGROUND, Exchange
from ci_gate.model.message import Message


def news(
    exchanges: Collection[Exchange], parts_of: PartsOf, key: Callable[[Exchange], Hashable]
) -> frozenset[str]:
    """The values that the answer to a call of the background (by `key`, whoever was in flight) was
    the first to say, where other answers to it do not. Only what `atoms.means_something` counts."""
    told = _told(exchanges, parts_of, key)
    if not told:
        return frozenset()
    earlier: set[str] = set()
    for at, said in _said(exchanges, parts_of):
        earlier.update(value for value in said & told.keys() if at < told[value])
    return frozenset(told.keys() - earlier)


def _told(
    exchanges: Collection[Exchange], parts_of: PartsOf, key: Callable[[Exchange], Hashable]
) -> dict[str, float]:
    """Value -> when it was told first, of those that are not in every answer of their poll."""
    nobodys = {(one.dependency, key(one)) for one in exchanges if one.groups == (BACKGROUND,)}
    polls: dict[Hashable, list[tuple[float, frozenset[str]]]] = {}
    for one in exchanges if nobodys else ():
        whose = (one.dependency, key(one))
        if whose in nobodys and one.response is not None:
            answer = (one.at + one.took, _values(parts_of, one, one.response))
            polls.setdefault(whose, []).append(answer)
    told: dict[str, float] = {}
    for answers in polls.values():
        always = frozenset.intersection(*(said for _, said in answers))
        for at, said in answers:
            for value in said - always:
                told[value] = min(at, told.get(value, at))
    return told


def _said(
    exchanges: Collection[Exchange], parts_of: PartsOf
) -> Iterator[tuple[float, frozenset[str]]]:
    """When each message was whole, and its values."""
    for one in exchanges:
        yield one.at, _values(parts_of, one, one.request)
        if one.response is not None:
            yield one.at + one.took, _values(parts_of, one, one.response)


def _values(parts_of: PartsOf, exchange: Exchange, message: Message) -> frozenset[str]:
    texts: Sequence[str] = tuple(texts_of("any", parts_of(exchange, message)).values())
    return frozenset(value for text in texts for value in values_of(text))
