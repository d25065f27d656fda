"""Root file systems and an engine for tests: Docker where one runs, else buildah and podman over a
base image that is made here, because no registry can be counted on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
ROOTS = TOP / "build" / "roots"
"""Kept between runs: making one takes most of a minute."""
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
IMAGE = "localhost/ci-gate:test"
BASE = "localhost/python-stand-in:test"

# Resource limits cannot be raised and control groups cannot be made everywhere tests run.
CONTAINERS = """
[containers]
default_ulimits = ["nofile=16384:16384", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


def needs(*programs: str) -> None:
    """Skip, saying why, where one of them is missing or we are not root."""
    if os.geteuid() != 0:
        pytest.skip("needs root to make a root file system")
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    missing = [name for name in programs if shutil.which(name, path=path) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (scripts/setup-tools long)")


def root_file_system(suite: str, *packages: str) -> Path:
    """A Debian root file system with nothing but what is essential and those packages."""
    needs("debootstrap")
    folder = ROOTS / "-".join((suite, *packages))
    if folder.is_dir():
        return folder
    part = folder.with_name(f"{folder.name}.part")
    # A build that was killed leaves /proc mounted, which nobody should try to remove.
    subprocess.run(["umount", "--quiet", "--lazy", part / "proc"], capture_output=True, check=False)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    command = ["debootstrap", "--variant=minbase", suite, str(part)]
    if packages:
        command.insert(2, f"--include={','.join(packages)}")
    env = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    done = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"debootstrap cannot make {suite} here: {done.stdout[-300:]}")
    # As an engine mounts it into every container.
    (part / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    part.rename(folder)
    return folder


@dataclass
class Engine:
    """Builds and runs images. `env` keeps everything of ours in a folder of ours."""

    program: str
    env: dict[str, str] = field(default_factory=dict)
    base: str = ""
    """Image to build upon in place of the Dockerfile's; "" = that one."""

    def build(self, context: Path, tag: str) -> None:
        """Build a Dockerfile. What pip needs behind a proxy is mounted, not written into it."""
        command = ["docker", "build", "--tag", tag, str(context)]
        if self.program == "podman":
            command = ["buildah", "bud", "--isolation", "chroot", "--network", "host"]
            command += ["--pull-never", "--build-arg", f"PYTHON_IMAGE={self.base}", "--tag", tag]
            if CERTIFICATES.exists():
                folder = CERTIFICATES.parent
                command += [
                    "--volume",
                    f"{folder}:{folder}:ro",
                    "--env",
                    f"PIP_CERT={CERTIFICATES}",
                ]
            command.append(str(context))
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]

    def run(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """`docker run --rm` with these arguments; output and errors in one text."""
        return subprocess.run(
            [self.program, "run", "--rm", *arguments],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )

    def names(self) -> list[str]:
        """Containers that there are, running or not."""
        return self._say("ps", "--all", "--quiet").split()

    def copy_out(self, image: str, path: str, to: Path) -> None:
        """What `docker create` and `docker cp` make of a folder of an image."""
        made = self._say("create", image)
        try:
            self._say("cp", f"{made}:{path}", str(to))
        finally:
            self._say("rm", made)

    def _say(self, *arguments: str) -> str:
        command = [self.program, *arguments]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


def docker_runs() -> bool:
    """Whether a Docker engine answers."""
    if shutil.which("docker") is None:
        return False
    done = subprocess.run(["docker", "info"], capture_output=True, timeout=30, check=False)
    return done.returncode == 0


def own_podman(folder: Path) -> Engine:
    """podman and buildah with everything below `folder`, and a stand-in for Python's image."""
    needs("podman", "buildah", "runc", "debootstrap")
    (folder / "containers.conf").write_text(CONTAINERS)
    (folder / "registries.conf").write_text("unqualified-search-registries = []\n")
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/graph"\nrunroot = "{folder}/run"\n'
    )
    env = {
        **os.environ,
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_REGISTRIES_CONF": str(folder / "registries.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "TMPDIR": str(folder),
    }
    root = root_file_system("bookworm", "python3", "python3-pip", "ca-certificates")
    # As in Python's image: the interpreter in /usr/local, and pip may install.
    (root / "usr/local/bin/python3").unlink(missing_ok=True)
    (root / "usr/local/bin/python3").symlink_to("/usr/bin/python3")
    for mark in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        mark.unlink()
    with subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as tar:
        done = subprocess.run(
            ["podman", "import", "-", BASE],
            stdin=tar.stdout,
            env=env,
            capture_output=True,
            check=False,
        )
    if done.returncode:
        pytest.skip(f"podman does not run here: {done.stderr[-300:]!r}")
    return Engine("podman", env, BASE)
