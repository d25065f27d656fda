"""A service whose ids are small numbers: they travel, and nothing else that is small does."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COUNTING = Path(__file__).with_name("counting.py")
CONFIG = """
version: 1
snapshot: snapshots/counting
service:
  name: counting
  command: [{python}, counting.py]
  port: auto
  env: {{PORT: "${{service.port}}"}}
  ready: {{path: /healthz, timeout: 60s}}
"""
DRIVE = """
import json, os, urllib.request
base = os.environ["CI_GATE_TARGET"]
open_ = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
def send(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json"}
    return json.load(open_(urllib.request.Request(base + path, data, sent), timeout=10))
for number in range(2):
    note = send("/notes", {"text": "seven"})["id"]
    send(f"/notes/{note}/marks", {"kind": 1})
    send(f"/notes/{note}")
    send(f"/marks?note_id={note}")
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, make_gate: Callable[[Path], Any]) -> Any:
    """The gate in a folder with the service, its configuration and what was recorded of it."""
    folder = tmp_path_factory.mktemp("counting")
    shutil.copy(COUNTING, folder)
    (folder / "drive.py").write_text(DRIVE, encoding="utf-8")
    (folder / "ci-gate.yml").write_text(CONFIG.format(python=sys.executable), encoding="utf-8")
    gate = make_gate(folder)
    drive = f"{sys.executable} drive.py"
    done = gate("record", "--in-port", "0", "--out-port", "0", "--drive", drive)
    assert done.code == 0, done.text
    return gate


def test_small_ids_travel(recorded: Any) -> None:
    """Unlearned, only the numbers themselves are red, because every request finds its note; learned,
    nothing is."""
    bindings = next(recorded.folder.rglob("bindings.json")).read_text(encoding="utf-8")
    assert len(json.loads(bindings)["inbound"]) == 2
    assert recorded("run", "--quiet", "--out", "first").code == 1
    causes = recorded.result("first")["causes"]
    assert {cause["change"] for cause in causes} <= {"value", "header"}
    done = recorded("learn")
    assert done.code == 0, done.text
    for number in range(3):
        done = recorded("run", "--quiet", "--out", f"run-{number}")
        assert done.code == 0, done.text
