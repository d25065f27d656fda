"""`ci-gate accept`: what it asks, prints and refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ci_gate.cli.main import execute
from tests.gate.accepts import files
from tests.gate.test_accept import Ran


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ran:
    """A run directory, in a folder with a configuration."""
    (tmp_path / "ci-gate.yml").write_text("version: 1\nsnapshot: snapshot\n")
    monkeypatch.chdir(tmp_path)
    return Ran(tmp_path).write()


def test_dry_run(ran: Ran, capsys: Any) -> None:
    """Shows what would change, and writes nothing."""
    before = files(ran)
    assert execute(["accept", "run", "C1", "--dry-run"]) == 0
    said = capsys.readouterr()
    assert "~ response.body.$.a, 2 exchanges" in said.out
    assert "nothing was written" in said.err
    assert files(ran) == before


def test_accepted(ran: Ran, capsys: Any) -> None:
    """With a reason; what is still red is named."""
    assert execute(["accept", "run", "C1", "--yes", "--reason", "as wanted"]) == 0
    assert "accepted C1; still red: C2" in capsys.readouterr().err
    assert any(b'"reason": "as wanted"' in data for data in files(ran).values())


def test_json(ran: Ran, capsys: Any) -> None:
    """For a program: causes, what is left, every change."""
    assert execute(["accept", "run", "--all", "--yes", "--reason", "x", "--json"]) == 0
    form = json.loads(capsys.readouterr().out)
    assert (form["causes"], form["left"], form["written"]) == (["C1", "C2"], [], True)
    assert len(form["changes"]) == 4


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["run", "C1", "--yes"], "say why with --reason"),
        (["run", "C1", "--reason", "x"], "give --yes"),
        (["run", "C1", "--yes", "--reason", "x" * 400], "one line of at most"),
        (["run"], "give causes"),
        (["run", "C1", "--all"], "give causes"),
        (["C1", "run"], "RUN_DIR comes first"),
        (["run", "C7", "--yes", "--reason", "x"], "there is no cause C7"),
        (["absent", "C1"], "is this a run directory"),
        (["C1"], "no run to accept"),
    ],
)
def test_refused(ran: Ran, arguments: list[str], match: str, capsys: Any) -> None:
    """Exit code 2, the reason and what to do; nothing is written."""
    before = files(ran)
    assert execute(["accept", *arguments]) == 2
    assert match in capsys.readouterr().err
    assert files(ran) == before
