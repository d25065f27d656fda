"""Calling the command line in process, in a folder of its own, with fake verbs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_gate.cli.main import execute
from ci_gate.model.result import Counts, Environment, Evaluation, Outcome, Result, Run, Verdict


class Called(msgspec.Struct):
    """What a command line gave: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


Call = Callable[..., Called]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """`call("run", "--json")` in an empty folder named shop."""
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "CI_GATE_DEBUG", "CI_GATE_REDACTION_KEY"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Called:
        code = execute(arguments)
        captured = capsys.readouterr()
        return Called(code, captured.out, captured.err)

    return run


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """`fake("run", result, *events)`: that verb emits the events and returns (or raises) the
    result; the options it gets are appended to the list that is returned."""

    def install(verb: str, result: object, *events: Any) -> list[Any]:
        seen: list[Any] = []

        async def pretend(options: Any, sink: Callable[[Any], None]) -> object:
            seen.append(options)
            for event in events:
                sink(event)
            if isinstance(result, BaseException):
                raise result
            return result

        monkeypatch.setattr(f"ci_gate.gate.{verb}.{verb}", pretend)
        return seen

    return install


def make_result(outcome: Outcome = "pass") -> Result:
    """A result with two conditions."""
    conditions = ("latency.p95 > 50", "requests.failed > 0")
    evaluations = tuple(
        Evaluation(condition=text, outcome="pass", observed="0") for text in conditions
    )
    return Result(
        service="shop",
        verdict=Verdict(outcome=outcome, evaluations=evaluations),
        runs=(Run(counts=Counts(total=2, succeeded=2, answered=2, matching=2)),),
        environment=Environment(version="0"),
    )


@pytest.fixture
def result() -> Callable[[Outcome], Result]:
    """`result("fail")`: a result with that verdict."""
    return make_result
