"""The real command in processes of its own, and what it may not leave behind."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from ci_gate.service import ports

TOP = Path(__file__).resolve().parent.parent.parent
SMALL = Path(__file__).with_name("small.py")
MARK = "CI_E2E_MARK"
"""A variable that every process of a test inherits, so that leftovers are found wherever they are."""

CONFIG = """
version: 1
snapshot: snapshots/small
service:
  name: small
  command: [{python}, small.py]
  port: auto
  env: {{PORT: "${{service.port}}", GREETINGS_URL: "http://localhost:{upstream}"}}
  ready: {{path: /healthz, timeout: 10s}}
dependencies:
  greetings: {{upstream: "http://localhost:{upstream}"}}
"""

DRIVE = """
import json, os, urllib.request
base = os.environ["CI_GATE_TARGET"]
open_ = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
def send(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    open_(urllib.request.Request(base + path, data=data), timeout=10).read()
for name in ("ada", "bert", "cleo"):
    send("/hello/" + name)
for number in range(3):
    send("/things", {"thing": number})
    send("/things")
"""


class Done:
    """How a command ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def text(self) -> str:
        """Everything it printed."""
        return self.out + self.err


class Gate:
    """`ci-gate` in one folder, with one environment."""

    def __init__(self, folder: Path, state: Path) -> None:
        self.folder = folder
        self.mark = uuid.uuid4().hex
        self.started: list[subprocess.Popen[str]] = []
        self.env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        self.env |= {MARK: self.mark, "XDG_STATE_HOME": str(state), "NO_COLOR": "1"}

    def start(self, *args: str, **env: str) -> subprocess.Popen[str]:
        """Begin a command in a process group of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "ci_gate", *args],
            cwd=self.folder,
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def end(self, process: subprocess.Popen[str], seconds: float = 180) -> Done:
        """Wait for it; a command that hangs is killed and fails the test."""
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill_all()
            out, err = process.communicate()
            pytest.fail(f"{process.args!r} hangs:\n{out}\n{err}")
        return Done(process.returncode, out, err)

    def __call__(self, *args: str, **env: str) -> Done:
        """Run a command to its end."""
        return self.end(self.start(*args, **env))

    def result(self, out: str = "run") -> dict[str, Any]:
        """result.json of a run directory."""
        path = self.folder / out / "result.json"
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def alive(self) -> list[str]:
        """Processes of this test that live, wherever they have gone."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and (
                    process.environ().get(MARK) == self.mark
                ):
                    found.append(f"{process.pid} {' '.join(process.cmdline())}")
        return found

    def kill_all(self) -> None:
        """End what a failed test has left."""
        for line in self.alive():
            with contextlib.suppress(OSError):
                os.kill(int(line.split()[0]), signal.SIGKILL)
        for process in self.started:
            with contextlib.suppress(ValueError):
                process.communicate()


class Greetings(BaseHTTPRequestHandler):
    """The small service's dependency."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """A greeting for whoever is named."""
        data = json.dumps({"text": f"Hello, {self.path.rpartition('=')[2]}!"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@contextlib.contextmanager
def greetings() -> Iterator[int]:
    """The dependency, running; yields its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Greetings)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's state directory of these tests."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def make_gate(state: Path) -> Callable[[Path], Gate]:
    """The gate in any folder."""
    return lambda folder: Gate(folder, state)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory, state: Path) -> Path:
    """A folder with the small service, its ci-gate.yml and a snapshot recorded by ci-gate."""
    folder = tmp_path_factory.mktemp("small")
    shutil.copy(SMALL, folder)
    (folder / "drive.py").write_text(DRIVE, encoding="utf-8")
    with greetings() as upstream:
        text = CONFIG.format(python=sys.executable, upstream=upstream)
        (folder / "ci-gate.yml").write_text(text, encoding="utf-8")
        gate = Gate(folder, state)
        drive = f"{sys.executable} drive.py"
        done = gate("record", "--in-port", "0", "--out-port", "0", "--drive", drive)
        assert done.code == 0, done.text
        assert gate.alive() == []
    return folder


@pytest.fixture
def small(recorded: Path, tmp_path: Path, state: Path) -> Iterator[Gate]:
    """The gate in a folder of its own with the recorded small service; nothing outlives the test."""
    folder = tmp_path / "small"
    shutil.copytree(recorded, folder)
    gate = Gate(folder, state)
    yield gate
    left = gate.alive()
    gate.kill_all()
    assert left == []


@pytest.fixture
def orders(state: Path) -> Iterator[Gate]:
    """The gate in examples/orders; nothing outlives the test."""
    gate = Gate(TOP / "examples" / "orders", state)
    yield gate
    left = gate.alive()
    gate.kill_all()
    assert left == []


@pytest.fixture
def httpbin(state: Path) -> Iterator[Gate]:
    """The gate in examples/httpbin; nothing outlives the test."""
    gate = Gate(TOP / "examples" / "httpbin", state)
    yield gate
    left = gate.alive()
    gate.kill_all()
    assert left == []


@pytest.fixture
def upstream() -> Iterator[int]:
    """The small service's dependency, running."""
    with greetings() as port:
        yield port


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Ports nobody listens on, and nobody is given by chance."""
    return ports.free_port


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait until something holds, 60 seconds at most."""

    def wait(holds: Callable[[], object]) -> None:
        end = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < end, "it never came to hold"
            time.sleep(0.02)

    return wait


@pytest.fixture
def listens() -> Callable[[int], bool]:
    """Whether somebody listens on a port."""

    def check(port: int) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    return check


@pytest.fixture
def send() -> Callable[..., int]:
    """Send one request; returns the status."""

    def request(port: int, path: str, body: object = None) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        data = None if body is None else json.dumps(body).encode()
        connection.request("GET" if data is None else "POST", path, data)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    return request
