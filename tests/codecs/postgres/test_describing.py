"""Descriptions made of what was recorded otherwise."""

from __future__ import annotations

from struct import pack

import pytest

from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.describing import Descriptions
from ci_gate.codecs.postgres.frames import frame
from ci_gate.model.message import PgResult, PgStatement

ID, NAME = Column("id", 23, size=4), Column("name", 25)
ROW = frame(b"D", write_row([b"1", b"Ada"]))
DONE = frame(b"C", b"SELECT 1\0")


def told(*columns: Column, binary: bool = False) -> bytes:
    """A RowDescription."""
    shown = [Column(one.name, one.oid, binary=binary, size=one.size) for one in columns]
    return frame(b"T", write_columns(shown))


def types(*oids: int) -> bytes:
    """A ParameterDescription."""
    return frame(b"t", pack(f"!H{len(oids)}I", len(oids), *oids))


KNOWN = Descriptions(
    [
        (
            PgStatement("select id, name from users", (), "execute"),
            PgResult(told(ID, NAME, binary=True) + ROW + DONE),
        ),
        (
            PgStatement("select id, name from users where id = $1 and name = $2", (), "execute"),
            PgResult(told(ID, NAME) + ROW + DONE),
        ),
        (
            PgStatement("select name from users limit $1", (), "execute"),
            PgResult(told(NAME) + DONE),
        ),
        (
            PgStatement("insert into users (id, name) values ($1, $2)", (), "execute"),
            PgResult(frame(b"C", b"INSERT 0 1\0")),
        ),
        (
            PgStatement("update users set born = $1 where id = $2", (), "describe"),
            PgResult(types(1082, 23) + frame(b"n")),
        ),
        (
            PgStatement("delete from users where born < $1", (), "execute"),
            PgResult(frame(b"C", b"DELETE 0\0")),
        ),
        (
            PgStatement("delete from users where age < $1", (), "execute"),
            PgResult(frame(b"C", b"DELETE 0\0")),
        ),
        (
            PgStatement("delete from users where age < $1::bigint", (), "execute"),
            PgResult(frame(b"C", b"DELETE 0\0")),
        ),
        (
            PgStatement("select id from users where id in ($1, $2)", (), "execute"),
            PgResult(told(ID) + DONE),
        ),
        (
            PgStatement("select bad from users", (), "execute"),
            PgResult(frame(b"E", b"SERROR\0C42703\0\0")),
        ),
    ]
)


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("SELECT id, name FROM users -- again", types() + told(ID, NAME)),
        (
            "select id, name from users where id = $1 and name = $2",
            types(23, 25) + told(ID, NAME),
        ),
        ("select name from users limit $1", types(20) + told(NAME)),
        ("insert into users (id, name) values ($1, $2)", types(23, 25) + frame(b"n")),
        ("delete from users where born < $1", types(1082) + frame(b"n")),
        ("delete from users where age < $1::bigint", types(20) + frame(b"n")),
    ],
)
def test_told_by_results_descriptions_casts_and_columns(sql: str, answer: bytes) -> None:
    """What a driver asks when it prepares a statement that another one has only executed."""
    assert KNOWN.of(PgStatement(sql, (), "describe")) == PgResult(answer)


def test_a_portal_needs_no_types() -> None:
    """Its values are bound already."""
    asked = PgStatement("delete from users where age < $1", (), "portal")
    assert KNOWN.of(asked) == PgResult(frame(b"n"))


@pytest.mark.parametrize(
    "sql",
    [
        "delete from users where age < $1",
        "select id from users where id in ($1, $2)",
        "select bad from users",
        "select nothing",
    ],
)
def test_what_the_recording_does_not_tell(sql: str) -> None:
    """A type that nothing says, a statement that failed or is not there: no description."""
    assert KNOWN.of(PgStatement(sql, (), "describe")) is None
