"""Which commit of the user's project is checked out."""

from __future__ import annotations

from ci_gate.errors import CannotRun, UsageError
from ci_gate.gate.changes.revisions import Repository


def current_commit(folder: str) -> str:
    """The commit checked out in `folder`, whoever owns it, or "" where git does not say. `folder`
    "" asks for none."""
    if not folder:
        return ""
    try:
        return Repository(folder).commit("HEAD")
    except (UsageError, CannotRun):
        return ""
