"""Exit codes say whose problem it is: docs/exit-codes.md, row by row."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def edit(path: Path, old: str, new: str) -> None:
    """Change a file's text; the old must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_pass(small: Any) -> None:
    """0: the service is unchanged."""
    done = small("run", "--out", "run")
    assert done.code == 0, done.text
    assert small.result()["verdict"]["outcome"] == "pass"


@pytest.mark.parametrize("how", ["changed", "dead", "garbage"])
def test_failed(small: Any, how: str) -> None:
    """1: it answers something else, does not start, or answers what is no HTTP."""
    edit(small.folder / "ci-gate.yml", "timeout: 10s", "timeout: 2s")
    done = small("run", "--out", "run", SMALL=how)
    assert done.code == 1, done.text


def test_never_ready(small: Any) -> None:
    """1: a service that never gets ready is the change's fault until shown otherwise."""
    edit(small.folder / "ci-gate.yml", "timeout: 10s", "timeout: 1s")
    done = small("run", "--out", "run", SMALL="mute")
    assert done.code == 1, done.text
    assert "ready" in done.text


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("version: 1", "version: 1\nsnapshto: x", "snapshto"),
        ("version: 1", "version: 2", "version"),
        ("version: 1", "version: [", "ci-gate.yml"),
        ("port: auto", "port: automatic", "service.port"),
        ("${service.port}", "${service.prot}", "service.prot"),
        ("ready: {", 'rules: [{at: "response.body"}]\n  ready: {', "rules"),
    ],
)
def test_configuration(small: Any, old: str, new: str, says: str) -> None:
    """2: what is wrong with ci-gate.yml is named, and nothing is started."""
    edit(small.folder / "ci-gate.yml", old, new)
    done = small("run", "--out", "run", SMALL_TOUCH="touched")
    assert done.code == 2, done.text
    assert says in done.err
    assert not (small.folder / "touched").exists()


@pytest.mark.parametrize(
    "args",
    [("run", "--nonsense"), ("rnu",), ("run", "--in", "absent"), ("run", "--only", "zzzz")],
)
def test_usage(small: Any, args: tuple[str, ...]) -> None:
    """2: an unknown flag, command, snapshot or exchange."""
    done = small(*args)
    assert done.code == 2, done.text
    assert "Traceback" not in done.text


def test_unreadable_snapshot(small: Any) -> None:
    """2: a truncated file of the snapshot is named; a newer format says so."""
    folder = small.folder / "snapshots" / "small"
    file = next((folder / "inbound").iterdir())
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole[: len(whole) // 2], encoding="utf-8")
    done = small("run", "--out", "run")
    assert done.code == 2, done.text
    assert file.name in done.err
    file.write_text(whole, encoding="utf-8")
    head = json.loads((folder / "snapshot.json").read_text(encoding="utf-8"))
    (folder / "snapshot.json").write_text(json.dumps({**head, "format": 99}), encoding="utf-8")
    done = small("run", "--out", "run")
    assert done.code == 2, done.text
    assert "99" in done.err


def test_nothing_to_replay(small: Any) -> None:
    """3: a snapshot with nothing inbound is inconclusive, never green."""
    shutil.rmtree(small.folder / "snapshots" / "small" / "inbound")
    shutil.rmtree(small.folder / "snapshots" / "small" / "outbound")
    (small.folder / "snapshots" / "small" / "bindings.json").unlink(missing_ok=True)
    done = small("run", "--out", "run")
    assert done.code == 3, done.text


def test_target_that_is_not_there(small: Any, free_port: Callable[[], int]) -> None:
    """3: `replay` against a port where nobody listens."""
    done = small("replay", "--target", f"http://127.0.0.1:{free_port()}", "--out", "run")
    assert done.code == 3, done.text


def test_port_in_use(small: Any, upstream: int) -> None:
    """3: a port that is taken is named with its holder."""
    edit(small.folder / "ci-gate.yml", "port: auto", f"port: {upstream}")
    done = small("run", "--out", "run")
    assert done.code == 3, done.text
    assert str(upstream) in done.err


def test_recording_over_a_snapshot_is_refused(small: Any) -> None:
    """2: a snapshot that is there needs --add or --replace."""
    done = small("record", "--in-port", "0", "--out-port", "0", "--drive", "true")
    assert done.code == 2, done.text
    assert "--replace" in done.err


def test_the_drivers_code_is_passed_on(small: Any) -> None:
    """`record` ends with the code of what ended it."""
    done = small(*("record", "--in-port", "0", "--out-port", "0", "--replace", "--drive", "exit 9"))
    assert done.code == 9, done.text
