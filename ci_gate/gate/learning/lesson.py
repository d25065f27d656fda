"""What was taught, as the summary says it: per route and place, not per exchange."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ci_gate.gate.learning.teaching import Reason
from ci_gate.gate.summary import Rebase, Unfaithful, Varies
from ci_gate.model.exchange import Exchange
from ci_gate.model.snapshot import Snapshot
from ci_gate.values.noisetext import in_words
from ci_gate.values.places import fold


def varies(snapshot: Snapshot) -> tuple[Varies, ...]:
    """What a learned snapshot says varies, by route, place and kind, in the order of exchanges."""
    texts: dict[tuple[str, str, str], dict[str, None]] = {}
    exchanges: dict[tuple[str, str, str], set[str]] = {}
    for exchange in _all(snapshot):
        for noise in exchange.noise:
            kind = "time-derived" if noise.clock else noise.kind
            key = (_route(exchange), fold(noise.at), kind)
            texts.setdefault(key, {})[in_words(noise)] = None
            exchanges.setdefault(key, set()).add(exchange.id)
    return tuple(
        Varies(
            route=route,
            place=place,
            kind=kind,
            text=_one(list(words), kind),
            exchanges=len(exchanges[route, place, kind]),
        )
        for (route, place, kind), words in texts.items()
    )


def rebased(snapshot: Snapshot) -> tuple[Rebase, ...]:
    """Every place that was rebased, for review."""
    return tuple(
        Rebase(
            route=_route(exchange),
            exchange=exchange.id,
            place=place.at,
            recorded=place.recorded,
            expected=place.expected,
        )
        for exchange in _all(snapshot)
        for place in exchange.rebased
    )


def unfaithful(reasons: Sequence[Reason], hide: Callable[[str], str]) -> tuple[Unfaithful, ...]:
    """The reasons, those of one route that say the same together; `hide` takes out what must not
    be shown. Values that were seen are those of the first."""
    found: dict[tuple[str, str], list[Reason]] = {}
    for one in reasons:
        found.setdefault((one.route, fold(one.why)), []).append(one)
    return tuple(
        Unfaithful(
            route=route,
            why=hide(_with_values(alike[0])),
            exchange=alike[0].exchange,
            exchanges=len({one.exchange for one in alike}),
        )
        for (route, _), alike in found.items()
    )


def _with_values(one: Reason) -> str:
    return f"{one.why} (seen: {one.seen})" if one.seen else one.why


def erratic(snapshot: Snapshot, routes: Collection[str]) -> tuple[str, ...]:
    """`routes` that nothing explains, when these are most of a snapshot's: then the service is not
    deterministic, and no single place is to blame."""
    every = {one.route for one in snapshot.inbound}
    return tuple(routes) if 2 * len(set(routes)) > len(every) else ()


def _all(snapshot: Snapshot) -> tuple[Exchange, ...]:
    return (*snapshot.inbound, *snapshot.outbound)


def _route(exchange: Exchange) -> str:
    return f"{exchange.route} ({exchange.dependency})" if exchange.dependency else exchange.route


def _one(texts: Sequence[str], kind: str) -> str:
    """One text for all exchanges; what not all of them say is left to the files."""
    return texts[0] if len(texts) == 1 else f"{kind} (differs by exchange)"
