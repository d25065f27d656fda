"""PostgreSQL pairs: what can be carried, and what is told instead."""

from __future__ import annotations

from typing import Any

import msgspec

from ci_gate.codecs.registry import codec
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import PgResult, PgStatement
from ci_gate.store.disk import encode_exchange
from ci_gate.store.formats.found import Found, Skipped
from ci_gate.store.formats.rrpostgres import ROWS, STEP, Common, found

COMMON = Common(inbound=False, at=1.0, took=2.0, name="u", host="db", port=5432, session="s")


def pair(*messages: dict[str, Any]) -> dict[str, Any]:
    """An Execute with these answers."""
    bound = {"parameters": [{"asString": "7"}, None], "parseRequest": {"query": "DELETE FROM t"}}
    asked = {"execute": {"bindRequest": bound}}
    return {"request": asked, "response": {"execute": {"messages": list(messages)}}}


def test_what_was_executed_without_rows() -> None:
    """Statement, parameters and tag, as our codec reads them."""
    one = found(pair({"complete": {"tag": "DELETE 1"}}), "x", COMMON)
    assert isinstance(one, Found)
    assert one.request == PgStatement("DELETE FROM t", ("7", None), "execute")
    assert isinstance(one.response, PgResult)
    exchange = Exchange(
        id="o1", dependency="db", route="r", request=one.request, response=one.response
    )
    assert b"DELETE 1" in msgspec.json.encode(encode_exchange(exchange, {}))
    assert codec("postgres").route(one.request)


def test_what_was_refused() -> None:
    """The error's code and text."""
    one = found(pair({"error": {"code": "23505", "msg": "there already"}}), "x", COMMON)
    assert isinstance(one, Found)
    assert isinstance(one.response, PgResult)
    assert b"C23505\0Mthere already\0" in one.response.body  # type: ignore[operator]  # bytes


def test_what_cannot_be_carried() -> None:
    """Rows without their description, and the protocol's other steps."""
    assert found(pair({"dataRow": {}}), "x", COMMON) == Skipped("x", ROWS)
    assert found({"request": {"ssl": {}}}, "x", COMMON) == Skipped("x", STEP)
    assert found({}, "x", COMMON) == Skipped("x", STEP)
