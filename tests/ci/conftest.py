"""One image for all tests that need it, and what was left of it taken away; a forge that lets nobody
write."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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


class ReadOnly(BaseHTTPRequestHandler):
    """GitHub, as the job of a fork's pull request sees it: nothing may be written."""

    def do_GET(self) -> None:
        """Every list is empty."""
        self._say(200, b"[]")

    def do_POST(self) -> None:
        """What a token without the right is told."""
        self._say(403, b'{"message": "Resource not accessible by integration"}')

    do_PATCH = do_POST  # noqa: N815 - the name that http.server looks for

    def _say(self, code: int, body: bytes) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def read_only() -> Iterator[str]:
    """The address of an API that lets nobody write."""
    with ThreadingHTTPServer(("127.0.0.1", 0), ReadOnly) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
