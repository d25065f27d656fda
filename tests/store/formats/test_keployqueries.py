"""PostgresV3 mocks of Keploy: statements, values and rows as a server says them."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.frames import frame
from ci_gate.model.message import PgResult, PgStatement
from ci_gate.store.formats.documents import Yaml
from ci_gate.store.formats.found import Found, Item, Lost, Skipped
from ci_gate.store.formats.keployqueries import COPY, NORMALISED, found
from ci_gate.store.formats.messages import Bad
from ci_gate.store.formats.source import Source

DONE = frame(b"C", b"SELECT 1\0")


def mock(query: Any = None, **more: Any) -> dict[str, Any]:
    """A mock document."""
    told = {"type": "query", "query": query, **more}
    metadata = {"destAddr": "db.internal:5433"}
    return {"spec": {"metadata": metadata, "postgresV3": told}}


def taken(**query: Any) -> list[Item]:
    """What a mock of this query tells."""
    response = {"commandComplete": "SELECT 1"}
    query = {"sqlNormalized": "select 1", "invocationId": "3:7", "response": response} | query
    return list(found(mock(query), "x", ("t",)))


def test_a_mock_as_it_lies_on_disk(tmp_path: Any) -> None:
    """YAML scalars of every kind: numbers, truth, moments, bytes and NULL."""
    (tmp_path / "m.yaml").write_text("""
spec:
  postgresV3:
    type: query
    query:
      sqlNormalized: select * from t where id = $1 and at > $2
      paramOids: [23, 1184, 16]
      precedingTxState: T
      bindValues: [7, 2026-01-02T03:04:05.120Z, true]
      response:
        rowDescription:
          - {name: id, typeOid: 23, typeSize: 4}
          - {name: ok, typeOid: 16}
          - {name: day, typeOid: 1082}
          - {name: at, typeOid: 1114}
          - {name: raw, typeOid: 17, typeSize: -1, typeMod: -1}
          - {name: own, typeOid: 90001}
          - {name: no, typeOid: 25}
        rows:
          - [7, true, 2026-01-02T00:00:00Z, 2026-01-02T03:04:05Z, !!binary AP8=, !!binary AAE=, null]
        commandComplete: SELECT 1
""")
    source = Source(str(tmp_path / "m.yaml"))
    ((_, document),) = Yaml(source, "m.yaml").documents()
    lost, one = found(document, "x", None)
    assert lost == Lost("x", NORMALISED)
    assert isinstance(one, Found)
    sql = "select * from t where id = $1 and at > $2"
    params = ("7", "2026-01-02 03:04:05.12+00", "t")
    assert one.request == PgStatement(sql, params, "execute", True)
    columns = (
        Column("id", 23, size=4), Column("ok", 16, size=0), Column("day", 1082, size=0),
        Column("at", 1114, size=0), Column("raw", 17), Column("own", 90001, True, size=0),
        Column("no", 25, size=0),
    )  # fmt: skip
    row = [b"7", b"t", b"2026-01-02", b"2026-01-02 03:04:05", b"\\x00ff", b"\0\1", None]
    assert one.response == PgResult(
        frame(b"T", write_columns(columns)) + frame(b"D", write_row(row)) + DONE
    )


def test_where_and_when() -> None:
    """Address, connection and causes are those of the mock."""
    _, one = taken()
    assert isinstance(one, Found)
    assert (one.host, one.port, one.session) == ("db.internal", 5433, "postgres 3")
    assert (one.causes, one.inbound, one.response) == (("t",), False, PgResult(DONE))


def test_what_was_refused() -> None:
    """The error's fields, after what was noticed."""
    refused = {"severity": "ERROR", "code": "23505", "message": "there already"}
    _, one = taken(response={"error": refused, "notices": [{"message": "careful"}]})
    assert isinstance(one, Found)
    assert isinstance(one.response, PgResult)
    assert one.response.body.endswith(b"C23505\0Mthere already\0\0")  # type: ignore[union-attr]  # bytes
    assert b"Mcareful\0" in one.response.body  # type: ignore[operator]  # bytes


def test_what_cannot_be_carried() -> None:
    """COPY, and mocks that are no statement."""
    assert taken(response={"copyIn": {"overallFormat": "0"}}) == [Skipped("x", COPY)]
    for kind in ("session", "catalog", "data", "generator", "new"):
        (one,) = found(mock(type=kind), "x", None)
        assert isinstance(one, Skipped)
        assert "PostgreSQL" in one.why or "statements" in one.why


@pytest.mark.parametrize(
    "query",
    [
        {"sqlNormalized": ""},
        {"response": ["x"]},
        {"response": {"rows": [["1"]]}},
        {"response": {"rows": {"a": "b"}}},
        {"response": {"rowDescription": [{"typeOid": "x"}]}},
        {"response": {"rowDescription": [{"typeOid": "99999999999"}]}},
        {"response": {"rowDescription": ["id"] * 2000}},
        {"bindValues": "7"},
    ],
)
def test_what_breaks_the_format(query: dict[str, Any]) -> None:
    """Refused with a reason, never with an error of ours."""
    with pytest.raises(Bad):
        taken(**({"response": {"commandComplete": "x"}} | query))


def test_a_mock_without_its_part() -> None:
    """A kind without what it is called by."""
    with pytest.raises(Bad):
        list(found({"spec": {}}, "x", None))
