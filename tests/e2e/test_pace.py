"""Services that mind how fast they are asked: learning finds the pace they need, and run keeps it."""

from __future__ import annotations

import contextlib
import http.server
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HASTY = Path(__file__).with_name("hasty.py")
CONFIG = """
version: 1
snapshot: snapshots/hasty
service:
  name: hasty
  command: [{python}, hasty.py]
  port: auto
  env: {{PORT: "${{service.port}}", RATES_URL: "${{rates.url}}"}}
  ready: {{path: /healthz, timeout: 60s}}
dependencies:
  rates: {{upstream: "http://localhost:{upstream}"}}
"""
DRIVE = """
import os, sys, time, urllib.request
base = os.environ["CI_GATE_TARGET"]
open_ = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
for number in range(3):
    time.sleep(1.3 if number else 0)
    open_(base + sys.argv[1], timeout=10).read()
"""


class Rates(http.server.BaseHTTPRequestHandler):
    """The dependency."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """Always the same rate."""
        data = b'{"rate": 1.25}'
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@contextlib.contextmanager
def rates() -> Iterator[int]:
    """The dependency, running; yields its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Rates)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def hasty(tmp_path: Path, make_gate: Callable[[Path], Any]) -> Iterator[Callable[[str], Any]]:
    """`hasty("/rate")`: the gate in a folder where three requests for that path, 1.3 s apart, were
    recorded and learned."""
    made: list[Any] = []

    def recorded(path: str, *flags: str) -> Any:
        shutil.copy(HASTY, tmp_path)
        (tmp_path / "drive.py").write_text(DRIVE, encoding="utf-8")
        gate = make_gate(tmp_path)
        made.append(gate)
        with rates() as upstream:
            text = CONFIG.format(python=sys.executable, upstream=upstream)
            (tmp_path / "ci-gate.yml").write_text(text, encoding="utf-8")
            drive = f"{sys.executable} drive.py {path}"
            done = gate("record", "--in-port", "0", "--out-port", "0", "--drive", drive, *flags)
        assert done.code == 0, done.text
        return gate

    yield recorded
    left = [line for one in made for line in one.alive()]
    for one in made:
        one.kill_all()
    assert left == []


def pace(gate: Any) -> str:
    """What the snapshot says of its pace."""
    text = (gate.folder / "snapshots" / "hasty" / "snapshot.json").read_text(encoding="utf-8")
    found: str = json.loads(text).get("pace", "fast")
    return found


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/rate", "leaves out calls that it makes at the recorded pace (GET /rate)"),
        ("/limited", "refuses requests as too many that it answers then (GET /limited)"),
        ("/job", "answers with another status than at the recorded pace (GET /job)"),
    ],
)
def test_the_pace_is_learned(hasty: Callable[[str], Any], path: str, told: str) -> None:
    """A cache that runs out between requests and a limit that is kept: asked at full speed the
    unchanged service is red, after learning it passes, and the snapshot says why."""
    gate = hasty(path)
    assert gate("run", "--quiet", "--out", "fast").code == 1
    done = gate("learn")
    assert done.code == 0, done.text
    assert "once more, at the recorded pace (3 s)" in done.text
    assert told in " ".join(done.text.split())
    assert pace(gate) == "recorded"
    for number in range(2):
        done = gate("run", "--quiet", "--out", f"run-{number}")
        assert done.code == 0, done.text
        assert gate.result(f"run-{number}")["runs"][0]["counts"]["seconds"] > 2.5


def test_what_is_steady_at_the_recorded_pace_only(hasty: Callable[[str], Any]) -> None:
    """Answers that nothing explains at full speed and that are alike at the recorded pace."""
    gate = hasty("/queue")
    done = gate("learn")
    assert done.code == 0, done.text
    assert "again, at the recorded pace (3 s), replay 1 of 3" in done.text
    assert "is not steady (GET /queue)" in " ".join(done.text.split())
    assert pace(gate) == "recorded"
    assert gate("run", "--quiet", "--out", "run").code == 0


def test_what_is_not_ready_at_full_speed(hasty: Callable[[str], Any]) -> None:
    """Answers that are always alike at full speed, and never those that were recorded."""
    gate = hasty("/begun")
    done = gate("learn")
    assert done.code == 0, done.text
    assert "answers are not as recorded: once more, at the recorded pace (3 s)" in done.text
    assert "is not ready (GET /begun)" in " ".join(done.text.split())
    assert pace(gate) == "recorded"
    assert "none rebased" in done.text
    assert gate("run", "--quiet", "--out", "run").code == 0


def test_pace_that_is_not_needed(hasty: Callable[[str], Any]) -> None:
    """A service that does not mind is replayed as fast as it can be."""
    gate = hasty("/other")
    done = gate("learn")
    assert done.code == 0, done.text
    assert "recorded pace" not in done.text
    assert pace(gate) == "fast"
