"""`ci-gate merge`, and `run --shard`: from flags to options, from verdict to exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_gate.model.result import ShardPart


@pytest.fixture
def merging(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], list[Any]]:
    """`merging(result)`: the verb returns it; what it is given is appended to the list."""

    def install(result: Any) -> list[Any]:
        seen: list[Any] = []

        async def pretend(options: Any, folders: Any, sink: Any) -> Any:
            seen.append((options, folders))
            return result

        monkeypatch.setattr("ci_gate.gate.merge.merge", pretend)
        return seen

    return install


def test_flags_reach_the_verb(
    call: Callable[..., Any], merging: Callable[..., Any], result: Callable[[str], Any]
) -> None:
    """Every flag; no service is needed, and no shard is meant."""
    seen = merging(result("pass"))
    called = call(
        "merge", "a", "b", "--in", "s", "--fail-if", "latency.p95 > 50", "--warn-if",
        "latency.p99 > 50", "--out", "o", "--mode", "report", "--baseline", "old",
    )  # fmt: skip
    assert called.code == 0, called.err
    ((options, folders),) = seen
    assert folders == ("a", "b")
    assert (options.snapshot, options.out, options.baseline) == ("s", "o", "old")
    assert options.policy.fail_if == (("", "latency.p95 > 50"),)
    assert (options.report_only, options.shard) == (True, None)


@pytest.mark.parametrize(("outcome", "code"), [("pass", 0), ("fail", 1), ("inconclusive", 3)])
def test_verdicts(
    call: Callable[..., Any],
    merging: Callable[..., Any],
    result: Callable[[str], Any],
    outcome: str,
    code: int,
) -> None:
    """The verdict is the exit code, as of `run`."""
    merging(result(outcome))
    called = call("merge", "a")
    assert called.code == code
    assert outcome.upper() in called.out


def test_something_to_merge_has_to_be_named(call: Callable[..., Any]) -> None:
    """Without a run directory there is nothing to do, and one that is not there is exit code 2."""
    assert call("merge").code == 2
    assert "RUN_DIR" in call("merge").err


def test_a_shard_is_named_by_flag(
    call: Callable[..., Any],
    fake: Callable[..., list[Any]],
    result: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`run --shard`: as I/N or by GitLab's variables; with --only it is refused."""
    seen = fake("run", msgspec.structs.replace(result("pass"), shard=ShardPart(index=2, count=3)))
    called = call("run", "--shard", "2/3", "--", "x")
    assert "shard 2/3" in called.out
    monkeypatch.setenv("CI_NODE_INDEX", "3")
    monkeypatch.setenv("CI_NODE_TOTAL", "4")
    assert call("run", "--shard", "auto", "--", "x").code == 0
    assert call("run", "--", "x").code == 0
    assert [one.shard for one in seen] == [
        *(ShardPart(index=2, count=3), ShardPart(index=3, count=4), None)
    ]
    refused = call("run", "--shard", "1/3", "--only", "a", "--", "x")
    assert refused.code == 2
    assert "exclude each other" in refused.err


def test_the_run_directories_are_checked_by_the_real_verb(call: Callable[..., Any]) -> None:
    """A folder without a shard is a usage error that says what to give."""
    Path("empty").mkdir()
    called = call("merge", "empty", "--in", "nowhere")
    assert called.code == 2
