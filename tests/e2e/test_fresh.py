"""A service that makes up ids and sends them to a dependency: they travel on, and wrong ones do not."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

FRESH = Path(__file__).with_name("fresh.py")
CONFIG = """
version: 1
snapshot: snapshots/fresh
service:
  name: fresh
  command: [{python}, fresh.py]
  port: auto
  env: {{PORT: "${{service.port}}", PAYMENTS_URL: "${{payments.url}}", HOW: "${{env.HOW:-}}"}}
  ready: {{path: /healthz, timeout: 60s}}
dependencies:
  payments: {{upstream: "http://localhost:{upstream}"}}
"""
DRIVE = """
import json, os, urllib.request, uuid
base = os.environ["CI_GATE_TARGET"]
open_ = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
def send(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json"}
    return json.load(open_(urllib.request.Request(base + path, data, sent), timeout=10))
made = []
for number in range(3):
    made.append(send("/orders", {"customer": str(uuid.uuid4()), "amount": 5 + number})["id"])
for order in made + made[:1]:
    send("/orders/" + order)
"""
WRONG = ("constant", "other", "customer", "asks-other")


class Payments(BaseHTTPRequestHandler):
    """The dependency: gives back for which order it was paid."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self) -> None:
        """A payment."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._say({"order": body["order"], "state": "paid"})

    def do_GET(self) -> None:
        """A payment that was made."""
        order = self.path.rpartition("/")[2].partition("?")[0]
        self._say({"order": order, "note": f"payment of order {order}, in full"})

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
def payments() -> Iterator[int]:
    """The dependency, running; yields its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Payments)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, make_gate: Callable[[Path], Any]) -> Path:
    """A folder with the service, its configuration and what was recorded of it."""
    folder = tmp_path_factory.mktemp("fresh")
    shutil.copy(FRESH, folder)
    (folder / "drive.py").write_text(DRIVE, encoding="utf-8")
    with payments() as upstream:
        text = CONFIG.format(python=sys.executable, upstream=upstream)
        (folder / "ci-gate.yml").write_text(text, encoding="utf-8")
        drive = f"{sys.executable} drive.py"
        done = make_gate(folder)("record", "--in-port", "0", "--out-port", "0", "--drive", drive)
        assert done.code == 0, done.text
    return folder


@pytest.fixture(scope="module")
def learned(recorded: Path, tmp_path_factory: pytest.TempPathFactory, make_gate: Any) -> Path:
    """The same folder, with what varies learned."""
    folder = tmp_path_factory.mktemp("learned") / "fresh"
    shutil.copytree(recorded, folder)
    done = make_gate(folder)("learn")
    assert done.code == 0, done.text
    return folder


@pytest.fixture(params=["recorded", "learned"])
def gate(
    request: pytest.FixtureRequest, tmp_path: Path, make_gate: Any
) -> Iterator[Callable[..., Any]]:
    """The gate in a copy of the folder, learned or not; nothing outlives the test."""
    folder: Path = request.getfixturevalue(request.param)
    shutil.copytree(folder, tmp_path / "fresh")
    made = make_gate(tmp_path / "fresh")
    yield made
    left = made.alive()
    made.kill_all()
    assert left == []


def test_unchanged_passes(gate: Any) -> None:
    """Fresh ids are sent, echoed, answered and asked for again: nothing of it differs."""
    for number in range(3):
        done = gate("run", "--quiet", "--out", f"run-{number}")
        assert done.code == 0, done.text
        counts = gate.result(f"run-{number}")["runs"][0]["counts"]
        assert (counts["total"], counts["matched"], counts["unmatched"]) == (7, 7, 0)


@pytest.mark.long
def test_unchanged_passes_twenty_times(gate: Any) -> None:
    """Not by luck."""
    for number in range(20):
        done = gate("run", "--quiet", "--out", f"run-{number}")
        assert done.code == 0, done.text


@pytest.mark.parametrize("how", WRONG)
def test_a_wrong_id_is_red(gate: Any, how: str) -> None:
    """A constant, another order's id, the customer's: none of them passes for a fresh id."""
    done = gate("run", "--quiet", "--out", "run", HOW=how)
    assert done.code == 1, done.text
    red = [one for one in gate.result()["causes"] if one.get("dependency") == "payments"]
    assert red, done.text
