"""PostgreSQL messages on disk."""

from __future__ import annotations

import msgspec
import pytest

from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.frames import frame
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Body, Opaque, PgResult, PgStatement
from ci_gate.store.decode import Decoder
from ci_gate.store.disk import DiskExchange, encode_exchange

T = frame(b"T", write_columns([Column("id", 23, size=4), Column("name", 25)]))
D = frame(b"D", write_row([b"1", b"Ada"]))


@pytest.mark.parametrize("outside", [True, False])
@pytest.mark.parametrize("body", [T + D, T + D * 9000, b"", b"?", Opaque(3, "ab")])
def test_an_exchange_survives(body: Body, outside: bool) -> None:
    """In a snapshot and in a journal: short, large, empty and unreadable results."""
    bodies: dict[str, bytes] = {}
    exchange = Exchange(
        id="o1",
        dependency="db",
        route="SELECT users",
        request=PgStatement(
            "select $1", ("a", None, b"\xff"), "execute", transaction=True, block=3
        ),
        response=PgResult(body, "bind"),
    )
    form = msgspec.json.encode(encode_exchange(exchange, bodies if outside else None))
    disk = msgspec.json.decode(form, type=DiskExchange)
    decoder = Decoder(lambda stored: bodies[stored.sha256])
    assert decoder.exchange(disk, "", "", ()) == exchange


def test_it_reads_like_sql() -> None:
    """What a reviewer sees in a pull request."""
    exchange = Exchange(
        id="o1",
        route="",
        request=PgStatement("update u set a = $1", ("x",), "execute"),
        response=PgResult(T + D),
    )
    form = encode_exchange(exchange, {})
    assert form["request"] == {
        "sql": "update u set a = $1",
        "params": msgspec.Raw(b'{"a":"x"}'),
        "step": "execute",
    }
    assert form["response"] == {
        "results": msgspec.Raw(
            b'[{"columns":[["id","int4"],["name","text"]],"rows":[{"id":1,"name":"Ada"}]}]'
        )
    }
