"""Both actions as a runner runs them: what they take, say, write and never show."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.ci.runner import ANNOTATIONS_PER_KIND, TOKEN, Ran, Runner, checkout
from tests.ci.tools import TOP

ACTIONS = {"container": TOP, "host": TOP / "host"}
PULL = {
    "pull_request": {
        "number": 7,
        "head": {"sha": "b" * 40, "repo": {"id": 5}},
        "base": {"sha": "c" * 40, "ref": "main"},
    }
}


def ran(
    folder: Path,
    action: str,
    inputs: dict[str, str] | None = None,
    *,
    regression: str = "",
    event: str = "push",
    payload: dict[str, object] | None = None,
) -> Ran:
    """Run an action on our example in a job of its own."""
    workspace = folder / "workspace"
    if not workspace.exists():
        checkout(folder)
    runner = Runner(folder / f"job-{action}", workspace, event, payload or {})
    runner.env["REGRESSION"] = regression
    runner.has_gate()
    return runner.run(ACTIONS[action], inputs)


@pytest.mark.parametrize("action", ACTIONS)
def test_unchanged(action: str, tmp_path: Path) -> None:
    """An unchanged service passes: outputs, files where they say, a page, no errors."""
    done = ran(tmp_path, action)
    assert done.code == 0, done.log
    assert done.outputs["verdict"] == "pass"
    assert done.outputs["regressions"] == "0"
    assert int(done.outputs["replayed"]) > 0
    for name in ("result", "junit", "summary"):
        assert not os.path.isabs(done.outputs[name])
        assert (tmp_path / "workspace" / done.outputs[name]).is_file()
    assert "PASS" in done.summary
    # A warning may be there: the machine may be slow.
    assert [one for one in done.annotations if one.kind == "error"] == []


@pytest.mark.parametrize("action", ACTIONS)
def test_regression(action: str, tmp_path: Path) -> None:
    """A regression fails the step; the page and an annotation name its cause."""
    done = ran(tmp_path, action, regression="dropped-call")
    assert done.code == 1, done.log
    assert done.outputs["verdict"] == "fail"
    assert int(done.outputs["regressions"]) > 0
    assert "POST /shipments" in done.summary
    errors = [one for one in done.annotations if one.kind == "error"]
    assert 0 < len(errors) <= ANNOTATIONS_PER_KIND
    assert any("POST /shipments" in one.message for one in errors)


def test_both_say_the_same(tmp_path: Path) -> None:
    """The two actions differ in where they run, in nothing they say."""
    both = [ran(tmp_path, one, regression="type") for one in ACTIONS]
    for name in ("verdict", "regressions", "replayed"):
        assert both[0].outputs[name] == both[1].outputs[name]
    assert set(both[0].outputs) >= {"verdict", "regressions", "replayed", "result", "junit"}
    # A warning more may be there in one: the machine may be slow.
    errors = [[a for a in one.annotations if a.kind == "error"] for one in both]
    assert errors[0] == errors[1] != []


@pytest.mark.parametrize("action", ACTIONS)
def test_report_mode(action: str, tmp_path: Path) -> None:
    """mode: report says what would have been blocked, and lets it pass."""
    done = ran(tmp_path, action, {"mode": "report"}, regression="dropped-call")
    assert done.code == 0, done.log
    assert done.outputs["verdict"] == "fail"
    assert "POST /shipments" in done.summary


@pytest.mark.parametrize("action", ACTIONS)
def test_inputs_reach_the_gate(action: str, tmp_path: Path) -> None:
    """Folder, configuration and run directory are taken; outputs stay relative to the workspace."""
    workspace = checkout(tmp_path / "inner")
    service = tmp_path / "workspace" / "services" / "a b"
    service.parent.mkdir(parents=True)
    workspace.rename(service)
    (service / "ci-gate.yml").rename(service / "other.yml")
    inputs = {"working_directory": "services/a b", "config": "other.yml", "out": "kept/run"}
    done = ran(tmp_path, action, inputs)
    assert done.code == 0, done.log
    assert done.outputs["result"] == "services/a b/kept/run/result.json"
    assert (service / "kept" / "run" / "junit.xml").is_file()


@pytest.mark.long
def test_shards_and_the_job_that_merges_them(tmp_path: Path) -> None:
    """Two jobs without page and annotations, and a third that has both, of all of them; without one
    of the two it is no verdict but exit code 2."""
    checkout(tmp_path)

    def job(name: str, inputs: dict[str, str]) -> Ran:
        runner = Runner(tmp_path / name, tmp_path / "workspace", "push", {})
        runner.env["REGRESSION"] = "dropped-call"
        runner.has_gate()
        return runner.run(ACTIONS["host"], inputs)

    for shard in ("1/2", "2/2"):
        done = job(f"job-{shard[0]}", {"shard": shard})
        assert (done.summary, done.annotations) == ("", [])
        assert done.outputs["result"] == f".ci-gate/runs/shards/shard-{shard[0]}/result.json"
    done = job("merging", {"merge": ".ci-gate/runs/shards"})
    assert done.code == 1, done.log
    assert done.outputs["replayed"] == "43"
    assert "POST /shipments" in done.summary
    assert any("POST /shipments" in one.message for one in done.annotations)
    shutil.rmtree(tmp_path / "workspace" / ".ci-gate" / "runs" / "shards" / "shard-2")
    done = job("again", {"merge": ".ci-gate/runs/shards"})
    assert done.code == 2
    assert "1 shard missing: 2/2" in done.log


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"mode": "gat"}, ("mode", "gate, report")),
        ({"comment": "sometimes"}, ("comment", "changes, always, never")),
        ({"check_run": "yes"}, ("check_run", "true, false")),
        ({"working_directory": "nowhere"}, ("working_directory", "nowhere")),
        ({"snapshot": "nowhere"}, ("nowhere",)),
        ({"key": "<b>"}, ("key",)),
    ],
)
def test_bad_inputs(
    action: str, inputs: dict[str, str], says: tuple[str, ...], tmp_path: Path
) -> None:
    """A wrong input ends the step with exit code 2, and names the input and what is allowed."""
    done = ran(tmp_path, action, inputs)
    assert done.code == 2, done.log
    for text in says:
        assert text in done.log
    assert "Traceback" not in done.log


def test_misspelt_input(tmp_path: Path) -> None:
    """The runner passes inputs that an action does not declare; they are not ignored."""
    done = ran(tmp_path, "container", {"working-directory": "x", "snapshots": "y"})
    assert done.code == 2
    assert "snapshots" in done.log


@pytest.mark.parametrize("action", ACTIONS)
def test_pwn_request(action: str, tmp_path: Path) -> None:
    """The change's code is not run with the rights of the base branch."""
    done = ran(tmp_path, action, event="pull_request_target", payload=dict(PULL))
    assert done.code == 2
    assert "pull_request_target" in done.log


