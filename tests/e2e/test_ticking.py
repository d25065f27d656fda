"""A service that polls and renews a token beside its requests: compared by key and not counted."""

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

pytestmark = pytest.mark.long

TICKING = Path(__file__).with_name("ticking.py")
CONFIG = """
version: 1
snapshot: snapshots/ticking
service:
  name: ticking
  command: [{python}, ticking.py]
  port: auto
  env: {{PORT: "${{service.port}}", FEED_URL: "${{feed.url}}", HOW: "${{env.HOW:-}}"}}
  ready: {{path: /healthz, timeout: 60s}}
dependencies:
  feed: {{upstream: "http://localhost:{upstream}"}}
"""
DRIVE = """
import os, time, urllib.request
base = os.environ["CI_GATE_TARGET"]
open_ = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
for _ in range(2):
    for _ in range(2):
        open_(base + "/hello", timeout=10).read()
    time.sleep(1.4)
"""
WRONG = {
    "key": "GET /changes",
    "host": "elsewhere.example",
    "kind": "request.body.$.nonce",
    "null": "request.body.$.nonce",
    "grant": "request.body.$.grant",
}
"""How the service changes -> what is told of it."""


class Feed(BaseHTTPRequestHandler):
    """The dependency; its greeting takes longer than a poll's pause."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self) -> None:
        """A new token."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._say({"token": "t", "nonce": body["nonce"]})

    def do_GET(self) -> None:
        """A greeting, or news."""
        if self.path == "/greeting":
            time.sleep(0.3)
        self._say({"text": "hello"} if self.path == "/greeting" else {"news": []})

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
def feed() -> Iterator[int]:
    """The dependency, running; yields its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Feed)
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
    folder = tmp_path_factory.mktemp("ticking")
    shutil.copy(TICKING, folder)
    (folder / "drive.py").write_text(DRIVE, encoding="utf-8")
    with feed() as upstream:
        text = CONFIG.format(python=sys.executable, upstream=upstream)
        (folder / "ci-gate.yml").write_text(text, encoding="utf-8")
        drive = f"{sys.executable} drive.py"
        done = make_gate(folder)("record", "--in-port", "0", "--out-port", "0", "--drive", drive)
        assert done.code == 0, done.text
    return folder


@pytest.fixture(scope="module")
def learned(recorded: Path, tmp_path_factory: pytest.TempPathFactory, make_gate: Any) -> Path:
    """The same folder, with what varies learned."""
    folder = tmp_path_factory.mktemp("learned") / "ticking"
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
    shutil.copytree(folder, tmp_path / "ticking")
    made = make_gate(tmp_path / "ticking")
    yield made
    left = made.alive()
    made.kill_all()
    assert left == []


def test_polls_in_flight_are_nobodys(recorded: Path) -> None:
    """A poll that says the time, and a renewal with a fresh nonce, belong to no request."""
    folder = recorded / "snapshots" / "ticking" / "outbound" / "feed"
    calls = {
        exchange["request"]["target"].partition("?")[0]
        for path in folder.glob("get-hello-*.json")
        for exchange in json.loads(path.read_text(encoding="utf-8"))["exchanges"]
    }
    assert calls == {"/greeting"}


@pytest.mark.parametrize("pace", ["fast", "recorded"])
@pytest.mark.parametrize("how", ["", "busy"])
def test_unchanged_passes(gate: Any, pace: str, how: str) -> None:
    """However many polls and renewals there are, and whatever they say of the time."""
    config = gate.folder / "ci-gate.yml"
    with config.open("a", encoding="utf-8") as file:
        file.write(f"replay: {{pace: {pace}}}\n")
    for number in range(2):
        done = gate("run", "--quiet", "--out", f"run-{number}", HOW=how)
        assert done.code == 0, done.text


@pytest.mark.parametrize("how", WRONG)
def test_what_was_never_seen_is_red(gate: Any, how: str) -> None:
    """Another key, another host, another kind of nonce, another constant."""
    done = gate("run", "--quiet", "--out", "run", HOW=how)
    assert done.code == 1, done.text
    assert WRONG[how] in done.out
