"""Redis messages on disk."""

from __future__ import annotations

import msgspec
import pytest

from ci_gate.codecs.redis.resp import command, dump
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Body, Opaque, RedisCommand, RedisReply
from ci_gate.store.decode import Decoder
from ci_gate.store.disk import DiskExchange, encode_exchange


@pytest.mark.parametrize("outside", [True, False])
@pytest.mark.parametrize(
    "body",
    [dump([b"a", 1, None]), dump(b"x" * 100_000), dump(b"\xff" * 9000), b"", b"?", Opaque(3, "ab")],
)
def test_an_exchange_survives(body: Body, outside: bool) -> None:
    """In a snapshot and in a journal: short, large, binary, empty and unreadable replies."""
    bodies: dict[str, bytes] = {}
    exchange = Exchange(
        id="o1",
        dependency="cache",
        route="GET k",
        request=RedisCommand(command((b"GET", b"k")), 2, queued=outside),
        response=RedisReply(body, paired=True),
    )
    form = msgspec.json.encode(encode_exchange(exchange, bodies if outside else None))
    disk = msgspec.json.decode(form, type=DiskExchange)
    decoder = Decoder(lambda stored: bodies[stored.sha256])
    assert decoder.exchange(disk, "", "", ()) == exchange


def test_it_reads_like_redis() -> None:
    """What a reviewer sees in a pull request."""
    exchange = Exchange(
        id="o1",
        route="",
        request=RedisCommand(command((b"HSET", b"h", b"f", b"v")), 0),
        response=RedisReply(dump(1)),
    )
    form = encode_exchange(exchange, {})
    assert form["request"] == {"command": msgspec.Raw(b'["HSET","h",{"f":"v"}]')}
    assert form["response"] == {"reply": msgspec.Raw(b"1")}
