"""Explaining a cause of a run directory: the latest, a given one, a downloaded one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.explain import ExplainOptions, explained
from ci_gate.report.explain import BYTES, text


def test_a_real_run_is_explained(acting: Any) -> None:
    """What differed, the calls of that request and what it printed, out of the run directory."""
    acting.run("write-dropped")
    made = explained(ExplainOptions(run=str(acting.out), cause="c1"))
    assert made.title == "POST /audit (greetings) no longer called"
    assert [(one.recorded, one.made, one.change) for one in made.calls] == [
        ("POST /audit", "", "missing")
    ]
    assert made.recorded_in.endswith(".json")
    assert made.commands["reproduce"].startswith("ci-gate run ")
    assert made.commands["accept"].startswith(f"ci-gate accept {acting.out} C1")


def test_the_latest_run_below_the_folder(acting: Any) -> None:
    """Without a run directory the latest one is meant."""
    acting.run("status", out="")
    made = explained(ExplainOptions(cause="C1", folder=str(acting.folder)))
    assert made.title == "status 200 became 500"


def test_no_run_yet(tmp_path: Path) -> None:
    """The remedy is named."""
    with pytest.raises(UsageError, match="run `ci-gate run` first"):
        explained(ExplainOptions(cause="C1", folder=str(tmp_path)))


def test_a_cause_that_is_not_there(acting: Any) -> None:
    """The causes there are, or that there is none."""
    acting.run("status")
    with pytest.raises(UsageError, match="no cause C9; it has C1"):
        explained(ExplainOptions(run=str(acting.out), cause="C9"))
    acting.run()
    with pytest.raises(UsageError, match="no cause to explain: pass"):
        explained(ExplainOptions(run=str(acting.out), cause="C1"))


HOSTILE = {
    "gone": None,
    "empty": b"",
    "not JSON": b"hello",
    "another schema": b'{"id": "x", "evil": 1}\n',
    "deep": b"[" * 100_000,
    "one long line": b"x" * 5_000_000,
    "binary": bytes(range(256)) * 100,
    "many lines": b"{}\n" * 1000,
}


@pytest.mark.parametrize("how", HOSTILE)
def test_a_broken_exchanges_file_costs_only_what_it_holds(acting: Any, how: str) -> None:
    """The cause is still explained, and a note says what is not at hand."""
    acting.run("status")
    path = acting.out / "exchanges.jsonl"
    path.unlink()
    data = HOSTILE[how]
    if data is not None:
        path.write_bytes(data)
    made = explained(ExplainOptions(run=str(acting.out), cause="C1"))
    assert made.title == "status 200 became 500"
    assert "not at hand" in made.notes[0]
    assert len(text(made).encode()) <= BYTES


@pytest.mark.parametrize("data", [b"", b"[]", b"[" * 50_000, b'{"format": 99}', b"x" * 6_000_000])
def test_a_broken_result_is_refused(acting: Any, data: bytes) -> None:
    """No traceback: the file is named with what is wrong."""
    acting.run("status")
    (acting.out / "result.json").write_bytes(data)
    with pytest.raises(UsageError, match=r"result\.json"):
        explained(ExplainOptions(run=str(acting.out), cause="C1"))


def test_a_downloaded_run_needs_nothing_else(acting: Any, tmp_path: Path) -> None:
    """Moved to another machine, without the snapshot it was made with."""
    acting.run("leaks")
    there = tmp_path / "downloaded"
    shutil.move(acting.out, there)
    shutil.rmtree(acting.snapshot)
    made = explained(ExplainOptions(run=str(there), cause="C1"))
    assert made.calls or made.differences
    assert "ada@corp.example" not in text(made)
