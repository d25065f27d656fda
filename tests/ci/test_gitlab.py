"""The GitLab component in a scratch repository, run by gitlab-ci-local's shell executor.

That program neither enforces `regex` nor refuses unknown inputs, and ends well when a job fails
with a code that `allow_failure` does not list; so its output is looked at, and test_static.py
checks the rest.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.ci.runner import TOP, checkout
from tests.ci.tools import program

COMPONENT = "component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/gate@$CI_COMMIT_SHA"
THIN = "local: /.gitlab-ci-component.yml"


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, without a log."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A project with our example and our templates, whose remote has a GitLab's address."""
    if shutil.which("rsync") is None:
        pytest.skip("rsync is not installed: scripts/setup-tools test")
    folder = checkout(tmp_path)
    (folder / "templates").mkdir()
    for name in ("templates/gate.yml", ".gitlab-ci-component.yml"):
        shutil.copy(TOP / name, folder / name)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "origin", "git@gitlab.example:acme/shop.git")
    return folder


def git(folder: Path, *arguments: str) -> None:
    """Git without anybody's configuration."""
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *identity, *arguments], cwd=folder, env=env, check=True)


def pipeline(
    folder: Path, include: str, inputs: str, *, variables: tuple[str, ...] = (), path: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a merge request's pipeline that includes the component; output and errors in one."""
    text = f"include:\n  - {include}\n    inputs: {inputs}\n"
    return run_pipeline(folder, text, variables=variables, path=path)


def run_pipeline(
    folder: Path, text: str, *, variables: tuple[str, ...] = (), path: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a merge request's pipeline as a .gitlab-ci.yml says."""
    (folder / ".gitlab-ci.yml").write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")
    command = [program("gitlab-ci-local"), "--force-shell-executor", "--no-color"]
    # It calls itself another system, where the gate would not write GitLab's reports.
    for variable in ("GITLAB_CI=true", "CI_PIPELINE_SOURCE=merge_request_event", *variables):
        command += ["--variable", variable]
    ours = Path(sys.executable).parent
    env = {
        "HOME": str(folder.parent),
        "PATH": path or f"{ours}:{os.environ['PATH']}",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    return subprocess.run(
        command,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("include", [COMPONENT, THIN])
def test_unchanged(repository: Path, include: str) -> None:
    """An unchanged service passes, by both ways to include, and the reports are artifacts."""
    done = pipeline(repository, include, "{}")
    assert done.returncode == 0, done.stdout
    assert "PASS  ci-gate" in done.stdout
    kept = (
        repository / ".gitlab-ci-local" / "artifacts" / "ci-gate" / ".ci-gate" / "runs" / "gitlab"
    )
    for name in ("junit.xml", "gl-code-quality.json", "gl-annotations.json", "summary.md"):
        assert (kept / name).is_file(), name


def test_regression(repository: Path) -> None:
    """A regression fails the job, and its causes are in the log."""
    done = pipeline(repository, COMPONENT, "{}", variables=("REGRESSION=dropped-call",))
    assert done.returncode == 1, done.stdout
    assert "FAIL  ci-gate" in done.stdout
    assert "POST /shipments" in done.stdout


def test_advisory(repository: Path) -> None:
    """advisory turns a regression into a warning, not a gate that cannot run."""
    regression = ("REGRESSION=dropped-call",)
    done = pipeline(repository, THIN, "{advisory: true}", variables=regression)
    assert "WARN  ci-gate" in done.stdout, done.stdout
    done = pipeline(repository, COMPONENT, "{advisory: true, config: nowhere.yml}")
    assert "FAIL  ci-gate" in done.stdout, done.stdout


def test_report_mode_and_hostile_values(repository: Path) -> None:
    """Inputs arrive as they are: nothing in them is run by the shell."""
    inputs = "{mode: report, job: second, config: '$(id)`id`\"; exit 0 #'}"
    done = pipeline(repository, COMPONENT, inputs)
    assert "FAIL  second" in done.stdout, done.stdout
    assert "uid=" not in done.stdout
    done = pipeline(repository, COMPONENT, "{mode: report}", variables=("REGRESSION=dropped-call",))
    assert done.returncode == 0, done.stdout
    assert "PASS  ci-gate" in done.stdout


def test_options_and_types(repository: Path) -> None:
    """A value that the component does not allow never becomes a job."""
    for inputs in ("{mode: sometimes}", "{advisory: perhaps}", "{comment: x}"):
        done = pipeline(repository, COMPONENT, inputs)
        assert done.returncode != 0
        assert "ci-gate action" not in done.stdout


@pytest.mark.long
def test_shards(repository: Path) -> None:
    """The example as it is, but for what its jobs need: three shards by parallel, one verdict."""
    text = (TOP / "docs" / "workflows" / "gitlab-shards.yml").read_text()
    text = text.replace("$CI_SERVER_FQDN/GROUP/ci-gate/gate@1.0.0", COMPONENT.partition(" ")[2])
    text = re.sub(r"^ +bundle_\w+: .*\n", "", text, flags=re.MULTILINE)
    text = text.replace("  before_script:\n    - npm ci\n", "")
    done = run_pipeline(repository, text)
    assert done.returncode == 0, done.stdout
    assert "merged from 3 shards" in done.stdout
    assert "43 of 43 requests unchanged" in done.stdout
    done = run_pipeline(repository, text, variables=("REGRESSION=dropped-call",))
    assert done.returncode == 1, done.stdout
    assert "FAIL  behaviour " in done.stdout
    assert "WARN  behaviour-shard" in done.stdout


@pytest.fixture
def files(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A server with a bundle whose gate only says its name: address and checksum."""
    script = b"#!/bin/sh\necho the gate of the bundle: $1\n"
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        entry = tarfile.TarInfo("ci-gate/bin/ci-gate")
        entry.size, entry.mode = len(script), 0o755
        archive.addfile(entry, io.BytesIO(script))
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "ci-gate.tar.gz").write_bytes(content.getvalue())
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}/ci-gate.tar.gz"
        yield address, hashlib.sha256(content.getvalue()).hexdigest()
        server.shutdown()
        thread.join()


def test_bundle(repository: Path, files: tuple[str, str]) -> None:
    """An image without the gate fetches it, if it is what it has to be; else the job says why."""
    if Path("/opt/ci-gate").exists() or shutil.which("curl") is None:
        pytest.skip("needs curl, and no /opt/ci-gate on this machine")
    address, checksum = files
    ours = str(Path(sys.executable).parent)
    path = ":".join(one for one in os.environ["PATH"].split(":") if one != ours)
    if shutil.which("ci-gate", path=path):
        pytest.skip("ci-gate is installed on this machine")
    done = pipeline(repository, COMPONENT, "{}", path=path)
    assert "there is no ci-gate in this image" in done.stdout, done.stdout
    good = f"{{bundle_url: '{address}', bundle_sha256: '{checksum}'}}"
    done = pipeline(repository, COMPONENT, good, path=path)
    assert "the gate of the bundle: action" in done.stdout, done.stdout
    assert done.returncode == 0
    bad = f"{{bundle_url: '{address}', bundle_sha256: '{'0' * 64}'}}"
    done = pipeline(repository, COMPONENT, bad, path=path)
    assert "the gate of the bundle" not in done.stdout
    assert "FAIL  ci-gate" in done.stdout
    gone = f"{{bundle_url: '{address}x'}}"
    done = pipeline(repository, COMPONENT, gone, path=path)
    assert "FAIL  ci-gate" in done.stdout
