"""A Redis with state of its own, begun where the recording began."""

from __future__ import annotations

import pytest

from ci_gate.codecs.redis.resp import Typed, command, dump
from ci_gate.mocks.state import RedisState
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, RedisCommand, RedisReply


def asked(text: str, database: int = 0) -> RedisCommand:
    """A command, or several of a transaction, written as people do."""
    said = b"".join(command(tuple(one.encode().split())) for one in text.split("; "))
    return RedisCommand(said, database)


def recorded(*pairs: tuple[str, object]) -> list[Exchange]:
    """What was said and answered, in order."""
    return [
        Exchange(
            id=str(number),
            dependency="cache",
            route="",
            request=asked(text),
            response=RedisReply(dump(reply)),
        )
        for number, (text, reply) in enumerate(pairs)
    ]


def said(state: RedisState, text: str) -> bytes | object:
    """The answer as bytes."""
    return state.answer(asked(text)).body


def test_it_counts_and_locks() -> None:
    """As often as it is asked to, in whatever order."""
    state = RedisState(())
    assert [said(state, "INCR n") for _ in range(3)] == [b":1\r\n", b":2\r\n", b":3\r\n"]
    assert said(state, "SET lock me NX PX 60000") == b"+OK\r\n"
    assert said(state, "SET lock you NX PX 60000") == b"$-1\r\n"
    assert said(state, "DEL lock") == b":1\r\n"
    assert said(state, "SET lock you NX") == b"+OK\r\n"


def test_errors_and_transactions() -> None:
    """As a server says them; nothing waits."""
    state = RedisState(())
    assert said(state, "SET n 1") == b"+OK\r\n"
    wrong = said(state, "LPUSH n x")
    assert isinstance(wrong, bytes)
    assert wrong.startswith(b"-WRONGTYPE ")
    assert said(state, "EVALSHA ffff 0") == (b"-NOSCRIPT No matching script. Please use EVAL.\r\n")
    unknown = said(state, "NOPE")
    assert isinstance(unknown, bytes)
    assert unknown.startswith(b"-ERR unknown command")
    assert said(state, "MULTI; INCR n; GET n; EXEC") == b"*2\r\n:2\r\n$1\r\n2\r\n"
    assert said(state, "BLPOP queue 0") == b"*-1\r\n"


def test_databases_are_apart() -> None:
    """What one holds the other does not."""
    state = RedisState(())
    state.answer(asked("SET a 1", 3))
    assert state.answer(asked("GET a", 3)).body == b"$1\r\n1\r\n"
    assert said(state, "GET a") == b"$-1\r\n"


@pytest.mark.parametrize(
    ("text", "reply", "ask"),
    [
        ("GET a", b"v", "GET a"),
        ("MGET a b", [b"1", None], "MGET a b"),
        ("HGET h f", b"v", "HGET h f"),
        ("HMGET h f g", [b"1", None], "HMGET h f g"),
        ("HGETALL h", [b"f", b"v"], "HGETALL h"),
        ("LRANGE l 0 -1", [b"x", b"y"], "LRANGE l 0 -1"),
        ("SMEMBERS s", [b"x"], "SMEMBERS s"),
        ("SISMEMBER s x", 1, "SISMEMBER s x"),
        ("ZRANGE z 0 -1 WITHSCORES", [b"m", b"1.5"], "ZRANGE z 0 -1 WITHSCORES"),
        ("ZSCORE z m", b"2", "ZSCORE z m"),
        ("INCR n", 42, "INCR n"),
        ("DECRBY n 2", 5, "DECRBY n 2"),
        ("HINCRBY h f 3", 10, "HINCRBY h f 3"),
        ("RPUSH l x", 3, "RPUSH l x"),
        ("EXISTS a b", 2, "EXISTS a b"),
        ("SET lock me NX", None, "SET lock me NX"),
        ("MULTI; INCR n; EXEC", [7], "MULTI; INCR n; EXEC"),
    ],
)
def test_it_begins_where_the_recording_began(text: str, reply: object, ask: str) -> None:
    """What was told first of a key was there before: asked again, it is told again."""
    assert said(RedisState(recorded((text, reply))), ask) == dump(reply)


def test_what_was_written_meanwhile_was_not_there_before() -> None:
    """A value that is read after a write is the write's."""
    state = RedisState(recorded(("SET a 1", Typed("+", b"OK")), ("GET a", b"1"), ("GET b", b"2")))
    assert said(state, "GET a") == b"$-1\r\n"
    assert said(state, "GET b") == b"$1\r\n2\r\n"


def test_a_recording_that_cannot_be_read_is_no_beginning() -> None:
    """Bodies that were not kept, and errors."""
    broken = recorded(("GET a", Typed("-", b"ERR no")))
    broken += [Exchange(id="x", dependency="cache", route="", request=asked("GET b"))]
    assert said(RedisState(broken), "GET a") == b"$-1\r\n"


def test_what_it_does_not_queue() -> None:
    """As a server: a wrong command is refused when it is queued, and nothing is done by asking."""
    state = RedisState([])

    def queued(text: str) -> Message:
        return state.answer(RedisCommand(command(tuple(text.encode().split())), queued=True))

    assert queued("SET a 1") == RedisReply(b"+QUEUED\r\n")
    refused = queued("SET a").body
    assert isinstance(refused, bytes)
    assert refused.startswith(b"-ERR wrong number of arguments for 'set' command")
    assert said(state, "GET a") == b"$-1\r\n"
    assert said(state, "MULTI; SET a; EXEC").startswith(b"-EXECABORT")


def test_what_was_refused_was_not_written() -> None:
    """What is read after it tells of the time before."""
    refused = Exchange(
        id="x",
        dependency="cache",
        route="",
        request=RedisCommand(command((b"SET", b"a")), queued=True),
        response=RedisReply(b"-ERR wrong\r\n"),
    )
    assert said(RedisState([refused, *recorded(("GET a", b"1"))]), "GET a") == b"$1\r\n1\r\n"
