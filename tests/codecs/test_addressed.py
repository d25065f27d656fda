"""Our own addresses in messages of every protocol."""

from __future__ import annotations

from ci_gate.codecs.addressed import with_change, with_live, with_names
from ci_gate.codecs.redis.resp import command, dump
from ci_gate.codecs.registry import codec
from ci_gate.model.message import HttpRequest, PgStatement, RedisCommand, RedisReply
from ci_gate.values.addresses import Addresses

THEN = Addresses({"payments": ("127.0.0.1:9",)})
NOW = Addresses({"payments": ("127.0.0.1:40123",)})


def test_http_is_changed_in_its_bytes() -> None:
    """As before."""
    request = HttpRequest("GET", b"/?to=http://127.0.0.1:9/x")
    named = with_names(codec("http"), request, THEN)
    assert named == HttpRequest("GET", b"/?to=http://{payments}/x")


def test_redis_strings_keep_their_lengths_true() -> None:
    """A cached URL is a name in the snapshot, and the live address when it is answered."""
    redis = codec("redis")
    reply = RedisReply(dump([b"http://127.0.0.1:9/x", 1]))
    named = with_names(redis, reply, THEN)
    assert named == RedisReply(dump([b"http://{payments}/x", 1]))
    live = with_live(redis, named, NOW)
    assert live == RedisReply(dump([b"http://127.0.0.1:40123/x", 1]))


def test_what_names_no_address_is_the_same_object() -> None:
    """Nothing is made anew for nothing."""
    redis = codec("redis")
    request = RedisCommand(command((b"GET", b"k")))
    assert with_names(redis, request, THEN) is request


def test_any_change_of_text() -> None:
    """A token that a session store keeps: in a Redis string, in a parameter, in a row; lengths stay
    true, and what has none of it is the same object."""

    def change(data: bytes) -> bytes:
        return data.replace(b"recorded", b"live")

    redis, postgres = codec("redis"), codec("postgres")
    request = RedisCommand(command((b"GET", b"session:recorded")))
    assert with_change(redis, request, change) == RedisCommand(command((b"GET", b"session:live")))
    asked = PgStatement("SELECT 1 FROM sessions WHERE token = $1", ("recorded", None, b"\0"))
    assert with_change(postgres, asked, change).params == ("live", None, b"\0")  # type: ignore[union-attr]  # as made
    other = PgStatement("SELECT 1", ("x",))
    assert with_change(postgres, other, change) is other
    plain = HttpRequest("GET", b"/")
    assert with_change(codec("http"), plain, change) is plain
