"""A baseline: what an earlier run has, too, is not new; and what is no baseline is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_gate.errors import UsageError
from ci_gate.model.result import ShardPart
from ci_gate.store.runs import read_result
from ci_gate.store.snapshot import read_snapshot, write_snapshot


def kept(acting: Any, how: str, **more: Any) -> str:
    """A run, and its directory under another name."""
    acting.run(how, **more)
    folder = acting.folder / "baseline"
    shutil.copytree(acting.out, folder)
    return str(folder)


def edited(folder: str, **fields: Any) -> None:
    """Another result in a run directory."""
    path = Path(folder, "result.json")
    result = msgspec.structs.replace(read_result(str(path)), **fields)
    path.write_bytes(msgspec.json.encode(result))


def test_what_was_there_before_passes(acting: Any) -> None:
    """The same cause in the same exchanges is told as being in the baseline."""
    folder = kept(acting, "value")
    result = acting.run("value", baseline=folder)
    assert result.verdict.outcome == "pass", result.verdict.reasons
    assert [one.standing for one in result.causes] == ["before"]
    assert result.runs[0].counts.failed == 0


def test_a_shard_is_no_baseline(acting: Any) -> None:
    """What others of its run have is not in it."""
    folder = kept(acting, "value", shard=ShardPart(index=1, count=1))
    with pytest.raises(
        UsageError, match="is shard 1/1 of a run; a baseline is what `ci-gate merge`"
    ):
        acting.run("value", baseline=folder)


def test_what_is_new_fails(acting: Any) -> None:
    """Another cause is red whatever the baseline has."""
    result = acting.run("dropped", baseline=kept(acting, "value"))
    assert result.verdict.outcome == "fail"
    assert [one.standing for one in result.causes] == [""]


def test_a_baseline_without_differences_lets_nothing_pass(acting: Any) -> None:
    """Then everything is new."""
    assert acting.run("value", baseline=kept(acting, "")).verdict.outcome == "fail"


def test_the_same_in_more_exchanges_is_new_there(acting: Any) -> None:
    """What the baseline has passes where it has it, and is red elsewhere."""
    folder = kept(acting, "header")
    path = str(Path(folder, "result.json"))
    causes = read_result(path).causes
    fewer = tuple(msgspec.structs.replace(c, exchanges=c.exchanges[:2]) for c in causes)
    edited(folder, causes=fewer)
    result = acting.run("header", baseline=folder)
    assert result.verdict.outcome == "fail"
    standings = {one.standing: len(one.exchanges) for one in result.causes}
    assert standings == {"": 5, "before": 2}


def test_a_baseline_of_another_snapshot_is_refused(acting: Any) -> None:
    """With the exchange that is not there any more, before anything is started."""
    folder = kept(acting, "value")
    snapshot = read_snapshot(acting.snapshot)
    write_snapshot(acting.snapshot, msgspec.structs.replace(snapshot, inbound=snapshot.inbound[1:]))
    with pytest.raises(UsageError) as caught:
        acting.run("value", baseline=folder)
    assert "the snapshot has no exchange aa010000-1 (GET /json), which this run" in str(
        caught.value
    )
    assert "make the baseline with the snapshot as it is" in str(caught.value)


def test_a_baseline_of_an_edited_snapshot_is_refused(acting: Any) -> None:
    """The same ids with other expectations are not the same exchanges."""
    folder = kept(acting, "value")
    snapshot = read_snapshot(acting.snapshot)
    slower = msgspec.structs.replace(snapshot.inbound[0], took=99.0)
    changed = msgspec.structs.replace(snapshot, inbound=(slower, *snapshot.inbound[1:]))
    write_snapshot(acting.snapshot, changed)
    with pytest.raises(UsageError, match="as they were before the snapshot was edited"):
        acting.run("value", baseline=folder)


def test_what_is_no_baseline_is_refused(acting: Any, tmp_path: Path) -> None:
    """No run directory, another verb's, one without answers, one of another version."""
    with pytest.raises(UsageError, match="is this a run directory"):
        acting.run(baseline=str(tmp_path / "nothing"))
    folder = kept(acting, "value")
    result = read_result(str(Path(folder, "result.json")))
    edited(folder, mode="replay")
    with pytest.raises(UsageError, match="made by `ci-gate replay`"):
        acting.run(baseline=folder)
    edited(folder, mode="run", runs=())
    with pytest.raises(UsageError, match="nothing was answered"):
        acting.run(baseline=folder)
    older = tuple(msgspec.structs.replace(one, fingerprint="c0:12") for one in result.causes)
    edited(folder, runs=result.runs, causes=older)
    with pytest.raises(UsageError, match="C1: c0:12 is of another version"):
        acting.run(baseline=folder)
