"""Writes outside of their transactions."""

from __future__ import annotations

import pytest

from ci_gate.codecs.redis.resp import command
from ci_gate.codecs.transactions import outside
from ci_gate.model.message import HttpRequest, Message, PgStatement, RedisCommand

SET, GET, INCR = (b"SET", b"a", b"1"), (b"GET", b"a"), (b"INCR", b"n")


def said(*commands: tuple[bytes, ...]) -> RedisCommand:
    """Commands as one message of database 2."""
    return RedisCommand(b"".join(map(command, commands)), 2)


def transaction(*commands: tuple[bytes, ...]) -> RedisCommand:
    """The same between MULTI and EXEC."""
    return said((b"MULTI",), *commands, (b"EXEC",))


def test_a_statement_is_made_in_no_block() -> None:
    """Its text and values are what they were."""
    inside = PgStatement("insert into t values ($1)", ("1",), "execute", True, b"", 3)
    assert outside(inside) == (PgStatement("insert into t values ($1)", ("1",), "execute"),)


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ((SET, INCR), (transaction(SET), said(INCR))),
        ((SET, GET), (transaction(GET), said(SET))),
        ((SET,), (said(SET),)),
    ],
)
def test_the_last_write_comes_after_its_transaction(
    commands: tuple[tuple[bytes, ...], ...], expected: tuple[Message, ...]
) -> None:
    """What is left stays one message; a transaction of nothing is not made."""
    assert outside(transaction(*commands)) == expected


@pytest.mark.parametrize(
    "request_",
    [
        PgStatement("insert into t values (1)"),
        said(SET),
        transaction(GET),
        transaction(),
        RedisCommand(b"*2\r\n$5\r\nMULTI\r\n$"),
        RedisCommand(b"+MULTI\r\n"),
        HttpRequest(method="POST", target=b"/"),
    ],
)
def test_what_is_in_no_transaction(request_: Message) -> None:
    """There is nothing to leave."""
    assert outside(request_) == ()
