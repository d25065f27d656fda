"""What shards have kept, as the evidence of one run."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ci_gate.config.options import RunOptions
from ci_gate.errors import UsageError
from ci_gate.gate.judging.judged import About, Evidence
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.planning import make_plan
from ci_gate.gate.shards.merging import evidence_of_shards
from ci_gate.model.difference import Difference
from ci_gate.model.result import ShardPart
from ci_gate.model.shard import Basis, CallCounts, Kept, Shard, Standing
from ci_gate.service.options import ServiceOptions

BASIS = Basis(version="1", snapshot="", settings="")
GONE = Difference(change="missing", group="startup", dependency="payments", call="GET /health")
NEW = Difference(change="unexpected", group="startup", dependency="payments", call="GET /flags")


def shard(index: int, exchange: str, **more: Any) -> Shard:
    """One of two, with one exchange."""
    part = ShardPart(index=index, count=2)
    kept = Kept(exchange=exchange, answered=True, latency=index)
    given: dict[str, Any] = {"exchanges": (kept,), "measured": True, "booted": True, **more}
    return Shard(part=part, basis=BASIS, **given)


def evidence(folder: str, *shards: Shard) -> Evidence:
    """Of the shards of the small snapshot."""
    options = RunOptions(snapshot=folder, service=ServiceOptions(name="x"))
    about = About(mode="run", service="x", snapshot=folder, config="", folder="")
    return evidence_of_shards(shards, make_plan(options), about, Cleaning(options))


def two(**more: Any) -> tuple[Shard, Shard]:
    """Both shards alike."""
    return shard(1, "aaaa1111-1", **more), shard(2, "bbbb1111-1", **more)


def test_every_exchange_comes_from_exactly_one_shard(snapshot_folder: str) -> None:
    """In recorded order; one that is nowhere, or in two shards, is refused by its name."""
    found = evidence(snapshot_folder, shard(1, "bbbb1111-1"), shard(2, "aaaa1111-1"))
    assert [(one.step.exchange.id, one.latency) for one in found.steps] == [
        ("aaaa1111-1", 2),
        ("bbbb1111-1", 1),
    ]
    with pytest.raises(UsageError, match=r"bbbb1111-1 .* is in no shard"):
        evidence(snapshot_folder, shard(1, "aaaa1111-1"))
    with pytest.raises(UsageError, match="aaaa1111-1 is in two shards"):
        evidence(snapshot_folder, shard(1, "aaaa1111-1"), shard(2, "aaaa1111-1"))


def test_what_every_shard_calls_again_counts_once(snapshot_folder: str) -> None:
    """Calls of exchanges add up; those of startup are the same in each."""
    standing = Standing(calls=CallCounts(matched=2, unexpected=1), differences=(NEW,), redacted=3)
    shards = two(calls=CallCounts(matched=5, changed=1), standing=standing, redacted=10)
    found = evidence(snapshot_folder, *shards)
    assert found.calls is not None
    assert (found.calls.matched, found.calls.unexpected, found.calls.changed) == (12, 1, 2)
    assert found.calls.differences == (NEW,)
    assert found.equality.count == 23


def test_missing_at_startup_is_what_no_shard_has_called(snapshot_folder: str) -> None:
    """One that called it late is enough; one that never came up says nothing."""
    one, other = two(standing=Standing(differences=(GONE,)))
    found = evidence(snapshot_folder, one, other)
    assert found.calls is not None
    assert (found.calls.missing, found.calls.differences) == (1, (GONE,))
    called = msgspec.structs.replace(other, standing=Standing())
    found = evidence(snapshot_folder, one, called)
    assert found.calls is not None
    assert (found.calls.missing, found.calls.differences) == (0, ())
    dead = msgspec.structs.replace(called, booted=False)
    found = evidence(snapshot_folder, one, dead)
    assert found.calls is not None
    assert found.calls.missing == 1


def test_unused_is_what_no_shard_was_answered_with(snapshot_folder: str) -> None:
    """Over all shards, startup included."""
    one, other = shard(1, "aaaa1111-1", answers=("cccc1111-1",)), shard(2, "bbbb1111-1")
    found = evidence(snapshot_folder, one, other)
    assert found.calls is not None
    assert found.calls.unused == 2


def test_what_all_say_is_said_once(snapshot_folder: str) -> None:
    """And what one says, with its name; the service's failures too."""
    one = shard(1, "aaaa1111-1", notices=("same", "mine"), failure="dead")
    other = shard(2, "bbbb1111-1", notices=("same",), failure="")
    found = evidence(snapshot_folder, one, other)
    assert found.notices == ("same", "shard 1/2: mine")
    assert found.failure == "shard 1/2: dead"
    again = msgspec.structs.replace(other, failure="dead")
    assert evidence(snapshot_folder, one, again).failure == "dead"


def test_nothing_measured_is_not_measured(snapshot_folder: str) -> None:
    """Without calls compared anywhere there are no figures of calls."""
    assert evidence(snapshot_folder, *two(measured=False)).calls is None
