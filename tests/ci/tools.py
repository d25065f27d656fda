"""Programs that check our files, and a visible skip where one is missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
NPM = TOP / "build" / "npm" / "node_modules" / ".bin"

ACTIONS = ["action.yml", "host/action.yml", "publish/action.yml"]
WORKFLOWS = sorted(
    str(path.relative_to(TOP))
    for folder in (TOP / ".github" / "workflows", TOP / "docs" / "workflows")
    for path in folder.glob("*.yml")
    if not path.name.startswith("gitlab")
)


def program(name: str) -> str:
    """The path of a program: of this environment, of npm's, of the system's; else a skip."""
    for path in (Path(sys.executable).parent / name, NPM / name):
        if path.exists():
            return str(path)
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: scripts/setup-tools")
    return found


def checked(command: Sequence[str], cwd: Path = TOP) -> str:
    """Run a checker: its output, and a failed assertion with it when it finds something."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
