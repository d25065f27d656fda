"""A line of the table, and what several measures need to make one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from bench.tools import CLIENT_CORE, GATE, pinned


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table; `theirs` and `ratio` are None where nobody else is measured."""

    metric: str
    ours: float
    theirs: float | None = None
    unit: str
    ratio: float | None = None
    target: str
    ok: bool


def config(folder: Path, text: str, name: str = "ci-gate.yml") -> None:
    """Write a configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"version: 1\n{text}")


def replay(
    folder: Path, configuration: str, snapshot: Path, port: int, *, passes: bool = True
) -> tuple[float, float]:
    """One replay on one core: (requests a second, seconds); every answer must be what we expect."""
    command = [*GATE, "replay", "-c", configuration, "--in", str(snapshot)]
    command += ["--target", f"http://127.0.0.1:{port}", "--out", str(folder / "run")]
    done = subprocess.run(
        pinned(CLIENT_CORE, command),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode != (0 if passes else 1):
        sys.exit(f"bench: {' '.join(command)}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    result: Any = json.loads((folder / "run" / "result.json").read_text())
    counts = result["runs"][0]["counts"]
    return counts["answered"] / counts["seconds"], counts["seconds"]
