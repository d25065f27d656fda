"""Requests that overlapped while recording: whose calls they were is not known, and no matter."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

OVERLAPPING = Path(__file__).with_name("overlapping.py")
REQUESTS = 24
SETTLE = 0.5
CONFIG = """
version: 1
snapshot: snapshots/overlapping
service:
  name: overlapping
  command: [{python}, overlapping.py]
  port: auto
  env: {{PORT: "${{service.port}}", STORE_URL: "${{store.url}}", HOW: "${{env.HOW:-}}"}}
  ready: {{path: /healthz, timeout: 60s}}
dependencies:
  store: {{upstream: "http://localhost:{upstream}"}}
"""
DRIVE = f"""
import os, urllib.request
from concurrent.futures import ThreadPoolExecutor
base = os.environ["CI_GATE_TARGET"]
open_ = urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open
def look(number):
    open_(f"{{base}}/items/thing-{{number}}", timeout=10).read()
with ThreadPoolExecutor(4) as pool:
    list(pool.map(look, range({REQUESTS})))
"""


class Store(BaseHTTPRequestHandler):
    """The dependency; slow enough for requests to overlap."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self) -> None:
        """An item was looked at."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say({})

    def do_GET(self) -> None:
        """A number about an item."""
        time.sleep(0.02)
        self._say({"n": len(self.path)})

    def _say(self, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@contextlib.contextmanager
def store() -> Iterator[int]:
    """The dependency, running; yields its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory, make_gate: Callable[[Path], Any]) -> Any:
    """The gate in a folder with the service and what was recorded of it, four at a time."""
    folder = tmp_path_factory.mktemp("overlapping")
    shutil.copy(OVERLAPPING, folder)
    (folder / "drive.py").write_text(DRIVE, encoding="utf-8")
    made = make_gate(folder)
    with store() as upstream:
        text = CONFIG.format(python=sys.executable, upstream=upstream)
        (folder / "ci-gate.yml").write_text(text, encoding="utf-8")
        drive = f"{sys.executable} drive.py"
        done = made("record", "--in-port", "0", "--out-port", "0", "--drive", drive)
        assert done.code == 0, done.text
    groups = [
        exchange["groups"]
        for path in (folder / "snapshots").rglob("*/store/get-*.json")
        for exchange in json.loads(path.read_text(encoding="utf-8"))["exchanges"]
    ]
    assert sum(len(one) > 1 for one in groups) > REQUESTS  # they did overlap
    return made


def passes(gate: Any, number: int) -> None:
    """One run of the unchanged service, which waits for no call that may be another's."""
    done = gate("run", "--quiet", "--out", f"run-{number}")
    assert done.code == 0, done.text
    counts = gate.result(f"run-{number}")["runs"][0]["counts"]
    assert counts["matched"] == 4 * REQUESTS
    assert counts["seconds"] < REQUESTS * SETTLE / 4


def test_unchanged_passes_without_waiting(gate: Any) -> None:
    """One request at a time makes the calls of four at a time."""
    for number in range(2):
        passes(gate, number)


@pytest.mark.long
def test_unchanged_passes_twenty_times(gate: Any) -> None:
    """Not by luck."""
    for number in range(20):
        passes(gate, number)


def test_a_call_that_is_not_made_is_red(gate: Any) -> None:
    """Whosever it is."""
    done = gate("run", "--quiet", "--out", "drop", HOW="drop")
    assert done.code == 1, done.text
    assert gate.result("drop")["runs"][0]["counts"]["missing"] == REQUESTS
