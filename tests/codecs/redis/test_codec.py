"""What the Redis codec says of commands and replies."""

from __future__ import annotations

import pytest

from ci_gate.codecs.redis.codec import Redis, fold_key
from ci_gate.codecs.redis.resp import command, dump
from ci_gate.model.exchange import Exchange, Facts
from ci_gate.model.message import RedisCommand, RedisReply
from ci_gate.values.places import rewrite, walk

CODEC = Redis()


def call(text: bytes, database: int = 0) -> RedisCommand:
    """A command given as words."""
    return RedisCommand(command(tuple(text.split())), database)


TRANSACTION = RedisCommand(command((b"MULTI",)) + command((b"INCR", b"n")) + command((b"EXEC",)))


def facts(request: RedisCommand) -> Facts:
    """The facts of a call."""
    return CODEC.facts(Exchange(id="o1", dependency="cache", route="", request=request))


@pytest.mark.parametrize(
    ("key", "folded"),
    [
        (b"user:17:profile", "user:{id}:profile"),
        (b"session.0f8fad5b-d9cb-469f-a165-70867728950e", "session.{id}"),
        (b"plain", "plain"),
        (b"{17}:x", "{{id}}:x"),
    ],
)
def test_keys_fold_by_their_own_text(key: bytes, folded: str) -> None:
    """As path segments do."""
    assert fold_key(key) == folded


def test_names() -> None:
    """Routes group, labels are what people write; neither breaks a line or goes beyond ASCII."""
    assert CODEC.route(call(b"GET user:17")) == "GET user:{id}"
    assert CODEC.route(TRANSACTION) == "MULTI INCR"
    assert CODEC.label(call(b"SET user:17 Ada")) == "SET user:17 Ada"
    assert CODEC.label(TRANSACTION) == "MULTI; INCR n; EXEC"
    odd = RedisCommand(command((b"SET", b"k", b"a b\n\xff")))
    assert CODEC.label(odd) == "SET k 'a b\\n\\\\xff'"
    assert len(CODEC.label(call(b"SET k " + b"x" * 500))) == 120


def test_facts() -> None:
    """Effect and keys; a transaction is what its commands are."""
    assert facts(call(b"GET k")) == Facts(effect="read", targets=("k",))
    assert facts(call(b"MSET a 1 b 2")) == Facts(effect="write", targets=("a", "b"))
    assert facts(TRANSACTION) == Facts(effect="write", targets=("n",))
    assert facts(call(b"INFO")) == Facts(effect="read", targets=("cache",))


def test_a_key_counts_the_database_and_every_argument() -> None:
    """The same command in another database is another call."""
    assert CODEC.full(call(b"get k")) == CODEC.full(call(b"GET k"))
    assert CODEC.full(call(b"GET k")) != CODEC.full(call(b"GET k", 1))
    assert CODEC.key(call(b"GET user:1")).coarse == CODEC.key(call(b"GET user:2")).coarse
    assert CODEC.key(call(b"GET user:1")).full != CODEC.key(call(b"GET user:2")).full


def test_places_name_the_fields() -> None:
    """And a changed value goes back to where it was, with its new length."""
    request = call(b"HSET user:1 email ada@b.example")
    parts = CODEC.places(request)
    assert dict(pair for part in parts for pair in walk(part)) == {
        "database": 0,
        "command.$[0]": "HSET",
        "command.$[1]": "user:1",
        "command.$[2].email": "ada@b.example",
    }
    changed = {
        part.place: rewrite(part, lambda place, text: "x" if "email" in place else None)
        for part in parts
    }
    assert CODEC.with_places(request, changed) == call(b"HSET user:1 email x")


def test_a_reply_that_cannot_be_read_is_binary() -> None:
    """Nothing of it is looked into, and it is still there."""
    (part,) = CODEC.places(RedisReply(b"?"))
    assert (part.place, part.media, part.value) == ("reply", "binary", b"?")


def test_a_miss_is_an_error_on_that_command() -> None:
    """One line, with the call and the reason."""
    missed = CODEC.miss(call(b"GET k"), "nothing was recorded")
    assert isinstance(missed, RedisReply)
    assert missed.body == b"-ERR ci-gate: no recorded exchange for GET k: nothing was recorded\r\n"
    assert CODEC.prepare(RedisReply(dump(1))) == b":1\r\n"
