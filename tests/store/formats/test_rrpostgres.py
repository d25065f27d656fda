"""PostgreSQL pairs: what can be carried, and what is told instead."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.frames import frame
from ci_gate.codecs.registry import codec
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import PgResult, PgStatement
from ci_gate.store.disk import encode_exchange
from ci_gate.store.formats.found import Found, Item, Lost, Skipped
from ci_gate.store.formats.messages import Bad
from ci_gate.store.formats.rrpostgres import EMPTY, FORM, ROWS, STEP, Common, Statements

COMMON = Common(inbound=False, at=1.0, took=2.0, name="u", host="db", port=5432, session="s")
SQL = "SELECT id, name FROM t"
FIELDS = [
    {"name": "id", "tableOid": 9, "tableAttributeNumber": 1, "dataTypeOid": 23, "dataTypeSize": 4,
     "typeModifier": -1},
    {"name": "name", "dataTypeOid": 1043, "dataTypeSize": 4294967295, "typeModifier": 54},
]  # fmt: skip
COLUMNS = (Column("id", 23, table=9, number=1, size=4), Column("name", 1043, modifier=54))


def pair(*messages: dict[str, Any], sql: str = "DELETE FROM t", **bound: Any) -> dict[str, Any]:
    """An Execute with these answers."""
    asked = {"parameters": [{"asString": "7"}, None], "parseRequest": {"query": sql}, **bound}
    return {
        "request": {"execute": {"bindRequest": asked}},
        "response": {"execute": {"messages": list(messages)}},
    }


def description(what: str = "OBJECT_TYPE_PORTAL", fields: Any = FIELDS, **more: Any) -> Any:
    """A Describe and its answer."""
    asked = {"objectType": what, "parseRequest": {"query": SQL, **more}}
    said = {"messages": [{"rowDescription": {"fields": fields}}]}
    return {"request": {"describe": asked}, "response": {"describe": said}}


def rows(*values: Any) -> list[dict[str, Any]]:
    """The answers of a SELECT of one row."""
    return [{"dataRow": {"values": list(values)}}, {"complete": {"tag": "SELECT 1"}}]


def taken(*pairs: dict[str, Any]) -> list[Item]:
    """What a recording of these pairs tells."""
    statements = Statements()
    items = [item for one in pairs for item in statements.take(one, "x", COMMON)]
    return [*items, *statements.finish()]


def test_what_was_executed_without_rows() -> None:
    """Statement, parameters and tag, as our codec reads them."""
    (one,) = taken(pair({"complete": {"tag": "DELETE 1"}}))
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
    (one,) = taken(pair({"error": {"code": "23505", "msg": "there already"}}))
    assert isinstance(one, Found)
    assert isinstance(one.response, PgResult)
    assert b"C23505\0Mthere already\0" in one.response.body  # type: ignore[operator]  # bytes


@pytest.mark.parametrize("late", [False, True])
def test_rows_come_over_with_a_description_of_any_pair(late: bool) -> None:
    """Rows are given back as the server sent them, described by a pair before or after."""
    pairs = [description(), pair(*rows({"asString": "7"}, {"asString": "Ada"}), sql=SQL)]
    items = taken(*(reversed(pairs) if late else pairs))
    (one,) = [item for item in items if isinstance(item, Found)]
    assert [item for item in items if item is not one] == [Skipped("x", STEP)]
    assert one.response == PgResult(
        frame(b"T", write_columns(COLUMNS))
        + frame(b"D", write_row([b"7", b"Ada"]))
        + frame(b"C", b"SELECT 1\0")
    )


def test_a_value_without_content_is_null_and_told() -> None:
    """NULL and the empty text look alike in a pair."""
    items = taken(description(), pair(*rows({"asString": "7"}, {}), sql=SQL))
    assert Lost("x", EMPTY) in items
    (one,) = [item for item in items if isinstance(item, Found)]
    assert isinstance(one.response, PgResult)
    assert frame(b"D", write_row([b"7", None])) in one.response.body  # type: ignore[operator]  # bytes


def test_binary_rows_need_their_bytes() -> None:
    """A column that Bind has asked for in binary comes over by its bytes, and not by a text."""
    asked = {"sql": SQL, "resultFormatCodes": [1, 0]}
    good = pair(*rows({"asBytes": "AAAABw=="}, {"asString": "Ada"}), **asked)
    bad = pair(*rows({"asString": "7"}, {"asString": "Ada"}), **asked)
    _, one, told = taken(description(), good, bad)
    assert isinstance(one, Found)
    assert isinstance(one.response, PgResult)
    assert frame(b"D", write_row([b"\0\0\0\7", b"Ada"])) in one.response.body  # type: ignore[operator]  # bytes
    assert told == Skipped("x", FORM)


def test_descriptions_of_statements_come_over() -> None:
    """A client that describes its statements gets parameters and columns from the mock, too."""
    (one,) = taken(description("OBJECT_TYPE_STATEMENT", parameterOids=[23]))
    assert isinstance(one, Found)
    assert one.request == PgStatement(SQL, (), "describe")
    types = frame(b"t", b"\0\1\0\0\0\x17")
    assert one.response == PgResult(types + frame(b"T", write_columns(COLUMNS)))


def test_statements_are_inside_of_their_transaction() -> None:
    """From BEGIN to COMMIT, as a recording of ours has them."""
    done = {"complete": {"tag": "x"}}
    texts = ("BEGIN", "DELETE FROM t", "COMMIT", "DELETE FROM t")
    found = taken(*(pair(done, sql=text) for text in texts))
    inside = [item.request.transaction for item in found]  # type: ignore[union-attr]  # statements
    assert inside == [False, True, True, False]


def test_what_cannot_be_carried() -> None:
    """Rows that no pair describes, other rows than described, and the protocol's other steps."""
    assert taken(pair(*rows({"asString": "7"}), sql=SQL)) == [Skipped("x", ROWS)]
    short = pair(*rows({"asString": "7"}), sql=SQL)
    assert taken(description(), short) == [Skipped("x", STEP), Skipped("x", FORM)]
    assert taken({"request": {"ssl": {}}}) == [Skipped("x", STEP)]
    assert taken({}) == [Skipped("x", STEP)]


@pytest.mark.parametrize("fields", [[{"dataTypeOid": "x"}], [{}] * 2000])
def test_descriptions_that_are_none(fields: Any) -> None:
    """Columns without numbers, and more of them than there can be, are refused."""
    with pytest.raises(Bad):
        taken(description(fields=fields))
