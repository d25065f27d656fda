"""One image for all tests that need it, and what was left of it taken away."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ci.containers import IMAGE, TOP, Engine, docker_runs, own_podman


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A container engine."""
    if docker_runs():
        yield Engine("docker")
        return
    folder = tmp_path_factory.mktemp("engine")
    try:
        yield own_podman(folder)
    finally:
        env = {"CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"), "PATH": "/usr/bin:/bin"}
        subprocess.run(
            ["podman", "rmi", "--all", "--force"], env=env, capture_output=True, check=False
        )
        subprocess.run(
            ["umount", str(folder / "graph" / "overlay")], capture_output=True, check=False
        )


@pytest.fixture(scope="session")
def socket(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The path of the engine's socket, with Docker's API."""
    if engine.program == "docker":
        yield "/var/run/docker.sock"
        return
    path = tmp_path_factory.mktemp("socket") / "podman.sock"
    command = ["podman", "system", "service", "--time=0", f"unix://{path}"]
    with (path.parent / "output").open("wb") as output:
        podman = subprocess.Popen(command, env=engine.env, stdout=output, stderr=output)
    try:
        end = time.monotonic() + 20
        while not path.exists() and podman.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        assert path.exists(), (path.parent / "output").read_text()
        yield str(path)
    finally:
        podman.terminate()
        podman.wait()


@pytest.fixture(scope="session")
def image(engine: Engine) -> str:
    """Our Dockerfile, built from this checkout."""
    engine.build(TOP, IMAGE)
    return IMAGE


@pytest.fixture(scope="session")
def bundle(engine: Engine, image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """/opt/ci-gate as it is copied out of the image."""
    folder = tmp_path_factory.mktemp("bundle")
    engine.copy_out(image, "/opt/ci-gate", folder / "ci-gate")
    return folder / "ci-gate"
