"""Requests that wait."""

from __future__ import annotations

import pytest

from ci_gate.codecs.redis.resp import command
from ci_gate.codecs.waiting import waits
from ci_gate.model.message import HttpRequest, RedisCommand


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BLPOP queue 5", True),
        ("XREAD BLOCK 100 STREAMS s $", True),
        ("XREAD STREAMS s 0", False),
        ("GET BLPOP", False),
    ],
)
def test_commands_that_wait(text: str, expected: bool) -> None:
    """By their name; of reading a stream, only with BLOCK."""
    body = command(tuple(text.encode().split()))
    assert waits(RedisCommand(body)) is expected


def test_nothing_else_does() -> None:
    """Neither other protocols nor garbage."""
    assert not waits(HttpRequest("GET", b"/BLPOP"))
    assert not waits(RedisCommand(b"*1\r\n"))
