"""Answers that give back a value which the service now sends otherwise."""

from __future__ import annotations

import json

import msgspec

from ci_gate.codecs.registry import codec
from ci_gate.gate.learning.echoing import with_echoes
from ci_gate.model.binding import Bindings, Fresh, Spot
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.noise import Rebased

JSON = ((b"Content-Type", b"application/json"),)
OLD, NEW = "a1b2c3d4e5f60718", "99ff88ee77dd66cc"
SENT = Spot(exchange="put", at="request.body.$.value")
BACK = Spot(exchange="get", at="response.body.$.value")


def call(name: str, sent: str, answered: str) -> Exchange:
    """A call that sends a value and is answered with one."""
    return Exchange(
        id=name, dependency="cache", route="POST /cache", at=1.0, took=1.0,
        request=HttpRequest("POST", b"/cache", JSON, json.dumps({"value": sent}).encode()),
        response=HttpResponse(200, headers=JSON, body=json.dumps({"value": answered}).encode()),
    )  # fmt: skip


def learned(one: Exchange, sent: str) -> Exchange:
    """The same with another value in its request, rebased."""
    rebased = Rebased(at=SENT.at, recorded=OLD, expected=sent)
    return msgspec.structs.replace(
        call(one.id, sent, "x"), response=one.response, rebased=(rebased,)
    )


PUT, GET = call("put", f"digest {OLD}", "ok"), call("get", "key", f"digest {OLD}")
FRESH = Fresh(name="F1", value=OLD, sent=(SENT,), echoed=(BACK,))


def said(calls: tuple[Exchange, ...]) -> list[object]:
    """What the answers say."""
    bodies = [one.response.body for one in calls if isinstance(one.response, HttpResponse)]
    return [json.loads(body)["value"] for body in bodies if isinstance(body, bytes)]


def test_the_answer_gives_the_new_value_back() -> None:
    """What is asked for later is what was sent; the place is explained by that."""
    after = (learned(PUT, f"digest {NEW}"), GET)
    found = with_echoes((PUT, GET), after, Bindings(outbound=(FRESH,)), lambda _: codec("http"))
    assert said(found.calls) == ["ok", f"digest {NEW}"]
    assert found.sent == {("put", SENT.at)}
    assert found.calls[0] is after[0]


def test_nothing_else_changes() -> None:
    """A value that nothing gives back, that is as it was, or that two calls now send otherwise."""
    silent = msgspec.structs.replace(FRESH, echoed=())
    other = call("also", f"digest {OLD}", "ok")
    both = msgspec.structs.replace(FRESH, sent=(SENT, Spot(exchange="also", at=SENT.at)))
    cases = [
        ((learned(PUT, f"digest {NEW}"), GET), silent),
        ((learned(PUT, f"digest {OLD}"), GET), FRESH),
        ((PUT, GET), FRESH),
        ((learned(PUT, f"digest {NEW}"), learned(other, f"digest {NEW[::-1]}"), GET), both),
    ]
    for after, fresh in cases:
        found = with_echoes(
            (PUT, GET, other), after, Bindings(outbound=(fresh,)), lambda _: codec("http")
        )
        assert found.calls == after
        assert found.sent == frozenset()
