"""`ci-gate prove`: from flags to options, from the proof to the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_gate.gate.events import Progress, Stage
from ci_gate.model.proof import KindScore, Proof
from ci_gate.model.result import Verdict

PROVED = Proof(
    service="shop",
    score=0.99,
    applied=100,
    caught=99,
    unchanged_runs=5,
    false_alarms=0,
    minimum=0.95,
    verdict=Verdict(outcome="pass"),
    exchanges=7,
    kinds=(KindScore(kind="value-changed", applied=100, caught=99, by=("value",)),),
)


@pytest.fixture
def fake_prove(monkeypatch: pytest.MonkeyPatch) -> Callable[[Proof], list[Any]]:
    """`fake_prove(proof)`: the verb returns it; what it was given is appended to the list."""

    def install(proof: Proof) -> list[Any]:
        seen: list[Any] = []

        async def pretend(
            options: Any,
            sink: Callable[[Any], None],
            runs: int,
            minimum: float,
            places: int | None,
        ) -> Proof:
            seen.append((options, runs, minimum, places))
            sink(Stage("seeded", "100 regressions, one at a time"))
            sink(Progress(100, 100, 1))
            return proof

        monkeypatch.setattr("ci_gate.gate.prove.prove", pretend)
        return seen

    return install


def test_flags_reach_the_verb(call: Callable[..., Any], fake_prove: Callable[..., Any]) -> None:
    """Every flag; the folder of the file is where it works."""
    seen = fake_prove(PROVED)
    Path("sub").mkdir()
    Path("sub/gate.yml").write_text("version: 1\nservice: {command: [a]}")
    called = call(
        "prove", "-c", "sub/gate.yml", "--in", "s", "--app-port", "7", "--map", "p@1=http://a",
        "--runs", "2", "--min", "0.5", "--places", "9", "--only", "aa", "--out", "o",
        "--fail-if", "latency.p95 > 5", "--", "other", "--flag",
    )  # fmt: skip
    ((options, runs, minimum, places),) = seen
    assert called.code == 0
    assert (options.service.command, options.service.port) == (("other", "--flag"), 7)
    assert (options.snapshot, options.folder, options.out) == ("s", "sub", "o")
    assert (options.only, options.policy.fail_if) == (("aa",), (("", "latency.p95 > 5"),))
    assert (runs, minimum, places) == (2, 0.5, 9)


def test_five_runs_and_nineteen_of_twenty_unless_told(
    call: Callable[..., Any], fake_prove: Callable[..., Any]
) -> None:
    """The defaults that the page and the help name."""
    seen = fake_prove(PROVED)
    assert call("prove", "--", "x").code == 0
    assert seen[0][1:] == (5, 0.95, None)


@pytest.mark.parametrize(("outcome", "code"), [("pass", 0), ("fail", 1), ("inconclusive", 3)])
def test_the_exit_code_is_the_verdicts(
    call: Callable[..., Any], fake_prove: Callable[..., Any], outcome: str, code: int
) -> None:
    """In JSON too."""
    verdict = msgspec.convert({"outcome": outcome, "reasons": ("why",)}, Verdict)
    fake_prove(msgspec.structs.replace(PROVED, verdict=verdict))
    assert call("prove", "--", "x").code == code
    assert call("prove", "--json", "--", "x").code == code


def test_the_table_and_the_json(call: Callable[..., Any], fake_prove: Callable[..., Any]) -> None:
    """The result is on stdout, for people or for scripts; progress is on stderr."""
    fake_prove(PROVED)
    called = call("prove", "--", "x")
    assert "99 of 100 seeded regressions caught" in called.out
    assert "seeded: 100 regressions" in called.err
    read = json.loads(call("prove", "--json", "--quiet", "--", "x").out)
    assert (read["score"], read["applied"], read["caught"]) == (0.99, 100, 99)
    assert (read["unchanged_runs"], read["false_alarms"]) == (5, 0)
