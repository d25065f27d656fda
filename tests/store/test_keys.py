"""What of a request enters an id."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Raw, Stored
from ci_gate.store.keys import identity, is_write, protocol_of
from ci_gate.values.redaction.standins import StandIns

TOP = Path(__file__).parents[2]


def call(
    target: bytes = b"/a", body: Any = b"", media: bytes = b"application/json", **more: Any
) -> Exchange:
    """A call to payments."""
    request = HttpRequest(
        more.pop("method", "POST"),
        target,
        ((b"Content-Type", media), *more.pop("headers", ())),
        body,
    )
    fields = {"id": "o1", "dependency": "payments", "route": "POST /a"} | more
    return Exchange(request=request, **fields)


def same(one: Exchange, other: Exchange) -> bool:
    """Do both have the same identity?"""
    names = {"payments": "http", "shipping": "http"}
    return identity(one, "orders", names) == identity(other, "orders", names)


def test_shape() -> None:
    """An identity is ten hex digits, the same in every process."""
    here = identity(call(), "orders", {})
    assert len(here) == 10
    assert int(here, 16) >= 0
    code = "from tests.store.test_keys import *; print(identity(call(), 'orders', {}))"
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=TOP
    )
    assert there.stdout.strip() == here


@pytest.mark.parametrize(
    "other",
    [
        call(b"/b"),
        call(b"/a?x=1"),
        call(body=b'{"n":1}'),
        call(route="POST /{id}"),
        call(dependency="shipping"),
        call(dependency=""),
        call(method="PUT"),
        call(body=Stored("a" * 64, 5)),
    ],
)
def test_differs(other: Exchange) -> None:
    """Another target, body, method, route, dependency or direction is another identity."""
    assert not same(call(), other)


@pytest.mark.parametrize(
    "other",
    [
        call(id="o9", at=7.0, took=3.0, connection=4, groups=("i1",), notes=("n",)),
        call(response=HttpResponse(500, body=b"other")),
        call(error="reset"),
        call(headers=((b"User-Agent", b"x"),)),
    ],
)
def test_stays(other: Exchange) -> None:
    """The answer, times, groups and headers that are not compared do not enter it."""
    assert same(call(), other)


def test_stand_ins_stay_out() -> None:
    """Another key, another secret: the identity of a redacted request is the same."""
    found = set()
    for key, secret in ((b"k" * 32, "ann@corp.example"), (b"K" * 32, "bob.b@corp.example")):
        value = StandIns(key).stand_in("email", secret)
        body = msgspec.json.encode({"email": value, "n": 1})
        redacted = call(b"/a?email=" + value.encode(), body=body)
        found.add(identity(redacted, "orders", {}))
    assert len(found) == 1
    assert identity(call(b"/a?email=x", body=b'{"email":"x","n":1}'), "orders", {}) not in found


def test_redacted_places_stay_out() -> None:
    """A place that was redacted is blank, whatever stands there; other places are not."""
    places = ("request.body.$.pin", "response.body.$.n")
    one = call(body=b'{"pin":"1111","n":1}', redacted=places)
    assert same(one, call(body=b'{"pin":"2222","n":1}', redacted=places))
    assert not same(one, call(body=b'{"pin":"1111","n":2}', redacted=places))


def test_large_redacted_bodies_stay_out() -> None:
    """A body in a file that holds stand-ins is blank as a whole."""
    places = ("request.body.$.pin",)
    one, other = (call(body=Stored(sign * 64, 5), redacted=places) for sign in "ab")
    assert same(one, other)
    assert not same(call(body=Stored("a" * 64, 5)), call(body=Stored("b" * 64, 5)))


def test_protocols() -> None:
    """A raw message is raw, whatever its dependency usually speaks."""
    raw = Exchange(id="o1", dependency="payments", route="raw", request=Raw(b"x"))
    assert protocol_of(raw, {"payments": "http"}) == "raw"
    assert protocol_of(call(), {}) == "http"
    assert identity(raw, "s", {}) != identity(msgspec.structs.replace(raw, request=Raw()), "s", {})


@pytest.mark.parametrize(
    ("method", "write"),
    [("GET", False), ("HEAD", False), ("OPTIONS", False), ("POST", True), ("DELETE", True)],
)
def test_writes(method: str, write: bool) -> None:
    """What may have changed something is a write."""
    assert is_write(call(method=method), {}) is write
