"""`ci-gate redact`: what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ci_gate.cli.main import execute
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.snapshot import Origin, Snapshot
from ci_gate.store.snapshot import write_snapshot

EMAIL = "jane@mail.example"


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and a snapshot of one exchange that holds an address."""
    (tmp_path / "ci-gate.yml").write_text("version: 1\nsnapshot: snapshot\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CI_GATE_REDACTION_KEY", "ab" * 32)
    one = Exchange(
        id="aaaa000001-1", route="GET /a", at=1.0, took=0.1,
        request=HttpRequest("GET", b"/a?mail=" + EMAIL.encode()), response=HttpResponse(200),
    )  # fmt: skip
    write_snapshot("snapshot", Snapshot(origin=Origin(service="s"), inbound=(one,)))
    return tmp_path / "snapshot"


def test_check_then_redact(snapshot: Path, capsys: Any) -> None:
    """1 while something is there, with place and kind and no value; 0 when it is gone."""
    assert execute(["redact", "--check"]) == 1
    out = capsys.readouterr().out
    assert "aaaa000001-1 request.query.mail: ‹email›, 17 characters (by form)" in out
    assert "1 value to redact" in out
    assert EMAIL not in out
    assert execute(["redact", str(snapshot)]) == 0
    assert "1 value replaced" in capsys.readouterr().out
    assert execute(["redact", "--check", "--quiet", "snapshot/inbound/x.json"]) == 0
    assert "clean" in capsys.readouterr().out


def test_the_key_of_the_state_folder(snapshot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the environment has no key, it is made where `record` makes it, and used again."""
    state = snapshot.parent / "state"
    monkeypatch.delenv("CI_GATE_REDACTION_KEY")
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    assert execute(["redact", "--check"]) == 1
    assert not state.exists()
    assert execute(["redact"]) == 0
    (made,) = (path for path in state.rglob("*") if path.is_file())
    key = made.read_text()
    assert execute(["redact"]) == 0
    assert made.read_text() == key


def test_json(snapshot: Path, capsys: Any) -> None:
    """For a program: counts by kind, place and rule."""
    assert execute(["redact", "--check", "--json"]) == 1
    form = json.loads(capsys.readouterr().out)
    assert form["counts"]["place"] == {"request.query.mail": 1}
    assert form["leaks"][0]["kind"] == "email"
    assert EMAIL not in json.dumps(form)


def test_usage(snapshot: Path, capsys: Any) -> None:
    """What cannot be meant is exit code 2."""
    assert execute(["redact", "--check", "--replay"]) == 2
    assert execute(["redact", "nowhere"]) == 2
    assert "no snapshot" in capsys.readouterr().err
