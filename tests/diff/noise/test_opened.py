"""Learned places as the matcher's keys see them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ci_gate.codecs.http1.codec import Http1
from ci_gate.diff.noise.learn import learn_message
from ci_gate.diff.noise.opened import opened_by_noise
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest
from ci_gate.model.noise import Noise
from ci_gate.values.canonical import canonical
from ci_gate.values.kinds import KINDS, is_kind
from ci_gate.values.places import covers

CODEC = Http1()


def call(query: str, body: Any) -> HttpRequest:
    """A call with a JSON body."""
    headers = ((b"Content-Type", b"application/json"),)
    return HttpRequest("POST", f"/c?{query}".encode(), headers, json.dumps(body).encode())


def key(request: HttpRequest, opened: tuple[tuple[str, str], ...]) -> object:
    """The canonical form of a call, as the matcher makes it."""

    def blank(place: str, value: object) -> str | None:
        for pattern, kind in opened:
            if covers(pattern, "request." + place) and (kind == "any" or is_kind(value, kind)):
                return f"‹{kind}›"
        return None

    return tuple(canonical(part, blank) for part in CODEC.places(request))


IDS = ["1f0c2a34-0000-4000-8000-0123456789ab", "7d11aa34-0000-4000-8000-0123456789ab"]
CASES: list[tuple[list[str], list[Any]]] = [
    (["a=1"] * 3, [{"id": IDS[0]}, {"id": IDS[1]}, {"id": "9" + IDS[0][1:]}]),
    (["t=5", "t=900", "t=44"], [{}] * 3),
    (["ts=1777000000", "ts=1777000003", "ts=1777000009"], [{}] * 3),
    (["a=1"] * 3, [{"n": 5}, {"n": 900}, {"n": 44}]),
    (["a=1"] * 3, [{"n": "5"}, {"n": "900"}, {"n": "44"}]),
    (["a=1"] * 3, [{"n": 0.5}, {"n": 9.25}, {"n": 4}]),
    (["a=1"] * 3, [{"t": [1, 2]}, {"t": [2, 1]}, {"t": [2, 1]}]),
    (["a=1"] * 3, [{"l": f"/o/{one}/x"} for one in ("77aa01", "019bb2", "5f0c33")]),
    (["a=1"] * 3, [{"w": "cold"}, {"w": "warm"}, {"w": "cold"}]),
    (["a=1"] * 3, [{"at": f"2026-05-01 10:00:0{n}"} for n in range(3)]),
]


@pytest.mark.parametrize(("queries", "bodies"), CASES)
def test_every_replay_has_one_key(queries: list[str], bodies: list[Any]) -> None:
    """Calls that differ as learned have one canonical key under the opened places; one that
    differs elsewhere has another."""
    calls = [call(query, body) for query, body in zip(queries, bodies, strict=True)]
    parts = [CODEC.places(one) for one in calls]
    learned = learn_message("request", parts[0], parts)
    assert learned.unexplained == ()
    exchange = Exchange(id="o-1", dependency="d", route="c", request=calls[0], noise=learned.noise)
    opened = opened_by_noise(exchange)
    assert all(kind in KINDS for _, kind in opened)
    assert len({key(one, opened) for one in calls}) == 1
    assert key(call(queries[0] + "&extra=1", bodies[0]), opened) != key(calls[0], opened)


def test_only_the_side_asked_for() -> None:
    """Noise of the other side, of calls and their order opens nothing."""
    noise = (
        Noise(at="response.body.$.id", kind="uuid"),
        Noise(at="call", kind="optional"),
        Noise(at="request.body#2", kind="hex", alphabet="hex"),
        Noise(at="request.body#4", kind="hex", alphabet="hex"),
    )
    exchange = Exchange(id="o", dependency="d", route="c", request=call("", {}), noise=noise)
    assert opened_by_noise(exchange) == (("request.body", "string"),)
    assert opened_by_noise(exchange, "response") == (("response.body.$.id", "uuid"),)
