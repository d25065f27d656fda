"""What a mock says by itself."""

from __future__ import annotations

import pytest

from ci_gate.codecs.redis import session
from ci_gate.codecs.redis.resp import Reader, Typed, parse
from ci_gate.codecs.redis.said import Said


def ask(said: Said, text: bytes, facts: dict[str, str] | None = None) -> object:
    """The reply to a session command, read."""
    args = text.split()
    said.hear(args)
    return parse(session.reply(said, args, facts or {}))


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        (b"PING", Typed("+", b"PONG")),
        (b"PING hello", b"hello"),
        (b"ECHO hello", b"hello"),
        (b"SELECT 2", Typed("+", b"OK")),
        (b"AUTH user secret", Typed("+", b"OK")),
        (b"CLIENT SETINFO LIB-NAME x", Typed("+", b"OK")),
        (b"CLIENT ID", 1),
        (b"CLIENT GETNAME", None),
        (b"RESET", Typed("+", b"RESET")),
        (b"MULTI", Typed("+", b"OK")),
    ],
)
def test_replies(text: bytes, reply: object) -> None:
    """As Redis says it."""
    assert ask(Said(), text) == reply


@pytest.mark.parametrize("text", [b"CLIENT SETNAME me", b"HELLO 2 AUTH a b SETNAME me"])
def test_the_name_of_a_client(text: bytes) -> None:
    """Whoever gives one gets it back, until the connection is reset."""
    said = Said()
    ask(said, text)
    assert ask(said, b"CLIENT GETNAME") == b"me"
    ask(said, b"RESET")
    assert ask(said, b"CLIENT GETNAME") is None


def test_hello_is_said_in_the_version_it_asks_for() -> None:
    """A map from then on, with the server's version as it was recorded."""
    said = Said()
    reply = ask(said, b"HELLO 3", {"version": "6.2.1"})
    assert isinstance(reply, Typed)
    assert reply.kind == "%"
    assert isinstance(reply.value, list)
    assert reply.value[2:6] == [b"version", b"6.2.1", b"proto", 3]
    assert isinstance(ask(Said(), b"HELLO"), list)
    refused = ask(Said(), b"HELLO 4")
    assert isinstance(refused, Typed)
    assert refused.kind == "-"


def confirmed(said: Said, text: bytes) -> list[object]:
    """The replies to a subscription, read."""
    replies = session.subscription(said, text.split())
    return [parse(one) for one in Reader(inline=False).feed(replies)]


def test_each_channel_is_confirmed() -> None:
    """With the number of subscriptions after it; patterns and channels are counted together."""
    said = Said()
    assert confirmed(said, b"SUBSCRIBE a b") == [[b"subscribe", b"a", 1], [b"subscribe", b"b", 2]]
    assert confirmed(said, b"PSUBSCRIBE a*") == [[b"psubscribe", b"a*", 3]]
    assert confirmed(said, b"UNSUBSCRIBE") == [[b"unsubscribe", b"a", 2], [b"unsubscribe", b"b", 1]]
    assert confirmed(said, b"UNSUBSCRIBE") == [[b"unsubscribe", None, 1]]
    assert confirmed(said, b"PUNSUBSCRIBE a*") == [[b"punsubscribe", b"a*", 0]]


def test_in_version_three_confirmations_are_pushes() -> None:
    """And PING stays what it is there; in version 2 a subscribed client gets an array."""
    said = Said()
    said.protocol = 3
    assert confirmed(said, b"SSUBSCRIBE a") == [Typed(">", [b"ssubscribe", b"a", 1])]
    assert ask(said, b"PING") == Typed("+", b"PONG")
    said.protocol = 2
    assert ask(said, b"PING") == [b"pong", b""]


def test_why_nothing_follows() -> None:
    """With what to do instead, where there is something."""
    assert "one server, not a cluster" in session.unfollowed([b"CLUSTER", b"SLOTS"])
    assert session.unfollowed([b"MONITOR"]) == "what follows MONITOR is not understood"


def test_a_version_of_the_future() -> None:
    """Refused as Redis does, with the remedy."""
    refused = ask(Said(), b"HELLO 4")
    assert isinstance(refused, Typed)
    assert isinstance(refused.value, bytes)
    assert refused.value.startswith(b"NOPROTO ")
    assert session.unspoken([b"HELLO", b"4"]).encode() in refused.value
    assert session.unspoken([b"HELLO", b"3"]) == session.unspoken([b"PING", b"4"]) == ""
