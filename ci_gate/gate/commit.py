"""Which commit of the user's project is checked out."""

from __future__ import annotations

import contextlib
import subprocess


def current_commit(folder: str) -> str:
    """The commit checked out in `folder`, or "" where git does not say."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, timeout=5, check=True
        )
        return done.stdout.decode().strip()
    return ""
