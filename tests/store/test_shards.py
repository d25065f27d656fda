"""shard.json: written, and read back with suspicion."""

from __future__ import annotations

import pytest

from ci_gate.errors import UsageError
from ci_gate.model.difference import Difference
from ci_gate.model.result import ShardPart
from ci_gate.model.shard import Basis, Kept, Shard, Standing
from ci_gate.store import shards
from ci_gate.store.shards import decode, encode

SHARD = Shard(
    part=ShardPart(index=2, count=3),
    basis=Basis(version="1", snapshot="a", settings="b", commit="c"),
    exchanges=(Kept(exchange="x", latency=7, differences=(Difference(change="type"),)),),
    standing=Standing(rules={1: 2}),
    rules={3: 4},
)


def test_what_is_written_is_read() -> None:
    """A shard survives."""
    assert decode(encode(SHARD), "shard.json") == SHARD


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a shard"),
        (b"[]", "not a shard"),
        (b'{"format": 2}', "has format 2"),
        (b'{"format": 1}', "not a shard"),
        (b'{"format": 1, "part": {"index": "1", "count": 2}}', "not a shard"),
        (encode(SHARD)[:-2], "not a shard"),
        (b'{"format":' * 100_000, "not a shard"),
        (b'{"format": "\xff"}', "not a shard"),
    ],
)
def test_what_is_none_is_refused(data: bytes, why: str) -> None:
    """Whatever it is, the file is named."""
    with pytest.raises(UsageError, match=rf"^runs/1/shard\.json: {why}"):
        decode(data, "runs/1/shard.json")


def test_what_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit, because it may come from anywhere."""
    monkeypatch.setattr(shards, "MOST_BYTES", 10)
    with pytest.raises(UsageError, match="larger than 10 bytes"):
        decode(b"{" * 11, "shard.json")
