"""The JSON form of an exchange."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given

from ci_gate.model.exchange import Exchange
from ci_gate.model.message import (
    Body,
    HttpRequest,
    HttpResponse,
    Opaque,
    Piece,
    Pieces,
    Raw,
    Stored,
)
from ci_gate.model.noise import Noise, Rebased
from ci_gate.store.decode import Decoder
from ci_gate.store.disk import DiskExchange, encode_exchange
from ci_gate.store.pretty import pretty
from tests.store.strategies import exchanges


def decoded(data: bytes, outside: dict[str, bytes] | None = None) -> Exchange:
    """The exchange that a disk form holds."""
    bodies = outside or {}
    decoder = Decoder(lambda stored: bodies.get(stored.sha256, stored))
    return decoder.exchange(msgspec.json.decode(data, type=DiskExchange), "", "", ())


def form_of(body: Body) -> dict[str, Any]:
    """How a response body is written into a snapshot."""
    exchange = Exchange(
        id="x-1",
        route="GET /",
        request=HttpRequest("GET", b"/"),
        response=HttpResponse(200, body=body),
    )
    data = pretty(encode_exchange(exchange, {}))
    form: dict[str, Any] = json.loads(data)["response"]
    assert decoded(data).response == exchange.response or "file" in form["body"]
    found: dict[str, Any] = form.get("body", {})
    return found


@given(exchanges("x-1", "pay", ("i1", "i2")))
def test_round_trip_in_a_snapshot(exchange: Exchange) -> None:
    """Any exchange comes back from the snapshot form as it was, byte for byte."""
    outside: dict[str, bytes] = {}
    assert decoded(pretty(encode_exchange(exchange, outside)), outside) == exchange


@given(exchanges("i1"))
def test_round_trip_in_a_journal(exchange: Exchange) -> None:
    """Any exchange comes back from the journal form, which is one line and needs no other file."""
    line = msgspec.json.encode(encode_exchange(exchange, None))
    assert b"\n" not in line
    assert decoded(line) == exchange


@given(exchanges("x-1"))
def test_any_tool_can_read_it(exchange: Exchange) -> None:
    """The disk form is plain JSON in UTF-8."""
    json.loads(pretty(encode_exchange(exchange, {})).decode())


def test_forms_of_bodies() -> None:
    """Each kind of body has the form that a person reads best."""
    assert form_of(b"") == {}
    assert form_of(b'{"a": [1.0]}') == {"style": "spaced", "json": {"a": [1.0]}}
    assert form_of(b'{"a":1,"a":2}') == {"text": '{"a":1,"a":2}'}
    assert form_of(b"one\ntwo\n") == {"text": ["one\n", "two\n"]}
    assert form_of(b"\xff\x00") == {"b64": "/wA="}
    assert form_of(Stored("a" * 64, 9_000_000)) == {"file": "a" * 64, "size": 9_000_000}
    assert form_of(Opaque(5, "beef")) == {"opaque": "beef", "size": 5}
    assert form_of(Pieces((Piece(1.5, b"a: 1\n\n"), Piece(2.0, b"\xff")), False)) == {
        "pieces": [{"at": 1.5, "text": ["a: 1\n", "\n"]}, {"at": 2.0, "b64": "/w=="}],
        "complete": False,
    }


def test_raw_messages() -> None:
    """What no codec understood has a body and nothing else."""
    exchange = Exchange(
        id="x-1", dependency="db", route="raw", request=Raw(b"\x00"), response=Raw()
    )
    data = pretty(encode_exchange(exchange, {}))
    assert json.loads(data)["request"] == {"body": {"text": "\0"}}
    assert decoded(data) == exchange


@pytest.mark.parametrize(
    ("body", "goes"),
    [
        (b"x" * 65536, False),
        (b"x" * 65537, True),
        (b"\xff" * 4096, False),
        (b"\xff" * 4097, True),
        (b"[" + b"1," * 40000 + b"1]", True),
    ],
)
def test_large_bodies_go_outside(body: bytes, goes: bool) -> None:
    """More than 64 KB, or more than 4 KB that is not text, lies in a file of its own."""
    outside: dict[str, bytes] = {}
    exchange = Exchange(id="x-1", route="", request=HttpRequest("POST", b"/", body=body))
    data = pretty(encode_exchange(exchange, outside))
    assert list(outside.values()) == ([body] if goes else [])
    assert decoded(data, outside) == exchange


def test_what_varies_is_one_line() -> None:
    """A place that varies is one line of a diff, without the fields that say nothing."""
    exchange = Exchange(
        id="x-1",
        route="GET /",
        request=HttpRequest("GET", b"/"),
        noise=(Noise(at="response.body.$.id", kind="hex", length=(8, 8), replays=3),),
        rebased=(Rebased(at="response.status", recorded="200", expected="404"),),
    )
    data = pretty(encode_exchange(exchange, {}))
    lines = [line.strip() for line in data.decode().splitlines()]
    assert '{"at": "response.body.$.id", "kind": "hex", "length": [8, 8], "replays": 3}' in lines
    assert '{"at": "response.status", "recorded": "200", "expected": "404"}' in lines
    assert decoded(data) == exchange
