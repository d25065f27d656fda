"""Database mocks of Keploy, heard by our own codecs."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.model.message import RedisCommand, RedisReply
from ci_gate.store.formats.found import Found, Item, Lost, Skipped
from ci_gate.store.formats.keploydata import Databases, times
from ci_gate.store.formats.messages import Bad


def said(*texts: str) -> list[dict[str, Any]]:
    """Messages of one side."""
    return [{"origin": "x", "message": [{"type": "utf-8", "data": text}]} for text in texts]


def redis(asked: list[dict[str, Any]], answered: list[dict[str, Any]]) -> list[Item]:
    """What a Redis mock gives."""
    spec = {
        "metadata": {"destAddr": "cache:6380"},
        "RedisRequests": asked,
        "redisResponses": answered,
    }
    databases = Databases()
    taken = databases.take("Redis", {"spec": spec, "connectionId": "4"}, "x", ("t",))
    return [*taken, *databases.finish()]


def test_redis() -> None:
    """A command and its reply."""
    (one,) = redis(said("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"), said("$1\r\nv\r\n"))
    assert isinstance(one, Found)
    assert isinstance(one.request, RedisCommand)
    assert one.response == RedisReply(b"$1\r\nv\r\n")
    assert (one.host, one.port, one.causes, one.session) == ("cache", 6380, ("t",), "redis 4")


def test_what_is_no_exchange() -> None:
    """What the codec answers by itself, and what was never answered, is told."""
    (one,) = redis(said("*1\r\n$4\r\nPING\r\n"), said("+PONG\r\n"))
    assert isinstance(one, Lost | Found)
    items = redis(said("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"), [])
    assert [type(one) for one in items] == [Skipped]
    with pytest.raises(Bad):
        redis([{"message": [{}]}], [])


def test_times() -> None:
    """Old and new spellings."""
    assert times({"reqtimestampmock": "1970-01-01T00:00:01Z"}) == (1.0, 0.0)
    spelled = {
        "reqTimestampMock": "1970-01-01T00:00:01Z",
        "resTimestampMock": "1970-01-01T00:00:02Z",
    }
    assert times(spelled) == (1.0, 1000.0)
    assert times(None) == (None, 0.0)
