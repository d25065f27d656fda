"""Noise that cannot be meant is refused."""

from __future__ import annotations

import pytest

from ci_gate.codecs.http1.codec import Http1
from ci_gate.diff.noise.refusals import refusals
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.noise import Noise
from ci_gate.model.snapshot import Dependency, Origin, Snapshot

BODY = b'{"id": "8f3a", "l": [{"n": 1}, {"n": 2}], "e": [], "u": "/orders/8f3a"}'


def told(*noise: Noise, call: bool = False) -> list[str]:
    """What is said of an exchange with this noise."""
    exchange = Exchange(
        id="x-1",
        dependency="pay" if call else "",
        route="GET /x",
        groups=("startup",) if call else (),
        request=HttpRequest("GET", b"/x?page=1"),
        response=HttpResponse(200, b"", ((b"Content-Type", b"application/json"),), BODY),
        noise=noise,
    )
    snapshot = Snapshot(
        origin=Origin(service="s"),
        dependencies=(Dependency(name="pay"),),
        inbound=() if call else (exchange,),
        outbound=(exchange,) if call else (),
    )
    codec = Http1()
    return refusals(snapshot, lambda _exchange, message: codec.places(message))


@pytest.mark.parametrize(
    "at",
    [
        "response.body.$.id",
        "response.body.$.l",
        "response.body.$",
        "response.body.$.l[1].n",
        "response.body.$.l[*].n",
        "response.body.$.l[*]",
        "response.body.$.e",
        "response.body.$.u#0.1",
        "response.headers.content-type",
        "request.query.page",
        "request.path[0]",
    ],
)
def test_places_that_are_there(at: str) -> None:
    """Leaves, containers, items, words, headers and request fields."""
    assert told(Noise(at=at, kind="uuid")) == []


@pytest.mark.parametrize(
    ("noise", "reason"),
    [
        (Noise(at="response.body.$.gone", kind="uuid"), "there is no such place"),
        (Noise(at="response.body.$.l[2].n", kind="uuid"), "there is no such place"),
        (Noise(at="response.body.$.k[*].n", kind="uuid"), "there is no such place"),
        (Noise(at="response.body.$.l.n", kind="uuid"), "there is no such place"),
        (Noise(at="response.body.$.id[*]", kind="uuid"), "there is no such place"),
        (Noise(at="response.body.$.e[*]", kind="uuid"), "there is no such place"),
        (Noise(at="response.body.$.u#9", kind="uuid"), "there is no such place"),
        (Noise(at="body.$.id", kind="uuid"), "starts with request. or response."),
        (Noise(at="response.status", kind="integer"), "always compared"),
        (Noise(at="response.*", kind="uuid"), "would hide all"),
        (Noise(at="response.body.$.*", kind="uuid"), "would hide all"),
        (Noise(at="response", kind="uuid"), "would hide all"),
        (Noise(at="response.body.$.id", kind="timestamp"), "needs 'format'"),
        (Noise(at="response.body.$.id", kind="one-of"), "needs 'members'"),
        (Noise(at="response.body.$.id", kind="derived", format="string"), "needs 'clock'"),
        (Noise(at="response.body.$.id", kind="hex"), "needs 'alphabet'"),
        (Noise(at="response.body.$.id", kind="integer", low=2, high=1), "low is above its high"),
        (
            Noise(at="response.body.$.id", kind="hex", alphabet="hex", length=(2, 1)),
            "least length is above",
        ),
        (Noise(at="call", kind="optional"), "only a call"),
        (Noise(at="calls.nobody", kind="unordered"), "there is no dependency nobody"),
        (Noise(at="calls.nobody", kind="loose"), "there is no dependency nobody"),
        (Noise(at="calls.pay", kind="uuid"), "only the calls of an inbound exchange"),
    ],
)
def test_what_is_refused(noise: Noise, reason: str) -> None:
    """Each refusal names exchange, place, reason and the command that mends it."""
    [text] = told(noise)
    assert text.startswith(f"exchange x-1 (GET /x): noise at {noise.at}: ")
    assert reason in text
    assert text.endswith("run `ci-gate learn`, which writes the noise anew")


def test_contradictions() -> None:
    """Two kinds at one place are one too many."""
    one, other = (
        Noise(at="response.body.$.id", kind="uuid"),
        Noise(at="response.body.$.id", kind="jwt"),
    )
    assert [text for text in told(one, other) if "says uuid and jwt of one place" in text]
    assert told(one, one) == []


def test_calls() -> None:
    """A call may be optional; it has no calls of its own."""
    assert told(Noise(at="call", kind="optional"), call=True) == []
    assert told(Noise(at="calls.pay", kind="unordered"), call=True)
    assert told(Noise(at="calls.pay", kind="unordered")) == []
