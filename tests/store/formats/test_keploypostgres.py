"""PostgreSQL mocks of Keploy as bytes, which our own codec must read."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from ci_gate.codecs.base import Role, Side, Whole
from ci_gate.codecs.registry import codec
from ci_gate.model.message import PgResult, PgStatement
from ci_gate.store.formats.keploypostgres import said
from ci_gate.store.formats.messages import Bad

FIELD = {"field_name": "n", "table_oid": 0, "data_type_oid": "23", "data_type_size": "4"}


def heard(asked: list[dict[str, Any]], answered: list[dict[str, Any]]) -> list[Any]:
    """The messages of one mock on a connection of its own."""
    tap = codec("postgres").converse(Role.RECORD)
    spec = {"postgresrequests": asked, "postgresresponses": answered}
    actions: list[Any] = []
    for side, data in said(spec, begun=False):
        actions += tap.feed(side, data, 0)
    return [one.message for one in actions if isinstance(one, Whole)]


def test_rows() -> None:
    """Columns, rows and tag in the order that the header tells."""
    query = {"header": ["Q"], "query": {"string": "SELECT n FROM t"}}
    answer = {
        "header": ["T", "D", "D", "C", "Z"],
        "row_description": {"fields": [FIELD]},
        "data_row": [{"row_values": ["1"]}, {"row_values": [None]}],
        "command_complete": [{"command_tag_type": "SELECT 2"}],
        "ready_for_query": {"txstatus": "73"},
    }
    asked, answered = heard([query], [answer])
    assert asked == PgStatement("SELECT n FROM t")
    assert isinstance(answered, PgResult)
    assert b"SELECT 2" in answered.body  # type: ignore[operator]  # bytes


def test_errors_and_payloads() -> None:
    """An error by its fields; bytes that were kept are taken as they are."""
    payload = b64encode(b"Q\x00\x00\x00\x0dSELECT x\x00").decode()
    error = {"severity": "ERROR", "code": "42703", "message": "no x"}
    answer = {"header": ["E", "Z"], "error_response": error, "ready_for_query": {"txstatus": 73}}
    asked, answered = heard([{"header": ["Q"], "payload": payload}], [answer])
    assert asked == PgStatement("SELECT x")
    assert b"C42703" in answered.body


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ({"header": ["P"]}, {}),
        ({"header": ["P"], "payload": "!"}, {}),
        ({"header": ["Q"], "query": {}}, {"header": ["G"]}),
        ({"header": ["Q"], "query": {}}, {"header": ["Z"], "ready_for_query": {"txstatus": "x"}}),
    ],
)
def test_what_cannot_be_said(asked: dict[str, Any], answered: dict[str, Any]) -> None:
    """Refused, with the reason."""
    with pytest.raises(Bad):
        said({"postgresrequests": [asked], "postgresresponses": [answered]}, begun=True)


def test_startup_is_kept() -> None:
    """The client's own start comes first where there is one."""
    asked = {"identifier": "StartupRequest", "payload": b64encode(b"start").decode()}
    spec = {"postgresrequests": [asked, {"header": ["p"]}], "postgresresponses": []}
    assert said(spec, begun=False) == [(Side.CLIENT, b"start")]
