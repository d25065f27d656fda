"""Which recorded tokens were not good: what the recorder verified, else how the service took them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpResponse, Message, Part
from ci_gate.model.snapshot import Snapshot
from ci_gate.values.places import walk
from ci_gate.values.tokens import Token, found_in, phase, tokens_in

PartsOf = Callable[[Exchange, Message], tuple[Part, ...]]
"""The parts of one message of an exchange, by its codec."""

UNKNOWN_CLIENT = 401
REFUSALS = frozenset({400, 403, 422})
"""Answers that some services give to a bad token, and many to a good one."""


def broken_tokens(
    snapshot: Snapshot, tokens: Mapping[str, Token], start: float, parts_of: PartsOf
) -> set[str]:
    """The texts of the tokens whose signature is to stay bad.

    `Exchange.signed` says what the recorder has verified. Where it says nothing, the answers tell:
    401 to a token that was not out of date, from a route that took it at no time; or another
    refusal, when nothing else ever took it. `start`: the recording's, seconds since 1970.
    """
    verified: dict[str, bool] = {}
    taken: dict[str, set[str]] = {}
    refused: dict[str, set[tuple[int, str]]] = {}
    for exchange in snapshot.inbound:
        for text in set(tokens_in(exchange.request)) & tokens.keys():
            status = _status(exchange)
            if 200 <= status < 300:
                taken.setdefault(text, set()).add(exchange.route)
            elif phase(tokens[text], start + exchange.at / 1000) == "valid":
                refused.setdefault(text, set()).add((status, exchange.route))
    for exchange in (*snapshot.inbound, *snapshot.outbound):
        for text, good in _verified(exchange, parts_of):
            verified[text] = good and verified.get(text, True)
    broken = {text for text, good in verified.items() if not good}
    for text, refusals in refused.items():
        if text not in verified and _tells(refusals, taken.get(text, set())):
            broken.add(text)
    return broken


def _verified(exchange: Exchange, parts_of: PartsOf) -> Iterator[tuple[str, bool]]:
    """(token, whether it verified) of what the recorder has noted."""
    for message in (exchange.request, exchange.response) if exchange.signed else ():
        side = "request" if message is exchange.request else "response"
        for part in parts_of(exchange, message) if message is not None else ():
            for place, value in walk(part):
                good = exchange.signed.get(f"{side}.{place}")
                for text in found_in(str(value)) if good is not None else ():
                    yield text, bool(good)


def is_refused(exchange: Exchange, headers: Collection[bytes]) -> bool:
    """True when the signature of a request, in one of these headers, was bad: the recorder has seen
    it, or knows nothing and the service refused the request."""
    facts = [exchange.signed.get(f"request.headers.{name.decode()}") for name in headers]
    known = [one for one in facts if one is not None]
    if known:
        return not all(known)
    return _status(exchange) in (UNKNOWN_CLIENT, *REFUSALS)


def _tells(refusals: set[tuple[int, str]], taken: set[str]) -> bool:
    """Whether these refusals of a token, by status and route, say that it is bad."""
    return any(
        (status == UNKNOWN_CLIENT and route not in taken) or (status in REFUSALS and not taken)
        for status, route in refusals
    )


def _status(exchange: Exchange) -> int:
    response = exchange.response
    return response.status if isinstance(response, HttpResponse) else 0
