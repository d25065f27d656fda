"""A service that varies, recorded, learned and held to it with the real command."""

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

VARYING = Path(__file__).resolve().parent.parent / "gate" / "varying.py"
CONFIG = """
version: 1
snapshot: snapshots/varying
service:
  name: varying
  command: [{python}, varying.py]
  port: auto
  env: {{PORT: "${{service.port}}", LEDGER_URL: "${{ledger.url}}", HOW: "${{env.HOW:-}}"}}
  ready: {{path: /luck, timeout: 60s}}
dependencies:
  ledger: {{upstream: "http://localhost:{upstream}"}}
"""
RULE = """
rules:
  - {at: "response.body.$.luck.*", allow: any, reason: "luck", owner: "@tests"}
  - {at: "response.body.$.luck", allow: any, reason: "luck", owner: "@tests"}
"""
DRIVE = """
import json, os, urllib.request
base = os.environ["CI_GATE_TARGET"]
open_ = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
def send(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json"}
    return json.load(open_(urllib.request.Request(base + path, data, sent), timeout=10))
for number in range(3):
    order = send("/orders", {"wanted": number})
    send("/orders/" + order["id"])
    send("/payments", {"order": order["id"]})
send("/luck")
"""
DRIVER = f"{sys.executable} drive.py"
WRONG = {
    "integer": "response.body.$.trace",
    "null": "response.body.$.at",
    "backwards": "response.body.$.number",
    "wrong-id": "request.body.$.order",
    "extra": "response.body.$.more",
}
"""How the service changes -> where that is seen."""


class Ledger(http.server.BaseHTTPRequestHandler):
    """The service's dependency: gives back what it was charged with."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self) -> None:
        """A charge."""
        key = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["key"]
        data = json.dumps({"key": key, "charged": True}).encode()
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@contextlib.contextmanager
def ledger() -> Iterator[int]:
    """The dependency, running; yields its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ledger)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def folder_of_service(folder: Path) -> Path:
    """A folder with the service and who drives it."""
    folder.mkdir(exist_ok=True)
    shutil.copy(VARYING, folder)
    (folder / "drive.py").write_text(DRIVE, encoding="utf-8")
    return folder


def configure(folder: Path, upstream: int) -> None:
    """Its configuration, with the port of its dependency."""
    text = CONFIG.format(python=sys.executable, upstream=upstream)
    (folder / "ci-gate.yml").write_text(text, encoding="utf-8")


def files(folder: Path) -> dict[str, bytes]:
    """Everything below a folder, by relative path."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def varying(tmp_path_factory: pytest.TempPathFactory, make_gate: Callable[[Path], Any]) -> Path:
    """A folder with the service, its configuration and what was recorded of it."""
    folder = folder_of_service(tmp_path_factory.mktemp("varying"))
    with ledger() as upstream:
        configure(folder, upstream)
        done = make_gate(folder)("record", "--in-port", "0", "--out-port", "0", "--drive", DRIVER)
        assert done.code == 0, done.text
    return folder


@pytest.fixture(scope="module")
def learned(varying: Path, tmp_path_factory: pytest.TempPathFactory, make_gate: Any) -> Path:
    """The same folder, with what varies learned."""
    folder = tmp_path_factory.mktemp("learned") / "varying"
    shutil.copytree(varying, folder)
    done = make_gate(folder)("learn")
    assert done.code == 0, done.text
    assert "learned from 3 replays" in done.text
    return folder


@pytest.fixture
def gate(tmp_path: Path, make_gate: Any) -> Iterator[Callable[[Path], Any]]:
    """The gate in a copy of a folder; nothing outlives the test."""
    made: list[Any] = []

    def copied(folder: Path) -> Any:
        shutil.copytree(folder, tmp_path / "varying")
        made.append(make_gate(tmp_path / "varying"))
        return made[0]

    yield copied
    left = [line for one in made for line in one.alive()]
    for one in made:
        one.kill_all()
    assert left == []


def test_what_is_learned_is_in_the_snapshot(learned: Path) -> None:
    """Kinds by evidence beside the exchanges, and the order's id as a value that travels."""
    noise = {
        (one["at"], one["kind"])
        for path in (learned / "snapshots").rglob("*/inbound/post-orders-*.json")
        for exchange in json.loads(path.read_text(encoding="utf-8"))["exchanges"]
        for one in exchange["noise"]
    }
    assert noise == {
        ("response.body.$.at", "timestamp"),
        ("response.body.$.id", "uuid"),
        ("response.body.$.number", "counter"),
        ("response.body.$.trace", "uuid"),
    }
    bindings = json.loads(next(learned.rglob("bindings.json")).read_text(encoding="utf-8"))
    assert len(bindings["inbound"]) == 3


