"""`ci-gate replay`: from flags to options, from verdict to exit code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_flags_reach_the_verb(
    call: Callable[..., Any], fake: Callable[..., list[Any]], result: Callable[[str], Any]
) -> None:
    """Every flag, repeatable ones in their order."""
    seen = fake("replay", result("pass"))
    call(
        "replay", "--in", "s", "--target", "http://localhost:1", "--fail-if", "latency.p95 > 50",
        "--fail-if", "requests.failed > 0", "--warn-if", "latency.p50 > 1", "--only", "a",
        "--only", "b", "--out", "o", "--", "x",
    )  # fmt: skip
    (options,) = seen
    assert (options.snapshot, options.target, options.out) == ("s", "http://localhost:1", "o")
    assert options.policy.fail_if == (("", "latency.p95 > 50"), ("", "requests.failed > 0"))
    assert options.policy.warn_if == (("", "latency.p50 > 1"),)
    assert (options.only, options.service.command) == (("a", "b"), ("x",))


@pytest.mark.parametrize(("outcome", "code"), [("pass", 0), ("fail", 1), ("inconclusive", 3)])
def test_verdicts(
    call: Callable[..., Any],
    fake: Callable[..., list[Any]],
    result: Callable[[str], Any],
    outcome: str,
    code: int,
) -> None:
    """The verdict is the exit code."""
    fake("replay", result(outcome))
    assert call("replay").code == code


def test_the_last_line_counts_the_conditions(
    call: Callable[..., Any], fake: Callable[..., list[Any]], result: Callable[[str], Any]
) -> None:
    """For each condition a mark, the condition and the value; then how many hold."""
    fake("replay", result("pass"))
    lines = call("replay").out.splitlines()
    assert lines[-1] == "2 EVALS PASSED"
    assert any("latency.p95 > 50" in line for line in lines)
