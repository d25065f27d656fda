"""A Redis connection on which we are the client."""

from __future__ import annotations

from collections.abc import Sequence

from ci_gate.codecs.base import Action, Bytes, Side, Undecodable, Whole
from ci_gate.codecs.redis.replaying import Replaying
from ci_gate.codecs.redis.resp import command
from ci_gate.model.message import Message, RedisCommand, RedisReply

C, S = Side.CLIENT, Side.SERVER


def messages(actions: Sequence[Action]) -> list[tuple[int, Message]]:
    """Number and message of everything that was heard whole."""
    return [(one.number, one.message) for one in actions if isinstance(one, Whole)]


def sent(actions: Sequence[Action]) -> bytes:
    """What is to be sent, joined."""
    return b"".join(one.data for one in actions if isinstance(one, Bytes))


def test_it_selects_the_database() -> None:
    """Once, and what answers SELECT is nobody's."""
    client = Replaying()
    get = command((b"GET", b"a"))
    said = sent(client.say(C, RedisCommand(get, 2)))
    assert said == command((b"SELECT", b"2")) + get
    assert messages(client.feed(S, b"+OK\r\n:1\r\n", 0)) == [(0, RedisReply(b":1\r\n"))]
    assert sent(client.say(C, RedisCommand(get, 2))) == get
    assert not client.reusable


def test_it_logs_in_first() -> None:
    """As who it is told, once; what answers that is nobody's."""
    client = Replaying({"user": "app", "password": "pw"})
    get = command((b"GET", b"a"))
    assert sent(client.say(C, RedisCommand(get))) == command((b"AUTH", b"app", b"pw")) + get
    assert messages(client.feed(S, b"+OK\r\n:1\r\n", 0)) == [(0, RedisReply(b":1\r\n"))]
    assert sent(client.say(C, RedisCommand(get))) == get


def test_a_reply_to_nothing_ends_it() -> None:
    """It is told once, and nothing is heard any more."""
    client = Replaying()
    assert [type(one) for one in client.feed(S, b":1\r\n", 0)] == [Undecodable]
    assert client.feed(S, b":1\r\n", 0) == ()
    assert not client.reusable
