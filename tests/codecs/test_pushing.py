"""What others published becomes a message, and is read out of it again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.base import Published, Pushed
from ci_gate.codecs.pushing import as_message, published_by
from ci_gate.model.message import HttpRequest, PgStatement, RedisCommand

CHANNELS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=60)


@given(CHANNELS, st.binary(max_size=200))
def test_redis(channel: str, data: bytes) -> None:
    """Any channel and any bytes."""
    topic = channel.encode()
    assert published_by(as_message("redis", Pushed(topic, data))) == (Published(topic, data),)


@given(CHANNELS, st.binary(max_size=200))
def test_postgres(channel: str, data: bytes) -> None:
    """Any channel and any bytes, also those that are no text."""
    topic = channel.encode()
    assert published_by(as_message("postgres", Pushed(topic, data))) == [Published(topic, data)]


def test_a_channel_of_a_shard() -> None:
    """It is published to as one (SPUBLISH)."""
    message = as_message("redis", Pushed(b"s:news", b"1"))
    assert isinstance(message, RedisCommand)
    assert b"SPUBLISH\r\n$4\r\nnews" in bytes(message.body)  # type: ignore[arg-type]  # bytes
    assert published_by(message) == (Published(b"s:news", b"1"),)


@pytest.mark.parametrize("message", [HttpRequest("GET", b"/"), PgStatement("SELECT 1")])
def test_what_publishes_nothing(message: HttpRequest | PgStatement) -> None:
    """Other messages."""
    assert list(published_by(message)) == []
