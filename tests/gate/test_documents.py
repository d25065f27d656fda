"""What selections see of an exchange."""

from __future__ import annotations

import msgspec

from ci_gate.codecs.postgres.frames import frame
from ci_gate.gate.documents import SCHEMA, document
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, Opaque, PgResult, PgStatement, Piece, Pieces
from ci_gate.model.snapshot import Snapshot


def test_an_exchange_as_plain_data(recorded: Snapshot) -> None:
    """Headers and query are objects of lists, names lower case; a JSON body is its value."""
    assert document(recorded.inbound[0], "") == {
        "id": "aaaa1111-1",
        "dependency": "",
        "route": "POST /orders",
        "groups": [],
        "at": 10.0,
        "took": 1.5,
        "error": "",
        "request": {
            "method": "POST",
            "target": "/orders?x=1&x=2&y=",
            "path": "/orders",
            "query": {"x": ["1", "2"], "y": [""]},
            "headers": {"content-type": ["application/json"], "x-id": ["one", "two"]},
            "trailers": {},
            "body": {"a": 1},
        },
        "response": {
            "status": 201,
            "headers": {"content-type": ["application/json"]},
            "trailers": {},
            "body": {"id": 7, "items": [{"price": 3}]},
        },
    }


def test_the_schema_names_what_documents_have(recorded: Snapshot) -> None:
    """A field of a document that the schema lacks could never be selected by."""
    made = document(recorded.inbound[0], "")
    assert isinstance(SCHEMA, dict)
    assert list(SCHEMA) == list(made)
    for side in ("request", "response"):
        assert set(SCHEMA[side]) >= set(made[side])


def test_bodies_that_have_no_value(recorded: Snapshot) -> None:
    """Broken JSON, bytes that are no text and bodies that were not kept are null."""
    assert document(recorded.inbound[1], "")["response"]["body"] is None
    raw = document(recorded.outbound[2], "")
    assert raw["request"] == {"body": None}
    assert raw["response"] is None
    exchange = _with_body(recorded.inbound[0], Opaque(5, "x"))
    assert document(exchange, "")["request"]["body"] is None


def test_other_bodies_are_text(recorded: Snapshot) -> None:
    """What is UTF-8 and not JSON is its text, also in pieces."""
    exchange = _with_body(recorded.inbound[0], Pieces((Piece(0, b'{"a":'), Piece(1, b"2}"))))
    assert document(exchange, "")["request"]["body"] == {"a": 2}


def test_bodies_may_be_left_out(recorded: Snapshot) -> None:
    """An expression that names no body costs no parsing."""
    assert document(recorded.inbound[0], "", bodies=False)["response"]["body"] is None


def test_hostile_targets_do_not_break_it(recorded: Snapshot) -> None:
    """Thousands of fields, bytes that are not UTF-8: still plain data."""
    request = HttpRequest(method="GET", target=b"/\xff%ff?" + b"a&" * 5000)
    exchange = msgspec.structs.replace(recorded.inbound[0], request=request)
    made = document(exchange, "")["request"]
    assert made["path"] == "/ÿÿ"
    assert made["query"] == {}


def _with_body(exchange: Exchange, body: Opaque | Pieces) -> Exchange:
    request = msgspec.structs.replace(exchange.request, body=body)
    return msgspec.structs.replace(exchange, request=request)


def test_other_protocols_have_their_parts() -> None:
    """What a statement asks and what it got, as data."""
    exchange = Exchange(
        id="o1",
        dependency="db",
        route="SELECT t",
        request=PgStatement("select a from t where b = $1", ("x",), "execute"),
        response=PgResult(frame(b"C", b"SELECT 0\0")),
    )
    found = document(exchange, "")
    assert found["request"]["sql"] == "select a from t where b = $1"
    assert found["request"]["params"] == {"b": "x"}
    assert found["response"]["results"] == [{"tag": "SELECT 0"}]
    assert isinstance(SCHEMA, dict)
    for side in ("request", "response"):
        assert set(SCHEMA[side]) >= set(found[side])
