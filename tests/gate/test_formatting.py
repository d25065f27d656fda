"""`fmt`, and git's merge driver at work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from ci_gate.errors import CannotRun
from ci_gate.gate.events import ignore
from ci_gate.gate.formatting import format_snapshot, install, merge_files
from ci_gate.store.snapshot import digest, read_snapshot, write_snapshot
from tests.store.formats.exchanges import exchange, snapshot


def test_fmt(tmp_path: Path) -> None:
    """What was written by hand becomes what we write, and stays the same snapshot."""
    folder = str(tmp_path / "s")
    write_snapshot(folder, snapshot())
    before = digest(folder)
    assert format_snapshot(folder, ignore, check=True).changed == ()
    path = next(Path(folder, "inbound").iterdir())
    name = f"inbound/{path.name}"
    path.write_bytes(msgspec.json.format(path.read_bytes(), indent=8))
    assert format_snapshot(folder, ignore, check=True).changed == (name,)
    assert digest(folder) != before
    assert format_snapshot(folder, ignore, check=False).changed == (name,)
    assert digest(folder) == before


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A git command in a repository of its own."""
    bin_ = folder / "bin"
    env = {**os.environ, "HOME": str(folder), "PATH": f"{bin_}:{os.environ['PATH']}"}
    return subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments],
        cwd=folder, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_git_merges(tmp_path: Path) -> None:
    """Two branches add to the same file: git merges them by the driver, and the snapshot is whole."""
    (tmp_path / "bin").mkdir()
    tool = tmp_path / "bin" / "ci-gate"
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ci_gate "$@"\n')
    tool.chmod(0o755)
    (tmp_path / ".gitignore").write_text("bin\n")
    git(tmp_path, "init", "-q", "-b", "main")
    install(str(tmp_path))
    folder = str(tmp_path / "s")
    first = snapshot()

    def commit(text: str, *more: tuple[str, bytes, float]) -> None:
        added = tuple(
            msgspec.structs.replace(exchange(name, target, at=at), route="GET /orders/7")
            for name, target, at in more
        )
        write_snapshot(folder, msgspec.structs.replace(first, inbound=(*first.inbound, *added)))
        git(tmp_path, "add", "-A")
        assert git(tmp_path, "commit", "-qm", text).returncode == 0

    commit("base")
    git(tmp_path, "checkout", "-qb", "other")
    commit("other", ("dd01-1", b"/orders/7?other", 50.0))
    git(tmp_path, "checkout", "-q", "main")
    commit("main", ("dd02-1", b"/orders/7?main", 60.0))
    merged = git(tmp_path, "merge", "-q", "--no-edit", "other")
    assert merged.returncode == 0, merged.stdout + merged.stderr
    names = {one.id for one in read_snapshot(folder).inbound}
    assert names == {"aa01-1", "aa02-1", "aa03-1", "dd01-1", "dd02-1"}
    assert format_snapshot(folder, ignore, check=True).changed == ()


def test_what_cannot_be_merged(tmp_path: Path) -> None:
    """A file that is no JSON is a conflict and stays; no repository is told."""
    for name in "abc":
        (tmp_path / name).write_text(f"<<<< {name}")
    paths = [str(tmp_path / name) for name in "abc"]
    assert merge_files(*paths) == ("the whole file, which is no JSON",)
    assert (tmp_path / "b").read_text() == "<<<< b"
    with pytest.raises(CannotRun, match="no git repository"):
        install(str(tmp_path))
