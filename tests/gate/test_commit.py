"""The commit that is checked out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ci_gate.gate.commit import current_commit


def test_in_a_repository(tmp_path: Path) -> None:
    """The full hash of HEAD, also from a folder below."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.example"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    (tmp_path / "below").mkdir()
    assert current_commit(str(tmp_path / "below")) == head.stdout.strip()


def test_where_git_does_not_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No repository, no folder, no git: no commit, and no error."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert current_commit(str(tmp_path)) == ""
    assert current_commit(str(tmp_path / "absent")) == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert current_commit(str(tmp_path)) == ""
