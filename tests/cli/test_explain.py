"""`ci-gate explain`: what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_gate.cli.main import execute
from ci_gate.model.difference import Cause, Difference
from ci_gate.model.result import Environment, Result, Verdict


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run directory with one cause, and its pointer as the latest."""
    one = Difference(change="status", exchange="e1", expected="200", actual="500")
    cause = Cause(
        id="C1", title="status 200 became 500", change="status", routes=("GET /a",),
        exchanges=("e1",), examples=(one,),
    )  # fmt: skip
    result = Result(
        service="orders", verdict=Verdict(outcome="fail"), causes=(cause,),
        environment=Environment(version="0"),
    )  # fmt: skip
    folder = tmp_path / ".ci-gate" / "runs" / "one"
    folder.mkdir(parents=True)
    (folder / "result.json").write_bytes(msgspec.json.encode(result))
    (folder.parent / "latest").symlink_to("one")
    return folder


def test_a_cause_of_the_latest_run(run: Path, monkeypatch: Any, capsys: Any) -> None:
    """`ci-gate explain C1` in the folder of the configuration."""
    monkeypatch.chdir(run.parent.parent.parent)
    assert execute(["explain", "C1"]) == 0
    assert capsys.readouterr().out.startswith("C1  status 200 became 500\n")


def test_a_given_run_as_json(run: Path, capsys: Any) -> None:
    """`ci-gate explain RUN_DIR C1 --json` is one JSON document."""
    assert execute(["explain", str(run), "C1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "status 200 became 500"


@pytest.mark.parametrize("arguments", [[], ["a", "b", "c"], ["C9"], ["nowhere", "C1"]])
def test_what_cannot_be_explained(run: Path, monkeypatch: Any, capsys: Any, arguments: Any) -> None:
    """Usage errors: exit code 2 and a line that says why."""
    monkeypatch.chdir(run.parent.parent.parent)
    assert execute(["explain", *arguments]) == 2
    assert capsys.readouterr().err.startswith(("ci-gate: ", "Usage: "))
