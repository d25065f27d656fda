"""Files by which a job of GitHub Actions speaks to its runner: its page, and its outputs."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping

PAGE_LIMIT = 1 << 20
"""Bytes: of a larger page GitHub shows nothing at all."""


def append_summary(env: Mapping[str, str], text: str) -> bool:
    """Add `text` to the job's page; False where there is none, or where it would not fit."""
    path = env.get("GITHUB_STEP_SUMMARY", "")
    data = text.encode("utf-8", "backslashreplace") + b"\n"
    if not path:
        return False
    try:
        there = os.path.getsize(path) if os.path.exists(path) else 0
        if there + len(data) >= PAGE_LIMIT:
            return False
        with open(path, "ab") as file:
            file.write(data)
    except OSError:
        return False
    return True


def write_outputs(env: Mapping[str, str], outputs: Mapping[str, str]) -> bool:
    """Set the step's outputs; False where there is no such file.

    Every value is between two lines that nothing else can hold, so that no value sets another.
    """
    path = env.get("GITHUB_OUTPUT", "")
    if not path:
        return False
    parts = []
    for name, value in outputs.items():
        end = f"ci-gate-{uuid.uuid4()}"
        parts.append(f"{name}<<{end}\n{value}\n{end}\n")
    try:
        with open(path, "ab") as file:
            file.write("".join(parts).encode("utf-8", "backslashreplace"))
    except OSError:
        return False
    return True
