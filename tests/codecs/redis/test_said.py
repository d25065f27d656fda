"""What a client's commands mean, in their order."""

from __future__ import annotations

from ci_gate.codecs.redis.resp import command
from ci_gate.codecs.redis.said import Heard, Means, Said
from ci_gate.model.message import RedisCommand


def hear(said: Said, text: bytes) -> Heard:
    """One command, given as words."""
    return said.hear(text.split())


def test_a_call_knows_its_database() -> None:
    """SELECT is no message, and the calls after it are calls of that database."""
    said = Said()
    assert hear(said, b"SELECT 3").means is Means.SESSION
    assert hear(said, b"GET k").message == RedisCommand(command((b"GET", b"k")), 3)


def test_a_transaction_is_one_message() -> None:
    """Its commands are queued, and EXEC stands for all of them."""
    said = Said()
    assert [hear(said, text).means for text in (b"MULTI", b"SET a 1", b"INCR a")] == [
        Means.SESSION, Means.QUEUED, Means.QUEUED,
    ]  # fmt: skip
    heard = hear(said, b"EXEC")
    whole = [(b"MULTI",), (b"SET", b"a", b"1"), (b"INCR", b"a"), (b"EXEC",)]
    assert heard.message == RedisCommand(b"".join(map(command, whole)))
    assert said.plain


def test_what_is_queued_knows_what_it_is() -> None:
    """A server may refuse it before EXEC."""
    said = Said()
    for text in (b"SELECT 2", b"MULTI"):
        hear(said, text)
    assert hear(said, b"SET a 1").message == RedisCommand(
        command((b"SET", b"a", b"1")), 2, queued=True
    )


def test_what_is_wrong_with_a_transaction() -> None:
    """Refused whatever else is said; nothing is queued or ended by it."""
    said = Said()
    assert hear(said, b"DISCARD").wrong
    assert not hear(said, b"MULTI").wrong
    assert hear(said, b"MULTI").wrong
    assert hear(said, b"WATCH a").wrong
    assert hear(said, b"EXEC").message == RedisCommand(command((b"MULTI",)) + command((b"EXEC",)))


def test_a_discarded_transaction_was_none() -> None:
    """DISCARD and RESET leave nothing queued."""
    for end in (b"DISCARD", b"RESET"):
        said = Said()
        hear(said, b"MULTI")
        hear(said, b"SET a 1")
        assert not said.plain
        hear(said, end)
        assert said.plain
        assert hear(said, b"GET a").means is Means.CALL


def test_plain_is_how_a_connection_begins() -> None:
    """Another version, database or an empty transaction is another state."""
    for text in (b"HELLO 3", b"SELECT 1", b"MULTI"):
        said = Said()
        assert said.plain
        hear(said, text)
        assert not said.plain


def test_what_is_not_followed() -> None:
    """MONITOR and silenced replies end what we can pair."""
    assert hear(Said(), b"MONITOR").means is Means.UNFOLLOWED
    assert hear(Said(), b"CLIENT reply OFF").means is Means.UNFOLLOWED
    assert hear(Said(), b"CLIENT REPLY ON").means is Means.SESSION


def test_who_names_other_servers_is_not_followed() -> None:
    """A client would go to them, past us; what a cluster says of its state is a call."""
    assert hear(Said(), b"CLUSTER slots").means is Means.UNFOLLOWED
    assert hear(Said(), b"SENTINEL get-master-addr-by-name main").means is Means.UNFOLLOWED
    assert hear(Said(), b"CLUSTER INFO").means is Means.CALL
