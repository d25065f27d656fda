"""What is published reaches those who listen."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.base import Bytes, Listener, Published, Role, Side
from ci_gate.codecs.redis.codec import Redis
from ci_gate.codecs.redis.published import published, told
from ci_gate.codecs.redis.resp import command, dump
from ci_gate.codecs.redis.said import Said
from ci_gate.model.message import RedisReply


def listening(*channels: bytes, protocol: int = 2) -> Said:
    """A connection that has subscribed."""
    said = Said()
    said.protocol = protocol
    said.channels.update(dict.fromkeys(channels))
    return said


def test_a_command_publishes() -> None:
    """By itself, or in a transaction; nothing else does."""
    one = command((b"PUBLISH", b"news", b"hello"))
    assert published(one) == (Published(b"news", b"hello"),)
    both = command((b"MULTI",)) + command((b"SET", b"a", b"publish")) + one + command((b"EXEC",))
    assert published(both) == (Published(b"news", b"hello"),)
    assert published(command((b"SPUBLISH", b"n", b"x"))) == (Published(b"s:n", b"x"),)
    assert published(command((b"SET", b"PUBLISH", b"1"))) == ()
    assert published(b"PUBLISH garbage") == ()


def test_it_is_heard_as_it_was_subscribed() -> None:
    """Once for the channel and once for every pattern; as a push in RESP3."""
    said = listening(b"news", b"p:n*", b"p:x*", b"s:news")
    assert told(said, b"news", b"hi") == (
        dump([b"message", b"news", b"hi"]) + dump([b"pmessage", b"n*", b"news", b"hi"])
    )
    assert told(said, b"s:news", b"hi") == dump([b"smessage", b"news", b"hi"])
    assert told(listening(b"news", protocol=3), b"news", b"").startswith(b">3\r\n")
    assert told(listening(b"other"), b"news", b"hi") == b""


@pytest.mark.parametrize(
    ("pattern", "topic", "heard"),
    [
        (b"h?llo", b"hello", True),
        (b"h[ae]llo", b"hello", True),
        (b"h[^e]llo", b"hello", False),
        (b"h[a-b]llo", b"hbllo", True),
        (rb"h\*llo", b"h*llo", True),
        (rb"h\*llo", b"hello", False),
        (b"a.b*", b"axb", False),
        (b"[", b"[", True),
        (b"[z-a]", b"[z-a]", True),
    ],
)
def test_patterns(pattern: bytes, topic: bytes, heard: bool) -> None:
    """Redis' own globs."""
    assert bool(told(listening(b"p:" + pattern), topic, b"")) is heard


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_patterns_as_others_read_them(pattern: str, topic: str) -> None:
    """Stars and question marks mean what they mean in a shell."""
    heard = bool(told(listening(b"p:" + pattern.encode()), topic.encode(), b""))
    assert heard == fnmatch.fnmatchcase(topic, pattern)


@given(st.binary(max_size=30), st.binary(max_size=10))
def test_any_pattern_ends(pattern: bytes, topic: bytes) -> None:
    """A pattern is a client's: it may be anything."""
    told(listening(b"p:" + pattern), topic, b"")


def test_a_conversation_tells_when_it_was_done() -> None:
    """After a good answer; an error publishes nothing. Whoever has subscribed is told."""
    playing, other = Redis().converse(Role.MOCK), Redis().converse(Role.MOCK)
    playing.feed(Side.CLIENT, command((b"PUBLISH", b"news", b"1")), 0)
    _, told_others = playing.say(Side.SERVER, RedisReply(b":1\r\n"))
    assert told_others == Published(b"news", b"1")
    playing.feed(Side.CLIENT, command((b"PUBLISH", b"news", b"2")), 0)
    assert len(playing.say(Side.SERVER, RedisReply(b"-ERR no\r\n"))) == 1
    assert isinstance(other, Listener)
    assert other.tell(b"news", b"1") == ()
    other.feed(Side.CLIENT, command((b"SUBSCRIBE", b"news")), 0)
    assert other.tell(b"news", b"1") == (Bytes(Side.CLIENT, dump([b"message", b"news", b"1"])),)
