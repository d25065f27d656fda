"""What a client has said."""

from __future__ import annotations

from struct import pack

import pytest

from ci_gate.codecs.postgres.frames import value
from ci_gate.codecs.postgres.said import (
    FAILED,
    IDLE,
    OPEN,
    Said,
    Unknown,
    after,
    described,
    ends_failure,
    is_copy_in,
    is_session,
)
from ci_gate.model.message import PgStatement


def parse(said: Said, name: bytes, sql: bytes, *oids: int) -> None:
    """Prepare a statement."""
    said.hear(b"P", name + b"\0" + sql + b"\0" + pack(f"!H{len(oids)}I", len(oids), *oids))


def bind(portal: bytes, name: bytes, formats: list[int], *values: bytes | None) -> bytes:
    """A Bind's payload."""
    head = portal + b"\0" + name + b"\0" + pack(f"!H{len(formats)}H", len(formats), *formats)
    return head + pack("!H", len(values)) + b"".join(map(value, values)) + b"\0\0"


def test_an_execute_asks_text_and_values() -> None:
    """Names of statements and portals are not in it; binary values are read by their types."""
    said = Said()
    parse(said, b"s1", b"select $1, $2", 23, 25)
    said.hear(b"B", bind(b"p1", b"s1", [1, 0], b"\0\0\0\5", None))
    op = said.hear(b"E", b"p1\0\0\0\0\2")
    assert op.statement == PgStatement("select $1, $2", ("5", None), "execute")
    assert op.maximum == 2


def test_types_are_learned_from_a_description() -> None:
    """Of a statement that was prepared without them; a value of unknown type stays bytes."""
    said = Said()
    parse(said, b"", b"select $1")
    assert said.hear(b"B", bind(b"", b"", [1], b"\0\0\0\5")).portal is not None
    assert said.hear(b"E", b"\0\0\0\0\0").statement == PgStatement(
        "select $1", (b"\0\0\0\5",), "execute"
    )
    described(said.hear(b"D", b"S\0"), b"t", b"\0\1\0\0\0\x17")
    said.hear(b"B", bind(b"", b"", [1], b"\0\0\0\5"))
    op = said.hear(b"E", b"\0\0\0\0\0")
    assert op.statement is not None
    assert op.statement.params == ("5",)


def test_a_cursor_is_its_query() -> None:
    """Whatever the client calls it this time."""
    asked = []
    for name in (b"cur_1", b'"Other"'):
        said = Said()
        said.hear(b"Q", b"BEGIN\0")
        said.hear(b"Q", b"DECLARE " + name + b" CURSOR FOR select 1\0")
        asked.append(said.hear(b"Q", b"FETCH FORWARD 2 FROM " + name + b"\0").statement)
    assert asked[0] == asked[1]
    assert asked[0] is not None
    assert "select 1" in asked[0].sql


def test_a_cursor_that_is_held() -> None:
    """It outlives its transaction, as Django's do, until it is closed."""
    said = Said()
    said.hear(b"Q", b"DECLARE c NO SCROLL CURSOR WITH HOLD FOR select 1\0")
    said.hear(b"Q", b"DECLARE d CURSOR FOR select 1\0")
    said.ready()
    described = said.hear(b"D", b"Pc\0").statement
    assert described is not None
    assert "select 1" in described.sql
    with pytest.raises(Unknown, match='portal "d"'):
        said.hear(b"D", b"Pd\0")
    said.hear(b"Q", b"CLOSE c\0")
    with pytest.raises(Unknown, match='portal "c"'):
        said.hear(b"D", b"Pc\0")


@pytest.mark.parametrize(
    ("status", "text", "then"),
    [
        (IDLE, "BEGIN", OPEN),
        (OPEN, "COMMIT", IDLE),
        (FAILED, "ROLLBACK", IDLE),
        (FAILED, "ROLLBACK TO SAVEPOINT X", OPEN),
        (OPEN, "SAVEPOINT X", OPEN),
        (OPEN, "COMMIT AND CHAIN", OPEN),
        (IDLE, "SELECT ?", IDLE),
    ],
)
def test_transactions(status: bytes, text: str, then: bytes) -> None:
    """As the server would count them."""
    assert after(status, text) == then


def test_what_texts_are() -> None:
    """Session statements, ends of a failed transaction, COPY from the client."""
    assert is_session("begin; set x = 1")
    assert is_session("")
    assert not is_session("begin; select 1")
    assert ends_failure("rollback to a")
    assert not ends_failure("select 1")
    assert is_copy_in("COPY t FROM STDIN")
    assert not is_copy_in("COPY t TO STDOUT")


def test_what_was_never_made() -> None:
    """As a server says it: it may also have been deallocated."""
    said = Said()
    with pytest.raises(Unknown, match='prepared statement "gone" does not exist'):
        said.hear(b"B", bind(b"", b"gone", []))
    parse(said, b"one", b"select 1")
    parse(said, b"two", b"select 2")
    said.hear(b"Q", b"DEALLOCATE PREPARE one\0")
    with pytest.raises(Unknown, match='prepared statement "one"'):
        said.hear(b"D", b"Sone\0")
    said.hear(b"Q", b"discard all\0")
    with pytest.raises(Unknown, match='prepared statement "two"'):
        said.hear(b"D", b"Stwo\0")
    with pytest.raises(Unknown, match='portal "gone"'):
        Said().hear(b"E", b"gone\0\0\0\0\0")


def block(said: Said, sql: bytes) -> int:
    """In which transaction a statement is asked that then succeeds."""
    statement = said.hear(b"Q", sql + b"\0").statement
    assert statement is not None
    said.ran(statement.sql)
    return statement.block


def test_transactions_are_told_apart() -> None:
    """Statements of one have a number in common, savepoints and all; outside there is none."""
    said = Said()
    assert block(said, b"insert into a values (1)") == 0
    block(said, b"begin")
    first = block(said, b"insert into a values (2)")
    block(said, b"savepoint s")
    block(said, b"rollback to s")
    assert block(said, b"insert into a values (3)") == first > 0
    block(said, b"commit and chain")
    second = block(said, b"insert into a values (4)")
    block(said, b"rollback")
    block(said, b"start transaction")
    third = block(said, b"insert into a values (5)")
    block(said, b"end")
    assert len({0, first, second, third}) == 4
    assert block(said, b"insert into a values (6)") == 0


def test_a_description_is_of_no_transaction() -> None:
    """It says of a statement what holds in any."""
    said = Said()
    said.status = OPEN
    block(said, b"begin")
    parse(said, b"s1", b"select $1", 23)
    op = said.hear(b"D", b"Ss1\0")
    assert op.statement == PgStatement("select $1", step="describe", transaction=True)
    said.hear(b"B", bind(b"p1", b"s1", [0], b"5"))
    asked = said.hear(b"D", b"Pp1\0").statement
    assert asked == PgStatement("select $1", step="portal", transaction=True)
