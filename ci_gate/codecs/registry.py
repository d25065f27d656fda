"""Codecs by the name a dependency's `protocol` gives."""

from __future__ import annotations

from functools import cache

from ci_gate.codecs.base import Codec
from ci_gate.errors import UsageError
from ci_gate.model.message import Message, PgResult, PgStatement, Raw, RedisCommand, RedisReply

PROTOCOLS = ("http", "raw", "redis", "postgres")
"""The names `codec` knows."""


def codec_of(message: Message) -> Codec:
    """The codec whose messages are of this kind."""
    if isinstance(message, Raw):
        return codec("raw")
    if isinstance(message, RedisCommand | RedisReply):
        return codec("redis")
    return codec("postgres" if isinstance(message, PgStatement | PgResult) else "http")


@cache
def codec(name: str) -> Codec:
    """The codec of a protocol; each is imported when it is first asked for.

    Raises UsageError for a name that is no protocol of ours.
    """
    if name == "http":
        from ci_gate.codecs.http1.codec import Http1

        return Http1()
    if name == "raw":
        from ci_gate.codecs.raw import RawCodec

        return RawCodec()
    if name == "postgres":
        from ci_gate.codecs.postgres.codec import Postgres

        return Postgres()
    if name == "redis":
        from ci_gate.codecs.redis.codec import Redis

        return Redis()
    known = ", ".join(PROTOCOLS)
    raise UsageError(f"protocol {name!r} is not known; protocols are: {known}")
