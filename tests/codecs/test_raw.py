"""The codec of last resort."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ci_gate.codecs.base import Begun, Bytes, Close, Ended, More, Role, Side
from ci_gate.codecs.raw import RawCodec
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Part, Piece, Pieces, Raw

C, S = Side.CLIENT, Side.SERVER
CODEC = RawCodec()


def test_each_side_says_one_thing(joined: Callable[..., list[Any]]) -> None:
    """What a side says until it closes is one message, in parts as they were heard."""
    conversation = CODEC.converse(Role.RECORD)
    actions = list(conversation.feed(C, b"ab", 1))
    assert actions == [Begun(C, 0, Raw(), 1, stream=True), More(C, 0, b"ab", 1)]
    actions += conversation.feed(S, b"x", 2)
    actions += conversation.feed(C, b"c", 3)
    actions += conversation.feed(C, b"", 4)
    assert actions[-1] == Ended(C, 0, (), 4, complete=True)
    actions += conversation.feed(S, b"", 5)
    assert [(heard.side, heard.body) for heard in joined(actions)] == [(C, b"abc"), (S, b"x")]
    assert conversation.feed(S, b"late", 6) == ()
    assert not conversation.reusable


def test_saying() -> None:
    """A side's message is its bytes, then it closes."""
    conversation = CODEC.converse(Role.REPLAY)
    assert conversation.say(C, Raw(b"ab")) == [Bytes(S, b"ab"), Close(S)]
    assert conversation.say(S, Raw()) == [Close(C)]
    assert conversation.say(C, Raw(Pieces(()))) == ()
    assert conversation.say_more(C, b"x") == (Bytes(S, b"x"),)


def test_a_raw_call() -> None:
    """Equal bytes are the same call; it is a write, for want of knowing better."""
    one, other = Raw(b"a"), Raw(Pieces((Piece(0, b"a"),)))
    assert CODEC.key(one) == CODEC.key(Raw(b"a"))
    assert CODEC.key(one).coarse == CODEC.key(other).coarse
    assert CODEC.key(one).full != CODEC.key(other).full
    assert CODEC.route(one) == CODEC.label(one) == "RAW connection"
    exchange = Exchange(id="o1", dependency="legacy", route="", request=one)
    assert (CODEC.facts(exchange).effect, CODEC.facts(exchange).targets) == ("write", ("legacy",))


def test_what_a_mock_says() -> None:
    """Nothing by itself, what was recorded as it was, and to a miss the end of the connection."""
    request = Raw(b"a")
    assert CODEC.local(request, {}) is None
    assert CODEC.fit(Raw(b"b"), request) == Raw(b"b")
    assert CODEC.miss(request, "because") == Raw()
    assert CODEC.prepare(Raw(b"b")) == b"b"
    with pytest.raises(AssertionError):
        CODEC.prepare(Raw(Pieces(())))


def test_parts() -> None:
    """The body is the one part there is."""
    assert CODEC.places(Raw(b"a")) == (Part("body", b"a", "binary"),)
    assert CODEC.with_places(Raw(b"a"), {"body": Part("body", b"b")}) == Raw(b"b")
    assert CODEC.with_places(Raw(b"a"), {}) == Raw(b"a")
