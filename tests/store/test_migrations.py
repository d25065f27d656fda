"""Older and newer snapshot formats."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ci_gate.errors import UsageError
from ci_gate.model.snapshot import FORMAT
from ci_gate.store import migrations, snapshot
from ci_gate.store.migrations import Files, migrate
from ci_gate.store.snapshot import read_snapshot


def from_0(files: Files) -> Files:
    """A made-up format 0 that called a route a path and wrote `entries`."""
    new = {}
    for path, data in files.items():
        form = msgspec.json.decode(data)
        if path == "snapshot.json":
            form["format"] = 1
        if path.startswith("inbound/"):
            form = {"route": form["path"], "exchanges": form["entries"]}
        new[path] = msgspec.json.encode(form)
    return new


def test_steps_run_in_order() -> None:
    """Each step turns one version into the next, from where the snapshot stands."""
    steps = {n: lambda files, n=n: {"log": files["log"] + bytes([n])} for n in range(3)}
    assert migrate({"log": b""}, 0, steps, 3) == {"log": b"\0\1\2"}
    assert migrate({"log": b""}, 2, steps, 3) == {"log": b"\2"}
    assert migrate({"log": b""}, 3, steps, 3) == {"log": b""}


def test_newer_and_unknown() -> None:
    """A newer format says so and what to do; one that never was says so, too."""
    with pytest.raises(UsageError, match=r"written by a newer ci-gate.*upgrade"):
        migrate({}, FORMAT + 1)
    with pytest.raises(UsageError, match="no ci-gate wrote snapshots of format 0"):
        migrate({}, 0)


def test_every_step_leads_on() -> None:
    """The table has no hole: from its oldest format every one up to the newest has a step."""
    assert set(migrations.STEPS) == set(range(min(migrations.STEPS, default=FORMAT), FORMAT))


def test_an_old_snapshot_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader migrates what it finds in memory and leaves the files alone."""
    (tmp_path / "inbound").mkdir()
    (tmp_path / "snapshot.json").write_bytes(b'{"format": 0, "service": "x"}')
    entry = b'{"id": "a-1", "request": {"method": "GET", "target": "/"}}'
    old = b'{"path": "GET /", "entries": [' + entry + b"]}"
    (tmp_path / "inbound" / "a.json").write_bytes(old)
    monkeypatch.setattr(snapshot, "migrate", lambda files, n: migrate(files, n, {0: from_0}))
    assert [e.route for e in read_snapshot(str(tmp_path)).inbound] == ["GET /"]
    assert (tmp_path / "inbound" / "a.json").read_bytes() == old
