"""Which shard a job is."""

from __future__ import annotations

import pytest

from ci_gate.config.shards import shard_part
from ci_gate.errors import UsageError
from ci_gate.model.result import ShardPart


def test_what_names_a_shard() -> None:
    """I/N; none; and what GitLab's parallel: says."""
    assert shard_part("2/3", {}) == ShardPart(index=2, count=3)
    assert str(shard_part("2/3", {})) == "2/3"
    assert shard_part("", {"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "3"}) is None
    env = {"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "3"}
    assert shard_part("auto", env) == ShardPart(index=3, count=3)
    assert shard_part("auto", {"CI_NODE_TOTAL": "1"}) == ShardPart(index=1, count=1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0/3", "numbered from 1 to 3"),
        ("4/3", "numbered from 1 to 3"),
        ("1/0", "1 to 256 shards"),
        ("1/257", "1 to 256 shards"),
        ("1", "as 2/3"),
        ("1/3/5", "as 2/3"),
        ("-1/3", "as 2/3"),
        ("a/b", "as 2/3"),
        ("auto", "write --shard 2/3"),
    ],
)
def test_what_names_none(text: str, why: str) -> None:
    """Refused with what to write."""
    with pytest.raises(UsageError, match=why):
        shard_part(text, {})


def test_variables_that_cannot_be() -> None:
    """An index beyond the total names both variables."""
    with pytest.raises(UsageError, match="CI_NODE_INDEX=4, CI_NODE_TOTAL=3"):
        shard_part("auto", {"CI_NODE_INDEX": "4", "CI_NODE_TOTAL": "3"})
