"""The second of two jobs: it comments with rights on what the first, without any, has found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.ci.runner import TOKEN, Ran, Runner, checkout
from tests.ci.tools import TOP
from tests.gate.clone import Clone


def second(folder: Path, api: str, head: str, inputs: dict[str, str], workspace: Path) -> Ran:
    """Run the publishing action as a workflow that follows another one's run for `head`."""
    payload = {
        "workflow_run": {
            "id": 1,
            "event": "pull_request",
            "head_sha": head,
            "head_branch": "change",
            "head_repository": {"id": 5, "full_name": "someone/shop"},
            "pull_requests": [],
        }
    }
    runner = Runner(folder, workspace, "workflow_run", payload)
    runner.env["GITHUB_API_URL"] = api
    runner.has_gate()
    return runner.run(TOP / "publish", inputs)


@pytest.fixture
def found(tmp_path: Path) -> Path:
    """The result of a failed gate, alone in a folder, as an artifact brings it."""
    workspace = checkout(tmp_path / "first")
    runner = Runner(tmp_path / "job", workspace)
    runner.env["REGRESSION"] = "dropped-call"
    runner.has_gate()
    done = runner.run(TOP / "host", {"comment": "never", "out": "kept"})
    assert done.code == 1, done.log
    folder = tmp_path / "artifact"
    folder.mkdir()
    shutil.copy(workspace / done.outputs["result"], folder)
    return folder


def test_result_alone_is_read(tmp_path: Path, found: Path, read_only: str) -> None:
    """It fails for nothing that a forge does, and no token is in what it says; a folder without a
    result of ours is refused."""
    inputs = {"run": str(found), "comment": "always"}
    said = second(tmp_path / "a", read_only, "a" * 40, inputs, tmp_path)
    assert said.code == 0, said.log
    assert "POST /shipments" in said.summary
    assert TOKEN not in said.log + said.summary
    (found / "result.json").write_text('{"comment": "<img src=x>"}')
    said = second(tmp_path / "b", read_only, "a" * 40, inputs, tmp_path)
    assert said.code == 2, said.log


def test_edits_are_fetched_and_not_checked_out(tmp_path: Path, found: Path, read_only: str) -> None:
    """With the default branch checked out, the change's commits are fetched, and what they edit is
    told from them, whatever the result claims; their files are never there."""
    origin = Clone(tmp_path / "origin")
    shutil.copytree(TOP / "examples" / "orders" / "snapshots", origin.folder / "snapshots")
    config = (TOP / "examples" / "orders" / "ci-gate.yml").read_text()
    origin.write("svc.yml", config)
    origin.commit()
    workspace = tmp_path / "workspace"
    origin.git("clone", "-q", f"file://{origin.folder}", str(workspace))
    origin.git("checkout", "-q", "-b", "change")
    rule = '{at: "response.body.$.total", allow: any, reason: "trust me"}'
    origin.write("svc.yml", f"{config}\nrules:\n  - {rule}\n")
    origin.write("evil.sh", "exit 1\n")
    head = origin.commit()
    result: dict[str, Any] = json.loads((found / "result.json").read_text())
    result["edits"] = {"base": "x", "head": "y"}
    (found / "result.json").write_text(json.dumps(result))
    inputs = {"run": str(found), "config": "svc.yml"}
    said = second(tmp_path / "job2", read_only, head, inputs, workspace)
    assert said.code == 0, said.log
    assert "This change edits what it is judged by" in said.summary
    assert "response.body.$.total" in said.summary
    assert "edits read from the repository" in said.summary
    assert not (workspace / "evil.sh").exists()
    gone = second(tmp_path / "job3", read_only, "d" * 40, inputs, workspace)
    assert gone.code == 0, gone.log
    assert [one.kind for one in gone.annotations] == ["notice"]
    assert "as reported by the job that ran the change" in gone.summary