@pytest.mark.parametrize("action", ACTIONS)
def test_fork(action: str, tmp_path: Path, read_only: str) -> None:
    """Without the right to write there is one notice; verdict and page stay, and the token is in
    nothing that was written."""
    checkout(tmp_path)
    runner = Runner(tmp_path / "job", tmp_path / "workspace", "pull_request", dict(PULL))
    runner.env["GITHUB_API_URL"] = read_only
    runner.has_gate()
    done = runner.run(ACTIONS[action], {"comment": "always"})
    assert done.code == 0, done.log
    assert done.outputs["verdict"] == "pass"
    assert done.outputs.get("comment-url", "") == ""
    assert "PASS" in done.summary
    assert [one.kind for one in done.annotations].count("notice") == 1
    for text in (done.log, done.summary, json.dumps(done.outputs)):
        assert TOKEN not in text
    for path in (tmp_path / "workspace").rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path


SPY = """
import os, pathlib, sys
wanted = bytes.fromhex(os.environ["WANTED"])
seen, looked = [], 0
for process in filter(str.isdecimal, os.listdir("/proc")):
    for name in ("environ", "cmdline"):
        path = pathlib.Path("/proc", process, name)
        try:
            data = path.read_bytes()
        except OSError:  # it has ended, or is somebody else's
            continue
        looked += 1
        seen += [str(path)] if wanted in data else []
assert looked > 2
pathlib.Path("seen").write_text(repr(seen))
os.execv(sys.executable, [sys.executable, "-m", "orders"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize("action", ACTIONS)
def test_service_cannot_see_the_token(action: str, tmp_path: Path, read_only: str) -> None:
    """The service looks through every environment and command line it may read, its own and the
    gate's among them: the token is in none, and the gate has it all the same."""
    workspace = checkout(tmp_path)
    (workspace / "spy.py").write_text(SPY)
    config = workspace / "ci-gate.yml"
    config.write_text(config.read_text().replace("-m, orders]", "spy.py]"))
    token = f"ghs_{uuid.uuid4().hex}"
    runner = Runner(tmp_path / "job", workspace, "pull_request", dict(PULL))
    runner.env |= {
        "GITHUB_API_URL": read_only,
        "WANTED": token.encode().hex(),
        "REPEATED": f"Bearer {token}",
    }
    runner.has_gate()
    done = runner.run(ACTIONS[action], {"comment": "always", "token": token})
    assert done.code == 0, done.log
    assert (workspace / "seen").read_text() == "[]"
    # It was used: the forge has been asked, and has refused.
    assert "pull-requests: write" in done.log


def test_host_without_python(tmp_path: Path) -> None:
    """A runner without a Python that is new enough says what to do about it."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "dirname"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(old.stat().st_mode | stat.S_IXUSR)
    env = {"PATH": str(tools), "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "out")}
    setup = str(TOP / "host" / "setup.sh")
    done = subprocess.run(["bash", setup], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "::error title=ci-gate::" in done.stdout
    assert "setup-python" in done.stdout


@pytest.mark.long
def test_host_installs_the_gate(tmp_path: Path) -> None:
    """From nothing but the action's own checkout, pinned; a second use in the job finds it there."""
    workspace = checkout(tmp_path)
    keep = {name: os.environ[name] for name in os.environ if name.startswith("PIP_")}
    runner = Runner(tmp_path / "job", workspace, env=keep)
    done = runner.run(ACTIONS["host"])
    assert done.code == 0, done.log
    assert done.outputs["verdict"] == "pass"
    venv = tmp_path / "job" / "temp" / "ci-gate-venv"
    made = (venv / ".ready").stat().st_mtime_ns
    assert runner.run(ACTIONS["host"]).code == 0
    assert (venv / ".ready").stat().st_mtime_ns == made
