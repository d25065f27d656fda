"""What commands do and which keys they name."""

from __future__ import annotations

import pytest

from ci_gate.codecs.redis.commands import effect, keys


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"GET k", [b"k"]),
        (b"MGET a b", [b"a", b"b"]),
        (b"MSET a 1 b 2", [b"a", b"b"]),
        (b"HSET h f v", [b"h"]),
        (b"BLPOP a b 0", [b"a", b"b"]),
        (b"RENAME a b", [b"a", b"b"]),
        (b"EVAL script 2 a b argument", [b"a", b"b"]),
        (b"EVAL script x a", []),
        (b"EVAL script", []),
        (b"ZUNIONSTORE to 2 a b WEIGHTS 1 2", [b"to", b"a", b"b"]),
        (b"XREAD COUNT 2 STREAMS s t 0 0", [b"s", b"t"]),
        (b"XREAD COUNT 2", []),
        (b"BITOP AND to a b", [b"to", b"a", b"b"]),
        (b"OBJECT ENCODING k", [b"k"]),
        (b"FLUSHALL", [b"*"]),
        (b"PUBLISH channel text", [b"channel"]),
        (b"INFO server", []),
        (b"JSON.SET doc $ 1", [b"doc"]),
    ],
)
def test_keys(said: bytes, expected: list[bytes]) -> None:
    """By the key positions that Redis itself gives; a module's command by its first argument."""
    assert list(keys(said.split())) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"GET", "read"),
        (b"SET", "write"),
        (b"MULTI", "session"),
        (b"SUBSCRIBE", "session"),
        (b"PUBLISH", "write"),
        (b"UNHEARD.OF", "write"),
    ],
)
def test_effect(name: bytes, expected: str) -> None:
    """What nobody knows writes: a missing one is red."""
    assert effect(name) == expected
