"""How Redis connections begin."""

from __future__ import annotations

import pytest

from ci_gate.codecs.base import Bytes, Close, Session, Side, StartTLS, Undecodable
from ci_gate.codecs.redis.conversation import Mocking, Recording
from ci_gate.codecs.redis.handshake import TLS_NOT_CONFIGURED, Handshake
from ci_gate.codecs.redis.resp import command

C, S = Side.CLIENT, Side.SERVER
HELLO = b"\x16\x03\x01\0"
GET = command((b"GET", b"a"))


def test_plain_on_both_sides() -> None:
    """What a client says first passes."""
    hands = Handshake({})
    assert hands.feed(GET) == []
    assert hands.over
    assert hands.passed_on(GET) == [Bytes(S, GET)]


def test_tls_on_both_sides() -> None:
    """The server's begins with the first command; that there was TLS is told once."""
    tap = Recording({"tls": "on", "server_tls": "on"})
    assert tap.feed(C, HELLO, 0) == [StartTLS(C, HELLO)]
    assert tap.handshaking
    said = tap.feed(C, GET, 0)
    assert said[:3] == [Session({"tls": "on"}), StartTLS(S), Bytes(S, GET)]
    assert not tap.handshaking


@pytest.mark.parametrize("conversation", [Recording({}), Mocking({})])
def test_tls_that_is_not_configured(conversation: Recording | Mocking) -> None:
    """The client hears the remedy in its own TLS."""
    assert conversation.feed(C, HELLO, 0) == [StartTLS(C, HELLO)]
    said, closed, noted = conversation.feed(C, GET, 0)
    assert isinstance(said, Bytes)
    assert TLS_NOT_CONFIGURED.encode() in said.data
    assert closed == Close(C)
    assert noted == Undecodable(C, TLS_NOT_CONFIGURED)
    assert not conversation.feed(C, GET, 0)
