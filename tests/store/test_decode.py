"""The JSON form back to the exchange."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ci_gate.errors import UsageError
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.store.decode import Decoder
from ci_gate.store.disk import DiskExchange, encode_exchange
from ci_gate.store.pretty import pretty


def decoded(data: bytes) -> Exchange:
    """The exchange that a disk form holds."""
    disk = msgspec.json.decode(data, type=DiskExchange)
    return Decoder().exchange(disk, "", "", ())


def test_a_header_value_is_shared() -> None:
    """Equal header fields of one snapshot are one object in memory."""
    exchange = Exchange(
        id="x-1", route="", request=HttpRequest("GET", b"/", ((b"Accept", b"*/*"),) * 2)
    )
    first, second = decoded(pretty(encode_exchange(exchange, {}))).request.headers  # type: ignore[union-attr]  # an HttpRequest
    assert first is second


def test_small_answers_are_shared() -> None:
    """Equal answers of one snapshot are one object while they are small, equal headers whatever the
    size of the body."""

    def two(size: int) -> tuple[HttpResponse, HttpResponse]:
        answer = HttpResponse(200, b"OK", ((b"Accept", b"*/*"),), b"x" * size)
        exchange = Exchange(id="x-1", route="", request=HttpRequest("GET", b"/"), response=answer)
        form = pretty(encode_exchange(exchange, None))
        decoder = Decoder()
        disks = (msgspec.json.decode(form, type=DiskExchange) for _ in range(2))
        first, second = (decoder.exchange(disk, "", "", ()).response for disk in disks)
        assert isinstance(first, HttpResponse)
        assert isinstance(second, HttpResponse)
        assert first == second == answer
        return first, second

    small, again = two(10)
    assert small is again
    large, other = two(10_000)
    assert large is not other
    assert large.headers is other.headers


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"request": {"target": "/"}}, 'no "method"'),
        ({"response": {"headers": [["a", "b"]]}}, 'no "status"'),
        ({"response": {"status": 200, "body": {}}}, "exactly one of json"),
        ({"response": {"status": 200, "body": {"text": "a", "b64": ""}}}, "exactly one of json"),
        ({"response": {"status": 200, "body": {"json": {}, "style": "odd"}}}, "unknown style word"),
        ({"response": {"status": 200, "body": {"b64": "="}}}, "broken base64"),
        ({"response": {"status": 200, "body": {"b64": "é"}}}, "broken base64"),
        ({"response": {"status": 200, "body": {"file": "../x", "size": 1}}}, "a SHA-256 in hex"),
        ({"response": {"status": 200, "body": {"file": "a" * 64}}}, '"size"'),
    ],
)
def test_wrong_forms(change: dict[str, Any], complaint: str) -> None:
    """A hand edit that makes no sense is refused, naming the exchange and what is wrong."""
    form = {"id": "x-1", "request": {"method": "GET", "target": "/"}} | change
    with pytest.raises(UsageError, match=f"^exchange x-1: .*{complaint}"):
        decoded(json.dumps(form).encode())
