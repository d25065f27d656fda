"""A gate from another tool's recording: a real one of a Go service, and ours that does the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.formats.samples import sample

SERVICE = Path(__file__).with_name("launches.py")
CONFIG = """
version: 1
snapshot: snapshots/launches
service:
  name: launches
  command: [{python}, {service}]
  port: auto
  env: {{PORT: "${{service.port}}", HOW: "${{env.HOW:-}}"}}
"""


def gate(folder: Path, how: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command, as somebody who has just imported would type it."""
    env = {**os.environ, "HOW": how, "XDG_STATE_HOME": str(folder / "state")}
    return subprocess.run(
        [sys.executable, "-m", "ci_gate", *arguments],
        cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.long
def test_a_gate_from_an_imported_recording(tmp_path: Path) -> None:
    """The proxymock recording imports; our stand-in passes; one field changed fails, and so does one
    upstream call that is made no more."""
    recording = sample("proxymock")
    config = CONFIG.format(python=json.dumps(sys.executable), service=json.dumps(str(SERVICE)))
    (tmp_path / "ci-gate.yml").write_text(config)
    imported = gate(tmp_path, "", "import", str(recording), "--json")
    assert imported.returncode == 0, imported.stderr
    told = json.loads(imported.stdout)
    assert (told["inbound"], told["outbound"], told["skipped"]) == (5, 4, 0)
    passed = gate(tmp_path, "", "run")
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "5 of 5 requests unchanged, 4 calls matched" in passed.stdout
    changed = gate(tmp_path, "field", "run")
    assert changed.returncode == 1
    assert "response.body.$.height.meters: 118 became 119" in changed.stdout
    dropped = gate(tmp_path, "drop", "run")
    assert dropped.returncode == 1
    assert "GET /v4/rockets (api.spacexdata.com) no longer called" in dropped.stdout
