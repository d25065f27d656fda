"""Where a service asks for the keys by which it verifies tokens: calls that no request causes.

Whichever request comes first after the start, or after a cache has run out, makes them; replayed
alone, another one would. So they belong to the start, where calls count by what they ask for.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.message import HttpResponse
from ci_gate.values.jwks import key_set


class _Discovery(msgspec.Struct, frozen=True):
    """What OpenID Connect Discovery section 3 requires, as far as it tells the document."""

    issuer: str
    jwks_uri: str


def with_keys_at_start(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """`exchanges` with every call that was answered by a key set, or by a discovery document that
    names one, in the group `startup`. Calls of the background stay there."""
    return [
        msgspec.structs.replace(one, groups=(STARTUP,))
        if not one.inbound and one.groups != (BACKGROUND,) and _tells_keys(one)
        else one
        for one in exchanges
    ]


def _tells_keys(exchange: Exchange) -> bool:
    response = exchange.response
    if not isinstance(response, HttpResponse) or not isinstance(response.body, bytes):
        return False
    if key_set(response.body):
        return True
    if b'"jwks_uri"' not in response.body:
        return False
    try:
        msgspec.json.decode(response.body, type=_Discovery)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False
    return True
