"""Commands whose arguments may stand in any order."""

from __future__ import annotations

import pytest

from ci_gate.codecs.redis.codec import Redis
from ci_gate.codecs.redis.resp import command
from ci_gate.codecs.redis.sameness import in_one_order
from ci_gate.model.message import RedisCommand


def body(*texts: str) -> bytes:
    """Commands, written with blanks."""
    return b"".join(command(tuple(text.encode().split(b" "))) for text in texts)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("HSET h b 2 a 1", "HSET h a 1 b 2"),
        ("MSET b 2 a 1", "MSET a 1 b 2"),
        ("ZADD z NX CH 2 b 1 a", "ZADD z NX CH 1 a 2 b"),
        ("SADD s two one", "SADD s one two"),
        ("DEL b a", "DEL a b"),
    ],
)
def test_any_order(first: str, second: str) -> None:
    """Maps and sets are the same in any order, also within a transaction."""
    assert in_one_order(body(first)) == in_one_order(body(second))
    inside = [body("MULTI", one, "INCR n", "EXEC") for one in (first, second)]
    assert in_one_order(inside[0]) == in_one_order(inside[1])
    full = Redis().full
    assert full(RedisCommand(inside[0])) == full(RedisCommand(inside[1]))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("HSET h b 2 a 1", "HSET h a 2 b 1"),
        ("HSET h a 1 a 2", "HSET h a 2 a 1"),
        ("ZADD z 1 a 2 a", "ZADD z 2 a 1 a"),
        ("HSET h a 1 b", "HSET h b 1 a"),
        ("RPUSH l a b", "RPUSH l b a"),
        ("HMGET h a b", "HMGET h b a"),
        ("SADD s a", "SADD a s"),
        ("EVAL x 0 b a", "EVAL x 0 a b"),
    ],
)
def test_an_order_that_counts(first: str, second: str) -> None:
    """Lists, replies in the order of what was asked, one name twice: each is another command."""
    assert in_one_order(body(first)) != in_one_order(body(second))


def test_what_is_no_command() -> None:
    """Stays as it is."""
    broken = body("DEL b a")[:-3]
    assert in_one_order(broken) == broken
    assert in_one_order(b"") == b""
