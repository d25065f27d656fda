"""Routes of inbound exchanges: those the configuration names win over folding by text."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ci_gate.codecs.http1.routes import match_route
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest


def routed(exchanges: Iterable[Exchange], patterns: tuple[str, ...]) -> tuple[Exchange, ...]:
    """Inbound exchanges with their routes by `patterns`; the first that fits wins."""
    return tuple(_routed(one, patterns) for one in exchanges)


def _routed(exchange: Exchange, patterns: tuple[str, ...]) -> Exchange:
    request = exchange.request
    if not patterns or not exchange.inbound or not isinstance(request, HttpRequest):
        return exchange
    route = match_route(patterns, request.method, request.target.partition(b"?")[0])
    return exchange if route == exchange.route else msgspec.structs.replace(exchange, route=route)
