"""Replies in the other version."""

from __future__ import annotations

import pytest

from ci_gate.codecs.redis.reply import as_asked
from ci_gate.codecs.redis.resp import Typed, dump
from ci_gate.model.message import RedisReply


@pytest.mark.parametrize(
    ("three", "two"),
    [
        (Typed("%", [b"a", Typed(",", b"1.5")]), [b"a", b"1.5"]),
        ([1, Typed("_")], [1, None]),
        (Typed("_"), None),
        (Typed("~", [b"x"]), [b"x"]),
        (Typed("#", True), 1),
        (Typed("=", b"txt:hi"), b"hi"),
        (Typed("!", b"ERR x"), Typed("-", b"ERR x")),
        (Typed("(", b"123"), b"123"),
        (Typed("|", [[b"ttl", 1], b"v"]), b"v"),
        (Typed("-", b"ERR x"), Typed("-", b"ERR x")),
        (b"plain", b"plain"),
    ],
)
def test_three_said_in_two(three: object, two: object) -> None:
    """As a server of Redis 7 says it to a client of version 2."""
    assert as_asked(RedisReply(dump(three)), 2) == dump(two)


def test_two_said_in_three() -> None:
    """What it said, but for nulls and for names and values, which are a map there."""
    assert as_asked(RedisReply(dump(None)), 3) == dump(Typed("_"))
    paired = RedisReply(dump([b"a", b"1"]), paired=True)
    assert as_asked(paired, 3) == dump(Typed("%", [b"a", b"1"]))
    assert as_asked(RedisReply(dump([b"a", b"1"])), 3) == dump([b"a", b"1"])


@pytest.mark.parametrize("protocol", [2, 3])
def test_nobody_is_sent_on_to_another_node(protocol: int) -> None:
    """A recorded redirection leads past the mock, to a live server: it is refused instead."""
    for said in (b"-MOVED 3999 10.0.0.2:6381\r\n", b"-ASK 3999 10.0.0.2:6381\r\n"):
        answer = as_asked(RedisReply(said), protocol)
        assert answer.startswith(b"-ERR ci-gate: ")
        assert b"10.0.0.2" not in answer
