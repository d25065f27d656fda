"""The image as GitHub runs a container action: workspace and files mounted, inputs in variables."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.ci.containers import TOP, Engine
from tests.ci.runner import read_log, read_outputs
from tests.gate.clone import Clone

pytestmark = pytest.mark.long


class Job:
    """A job with our example in its workspace, and what a container of it is given."""

    def __init__(self, engine: Engine, image: str, folder: Path) -> None:
        self.engine = engine
        self.image = image
        self.folder = folder
        self.workspace = folder / "workspace"
        shutil.copytree(
            TOP / "examples" / "parcels", self.workspace, ignore=shutil.ignore_patterns(".ci-gate")
        )
        config = self.workspace / "ci-gate.yml"
        config.write_text(config.read_text().replace("../../.venv/bin/python", "python3"))
        for name in ("commands", "home", "temp", "workflow"):
            (folder / name).mkdir()
        for name in ("output", "summary"):
            (folder / "commands" / name).touch()
        (folder / "workflow" / "event.json").write_text("{}")
        # As on a runner, nothing of it belongs to root.
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, 1001, 1001, follow_symlinks=False)

    def run(
        self, inputs: dict[str, str], *more: str, command: tuple[str, ...] = ()
    ) -> tuple[int, str]:
        """Run the container: exit code and log."""
        env = {
            "HOME": "/github/home",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_EVENT_PATH": "/github/workflow/event.json",
            "GITHUB_OUTPUT": "/github/file_commands/output",
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_RUN_ID": "4711",
            "GITHUB_SHA": "a" * 40,
            "GITHUB_STEP_SUMMARY": "/github/file_commands/summary",
            "GITHUB_WORKSPACE": "/github/workspace",
            "RUNNER_TEMP": "/github/runner_temp",
            **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
        }
        mounts = {
            "commands": "/github/file_commands",
            "home": "/github/home",
            "temp": "/github/runner_temp",
            "workflow": "/github/workflow",
            "workspace": "/github/workspace",
        }
        arguments = ["--network", "none", "--workdir", "/github/workspace", *more]
        for name, value in env.items():
            arguments += ["-e", f"{name}={value}"]
        for name, inside in mounts.items():
            arguments += ["-v", f"{self.folder / name}:{inside}"]
        done = self.engine.run([*arguments, self.image, *command])
        return done.returncode, done.stdout

    def outputs(self) -> dict[str, str]:
        """What the container wrote for the steps that follow."""
        return read_outputs((self.folder / "commands" / "output").read_text())


@pytest.fixture
def job(engine: Engine, image: str, tmp_path: Path) -> Job:
    """A fresh job."""
    return Job(engine, image, tmp_path)


def test_unchanged(job: Job) -> None:
    """The demo gate passes in the image, without a network, with a workspace that is not root's."""
    code, log = job.run({"mode": "gate", "comment": "", "check_run": "false"})
    assert code == 0, log
    outputs = job.outputs()
    assert outputs["verdict"] == "pass"
    result = json.loads((job.workspace / outputs["result"]).read_text())
    assert result["runs"][0]["counts"]["total"] == int(outputs["replayed"]) > 0
    assert "PASS" in (job.folder / "commands" / "summary").read_text()


def test_regression(job: Job) -> None:
    """A regression fails the container, with annotations in its log."""
    code, log = job.run({}, "-e", "REGRESSION=dropped-call")
    assert code == 1, log
    assert job.outputs()["verdict"] == "fail"
    annotations, _ = read_log(log)
    assert any("POST /shipments" in one.message for one in annotations)


def test_misspelt_input(job: Job) -> None:
    """Also an input whose name a shell would drop is seen, because none is in between."""
    code, log = job.run({"working-directori": "x"})
    assert code == 2, log
    assert "working_director" in log


def test_nothing_is_imported_from_the_workspace(job: Job) -> None:
    """A module of the change's with a name of ours, or of what we use, is not run by the gate."""
    for name in ("ci_gate", "click", "json", "sitecustomize"):
        (job.workspace / f"{name}.py").write_text("raise SystemExit('from the workspace')\n")
    code, log = job.run({"config": "nowhere.yml"}, "-e", "PYTHONPATH=/github/workspace")
    assert code == 2, log
    assert "from the workspace" not in log


