"""Calls that no longer wait for one another: learned, passed, red, and accepted."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_outbound import CALLER, CONFIG, Api, accept, red

PATHS = "turns racing unwaited fan chain"
DRIVE = f"""
import os, time, urllib.request
base = os.environ["CI_GATE_TARGET"]
open_ = urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open
for path in "{PATHS}".split():
    open_(base + "/" + path, timeout=10).read()
    time.sleep(0.15)
"""
AT_ONCE = ("GET /customer (api) now called at once", "GET /offer/{id} (api) now called at once")
UNWAITED = "POST /letter (api) now made "
"""How titles begin; whether the response is there before the letter is sent, and which of the calls
comes first that are sent at once, is the machine's business."""
OTHERS = {"GET /price/{id} (api) now called one after the other, recorded at once"}


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory, make_gate: Callable[[Path], Any]) -> Any:
    """The gate in a folder with the service, recorded and learned."""
    folder = tmp_path_factory.mktemp("turns")
    shutil.copy(CALLER, folder)
    (folder / "drive.py").write_text(DRIVE, encoding="utf-8")
    made = make_gate(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    text = CONFIG.format(python=sys.executable, upstream=server.server_port)
    (folder / "ci-gate.yml").write_text(text, encoding="utf-8")
    drive = f"{sys.executable} drive.py"
    done = made("record", "--in-port", "0", "--out-port", "0", "--drive", drive, "--learn")
    server.shutdown()
    server.server_close()
    thread.join()
    assert done.code == 0, done.text
    return made


def blocking(gate: Any) -> set[str]:
    """The paths of the calls that learning found to be waited for."""
    return {
        exchange["request"]["target"]
        for path in (gate.folder / "snapshots").rglob("outbound/api/get-*.json")
        for exchange in json.loads(path.read_text(encoding="utf-8"))["exchanges"]
        if exchange.get("blocking")
    }


@pytest.mark.long
def test_what_no_longer_waits_is_red_and_can_be_accepted(gate: Any) -> None:
    """Only what learning saw waiting is held to it: what races passes run after run; calls that go
    at once, and a response that goes without a call, are causes; accepted, they are expected."""
    found = blocking(gate)
    assert {"/customer", "/offer/1", "/offer/2", "/letter", "/first", "/second"} <= found
    assert "/one" not in found
    for number in range(3):
        done = gate("run", "--out", f"run{number}")
        assert done.code == 0, done.text
    causes = red(gate, "1")
    at_once = [one for one in causes if one.startswith(AT_ONCE)]
    unwaited = [one for one in causes if one.startswith(UNWAITED)]
    assert at_once
    assert len(unwaited) == 1
    assert set(causes) == {*at_once, *unwaited, *OTHERS}
    for title in (*at_once, *unwaited):
        accept(gate, "run", causes[title])
    assert set(red(gate, "1")) == OTHERS
