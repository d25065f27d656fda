"""Calls for keys belong to no request."""

from __future__ import annotations

import json

import pytest

from ci_gate.model.exchange import BACKGROUND, STARTUP, UNFINISHED, Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Opaque
from ci_gate.recorder.keysets import with_keys_at_start

KEYS = {"keys": [{"kty": "RSA", "n": "AQ", "e": "AQAB"}]}
DISCOVERY = {"issuer": "https://idp.example/", "jwks_uri": "https://idp.example/keys", "x": [1]}


def call(body: object, group: str = "i1") -> Exchange:
    """A call of one group, and its answer."""
    return Exchange(
        id="o1",
        dependency="idp",
        route="GET /",
        groups=(group,),
        request=HttpRequest("GET", b"/"),
        response=HttpResponse(200, body=json.dumps(body).encode()),
    )


@pytest.mark.parametrize("body", [KEYS, DISCOVERY])
@pytest.mark.parametrize("group", ["i1", STARTUP, UNFINISHED])
def test_keys_and_who_names_them(body: object, group: str) -> None:
    """Whichever request asked first, they are the service's."""
    (found,) = with_keys_at_start([call(body, group)])
    assert found.groups == (STARTUP,)


@pytest.mark.parametrize(
    "body", [{}, {"jwks_uri": "https://idp.example/"}, {"issuer": 1, "jwks_uri": "x"}, [KEYS]]
)
def test_other_answers_stay_with_their_request(body: object) -> None:
    """Also such as only speak of keys."""
    one = call(body)
    assert with_keys_at_start([one]) == [one]


def test_what_is_of_the_background_stays() -> None:
    """So does an inbound exchange (a provider's own), and an answer that is not at hand."""
    provider = Exchange(
        id="i1",
        route="GET /keys",
        request=HttpRequest("GET", b"/keys"),
        response=HttpResponse(200, body=json.dumps(KEYS).encode()),
    )
    opaque = Exchange(
        id="o2",
        dependency="idp",
        route="GET /",
        groups=("i1",),
        request=HttpRequest("GET", b"/"),
        response=HttpResponse(200, body=Opaque(5, "x")),
    )
    silent = Exchange(
        id="o3", dependency="idp", route="GET /", groups=("i1",), request=HttpRequest("GET", b"/")
    )
    everything = [provider, call(KEYS, BACKGROUND), opaque, silent]
    assert with_keys_at_start(everything) == everything
