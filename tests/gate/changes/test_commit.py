"""The commit that is checked out."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ci_gate.gate.changes.commit import current_commit
from tests.gate.clone import ALONE, Clone


def test_in_a_repository(tmp_path: Path) -> None:
    """The full hash of HEAD, also from a folder below."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.example"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    (tmp_path / "below").mkdir()
    assert current_commit(str(tmp_path / "below")) == head.stdout.strip()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root to chown")
def test_in_a_repository_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace that is mounted into a container has another owner there; git is not put off."""
    head = Clone(tmp_path / "clone").commit("one")
    for path in (tmp_path / "clone", *(tmp_path / "clone").rglob("*")):
        os.chown(path, 12345, 12345)
    for name, value in {**ALONE, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    plain = ["git", "-C", str(tmp_path / "clone"), "rev-parse", "HEAD"]
    refused = subprocess.run(plain, capture_output=True, text=True, check=False)
    assert "dubious ownership" in refused.stderr
    assert current_commit(str(tmp_path / "clone")) == head


def test_where_git_does_not_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No repository, no folder, no git: no commit, and no error."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert current_commit(str(tmp_path)) == ""
    assert current_commit(str(tmp_path / "absent")) == ""
    assert current_commit("") == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert current_commit(str(tmp_path)) == ""