def test_git_reads_what_belongs_to_others(job: Job) -> None:
    """git looks into a clone of another owner, with neither perl nor a network client beside it."""
    code, log = job.run({}, "--entrypoint", "/usr/bin/git", command=("init", "-q", "."))
    assert code == 0, log
    os.chown(job.workspace / ".git", 1001, 1001)
    code, log = job.run({}, "--entrypoint", "/usr/bin/git", command=("status", "--short"))
    assert code == 0, log
    assert "ci-gate.yml" in log


def test_no_build_tools(job: Job) -> None:
    """Compilers are not in the image, and no compiled standard library is left to compile."""
    script = "for one in gcc cc make g++ apt-listchanges; do command -v $one; done; exit 0"
    code, log = job.run({}, "--entrypoint", "/bin/sh", command=("-c", script))
    assert (code, log.strip()) == (0, "")


def test_any_user(job: Job) -> None:
    """Only GitHub's mounts need root: the image works for any user who may write the workspace."""
    code, log = job.run({}, "--user", "1001:1001")
    assert code == 0, log


SERVICE = """
ARG PYTHON_IMAGE=python:3.12.12-slim-bookworm
FROM ${PYTHON_IMAGE}
COPY parcels.py /app/parcels.py
WORKDIR /app
CMD ["python3", "parcels.py"]
"""


@pytest.mark.parametrize("regression", ["", "dropped-call"])
def test_service_image_as_a_sibling(
    job: Job, engine: Engine, socket: str, regression: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """service.image is started beside the action's container: localhost is the same to both, where
    the network is nobody else's."""
    context = tmp_path_factory.mktemp("service")
    shutil.copy(job.workspace / "parcels.py", context)
    (context / "Dockerfile").write_text(SERVICE)
    engine.build(context, "localhost/parcels:test")
    config = job.workspace / "ci-gate.yml"
    text = config.read_text().replace(
        "command: [python3, parcels.py]", "image: localhost/parcels:test"
    )
    text = text.replace("  env:\n", f'  env:\n    REGRESSION: "{regression}"\n')
    assert "image:" in text
    config.write_text(text)
    code, log = job.run({}, "-v", f"{socket}:/var/run/docker.sock")
    assert code == (1 if regression else 0), log
    assert job.outputs()["verdict"] == ("fail" if regression else "pass")
    assert engine.names() == []


def test_localhost_is_refused(job: Job) -> None:
    """A service expected on localhost is not in the action's container, and the ways out are named."""
    config = job.workspace / "ci-gate.yml"
    text = config.read_text().replace(
        "command: [python3, parcels.py]", "url: http://localhost:8080"
    )
    config.write_text(text.replace("  port: auto\n", "").replace('PORT: "${service.port}"', "A: b"))
    code, log = job.run({})
    assert code == 2, log
    for way in ("/host@", "service.image", "http://orders:8080"):
        assert way in log


def test_clone_of_another_owner(job: Job) -> None:
    """The workspace belongs to the runner's user and the container is root's: the commit and the
    change's edits are read all the same."""
    os.chown(job.workspace, os.geteuid(), os.getegid())
    clone = Clone(job.workspace)
    clone.commit("base")
    config = (job.workspace / "ci-gate.yml").read_text()
    clone.write("ci-gate.yml", config.replace("requests.failed > 0", "requests.failed > 1"))
    head = clone.commit("change")
    for path in [job.workspace, *job.workspace.rglob("*")]:
        os.chown(path, 1001, 1001, follow_symlinks=False)
    code, log = job.run({"base": "HEAD~1"})
    assert code == 0, log
    result = json.loads((job.workspace / job.outputs()["result"]).read_text())
    assert result["environment"]["commit"] == head
    assert [one["subject"] for one in result["edits"]["items"]] == ["condition", "condition"]


def test_knows_its_container(job: Job) -> None:
    """The container finds its own id, which a service beside it needs to share its network."""
    script = (
        "import sys; sys.path.insert(0, '/opt/ci-gate/app'); "
        "from ci_gate.service.inside import inside; where = inside(); "
        "print(where.engine, len(where.container))"
    )
    command = ("-I", "-c", script)
    code, log = job.run({}, "--entrypoint", "/usr/local/bin/python3", command=command)
    assert code == 0, log
    assert log.split() == ["True", "64"]
