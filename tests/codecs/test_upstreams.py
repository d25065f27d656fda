"""What is known of real servers."""

from __future__ import annotations

import pytest

from ci_gate.codecs.registry import PROTOCOLS
from ci_gate.codecs.upstreams import locked_out, speaks_tls_first
from ci_gate.model.message import HttpResponse, Message, RedisReply


def test_who_speaks_tls_first() -> None:
    """All but PostgreSQL."""
    assert {one for one in PROTOCOLS if not speaks_tls_first(one)} == {"postgres"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (RedisReply(b"-NOAUTH Authentication required.\r\n"), "NOAUTH Authentication required."),
        (RedisReply(b"-WRONGPASS no\r\n"), "WRONGPASS no"),
        (RedisReply(b"-NOPERM " + b"x" * 500 + b"\r\n"), "NOPERM " + "x" * 192),
        (RedisReply(b"-ERR no such key\r\n"), ""),
        (RedisReply(b"$7\r\n-NOAUTH\r\n"), ""),
        (HttpResponse(401), ""),
    ],
)
def test_who_is_locked_out(answer: Message, reason: str) -> None:
    """An error that any command would get, in short; what else a server says answers the call."""
    assert locked_out(answer) == reason
