"""`ci-gate forget`: what it asks and prints."""

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
    """A snapshot of two requests, in a folder with a configuration."""
    (tmp_path / "ci-gate.yml").write_text("version: 1\nsnapshot: snapshot\n")
    monkeypatch.chdir(tmp_path)
    return Ran(tmp_path)


def test_shown_asked_and_written(ran: Ran, capsys: Any) -> None:
    """Nothing goes without --yes where nobody can be asked."""
    before = files(ran)
    assert execute(["forget", "request.target == '/a?n=1'", "--dry-run"]) == 2
    assert execute(["forget", "GET /a", "--dry-run"]) == 2  # nothing would be left
    assert execute(["forget", "GET /zzz"]) == 2
    assert files(ran) == before
    assert "nothing would be left" in capsys.readouterr().err


def test_json(ran: Ran, capsys: Any) -> None:
    """For a program."""
    for name, exchange in zip(("aaaa1111-1", "bbbb2222-1"), ran.exchanges, strict=True):
        text = Path(ran.snapshot, "inbound").rglob("*.json")
        for path in (*text, *Path(ran.snapshot, "outbound").rglob("*.json")):
            path.write_text(path.read_text().replace(f'"{exchange.id}"', f'"{name}"'))
    assert execute(["forget", "aaaa1111"]) == 2
    assert "give --yes" in capsys.readouterr().err
    assert execute(["forget", "aaaa1111", "--yes", "--json"]) == 0
    form = json.loads(capsys.readouterr().out)
    assert form["written"]
    assert [one["id"] for one in form["gone"]] == ["aaaa1111-1"]
    assert form["gone"][0]["calls"] == ["pay POST /pay"]