def test_unchanged_passes_three_times(learned: Path, gate: Any) -> None:
    """Without a rule, nothing that varies is a false alarm."""
    held = gate(learned)
    for number in range(3):
        done = held("run", "--quiet", "--out", f"run-{number}")
        assert done.code == 0, done.text
        assert held.result(f"run-{number}")["runs"][0]["counts"]["total"] == 10


def test_unlearned_it_is_red(varying: Path, gate: Any) -> None:
    """It is learning that makes it pass: the recording alone is not enough."""
    assert gate(varying)("run", "--quiet", "--out", "run").code == 1


@pytest.mark.parametrize("how", WRONG)
def test_what_is_not_of_its_kind_is_red(learned: Path, gate: Any, how: str) -> None:
    """What was learned opens places for their kind and no further."""
    held = gate(learned)
    done = held("run", "--quiet", "--out", "run", HOW=how)
    assert done.code == 1, done.text
    causes = held.result()["causes"]
    assert WRONG[how] in [cause.get("place") for cause in causes], done.text


def test_a_value_that_did_not_come_is_the_cause_of_what_follows(learned: Path, gate: Any) -> None:
    """Without its id no order can be asked for, or paid: one cause, and what failed behind it."""
    held = gate(learned)
    done = held("run", "--out", "run", HOW="nameless")
    assert done.code == 1, done.text
    (cause,) = [one for one in held.result()["causes"] if not one.get("notice")]
    assert cause["title"] == "response.body.$.id removed"
    assert cause["routes"] == ["POST /orders", "GET /orders/{id}", "POST /payments"]
    assert {"status 200 became 404", "POST /charges (ledger) no longer called"} <= set(
        cause["following"]
    )
    behind = [one["detail"] for one in cause["examples"] if one["change"] == "status"]
    assert behind
    assert all("made at response.body.$.id of POST /orders" in one for one in behind)


def test_what_nothing_explains_is_not_learned(varying: Path, gate: Any) -> None:
    """`learn` names the place, exits with 1, and leaves the snapshot as it was."""
    held = gate(varying)
    before = files(held.folder / "snapshots")
    done = held("learn", HOW="luck")
    assert done.code == 1
    assert "GET /luck" in done.text
    assert "response.body.$.luck" in done.text
    assert "nothing was written" in done.text
    assert files(held.folder / "snapshots") == before


@pytest.mark.parametrize(("how", "code"), [("", 0), ("luck", 1)])
def test_record_and_learn_at_once(tmp_path: Path, gate: Any, how: str, code: int) -> None:
    """`record --learn` is `record`, then `learn`: what was learned is in the snapshot; what cannot
    be leaves it as it was recorded, says so, and exits with 1."""
    held = gate(folder_of_service(tmp_path / "made"))
    with ledger() as upstream:
        configure(held.folder, upstream)
        flags = ("--in-port", "0", "--out-port", "0", "--drive", DRIVER, "--learn=2")
        done = held("record", *flags, HOW=how)
    assert done.code == code, done.text
    assert "10 inbound and 3 outbound exchanges" in done.text
    texts = [path.read_text("utf-8") for path in held.folder.rglob("inbound/post-orders-*.json")]
    assert texts
    if how:
        assert "nothing was written" in done.text
        assert not any('"noise"' in text for text in texts)
        return
    assert "learned from 2 replays" in done.text
    assert held("run", "--quiet", "--out", "run").code == 0


def test_a_rule_that_opens_the_place_is_enough(varying: Path, gate: Any) -> None:
    """What a committed rule covers is the rule's: it is learned without complaint."""
    held = gate(varying)
    config = held.folder / "ci-gate.yml"
    config.write_text(config.read_text(encoding="utf-8") + RULE, encoding="utf-8")
    done = held("learn", HOW="luck")
    assert done.code == 0, done.text
    assert "$.luck" not in done.text
    assert held("run", "--quiet", "--out", "run", HOW="luck").code == 0
