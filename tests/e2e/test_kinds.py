"""Every kind of noise, from a live service to the snapshot and back: learned, stored, held."""

from __future__ import annotations

import http.server
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

KINDS = Path(__file__).with_name("kinds.py")
CONFIG = """
version: 1
snapshot: snapshots/kinds
service:
  name: kinds
  command: [{python}, kinds.py]
  port: auto
  clock: {clock}
  env: {{PORT: "${{service.port}}", LEDGER_URL: "${{ledger.url}}", HOW: "${{env.HOW:-}}"}}
  ready: {{path: /healthz, timeout: 60s}}
dependencies:
  ledger: {{upstream: "http://localhost:{upstream}"}}
"""
DRIVE = """
import json, os, urllib.request
base = os.environ["CI_GATE_TARGET"]
open_ = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
for number in range(3):
    for path in ("/names", "/times", "/numbers", "/sets", "/page", "/bytes"):
        open_(base + path, timeout=10).read()
open_(base + "/calls", timeout=10).read()
card = "4111" + "1" * 12
body = json.dumps({"card": card, "until": "2026-12-31"}).encode()
sent = {"Content-Type": "application/json"}
open_(urllib.request.Request(base + "/pay", body, sent), timeout=10).read()
"""
LEARNED = {
    "GET /names": {
        "response.body.$.uuid": "uuid",
        "response.body.$.ulid": "ulid",
        "response.body.$.objectid": "objectid",
        "response.body.$.hex": "hex",
        "response.body.$.base64": "base64",
        "response.body.$.ref#0.0.1": "token",
    },
    "GET /times": {
        "response.body.$.at": "timestamp YYYY-MM-DDThh:mm:ss.fff±hh:mm",
        "response.body.$.ms": "timestamp epoch ms",
        "response.body.$.http": "timestamp Www, DD Mmm YYYY hh:mm:ss GMT",
        "response.body.$.day": "timestamp YYYY-MM-DD, by the clock",
        "response.body.$.age": "derived integer, by the clock",
    },
    "GET /numbers": {
        "response.body.$.number": "counter",
        "response.body.$.took": "integer",
        "response.body.$.share": "number",
        "response.body.$.size": "integer text",
    },
    "GET /sets": {
        "response.body.$.colour": "one-of",
        "response.body.$.rows": "unordered",
        "response.body.$.keyed": "unordered id",
        "response.body.$.keyed[*].key": "uuid",
    },
    "GET /page": {"response.body#5": "hex"},
    "GET /bytes": {"response.body": "bytes"},
    "GET /calls": {"calls.ledger": "unordered"},
    "GET /read/c": {"call": "optional"},
    "POST /write": {"request.body.$.key": "uuid", "request.body.$.at": "timestamp epoch ms"},
}
"""Route -> place -> kind, with its format or key where that matters."""


class Ledger(http.server.BaseHTTPRequestHandler):
    """The dependency: says yes."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """A read."""
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "12")
        self.end_headers()
        self.wfile.write(b'{"ok": true}')

    def do_POST(self) -> None:
        """A write."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def upstream() -> Iterator[int]:
    """The dependency, running; its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ledger)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def recorded(folder: Path, upstream: int, make_gate: Callable[[Path], Any], clock: str) -> Any:
    """The gate in a folder where the service was recorded and learned; and what that said."""
    shutil.copy(KINDS, folder)
    (folder / "drive.py").write_text(DRIVE, encoding="utf-8")
    text = CONFIG.format(python=sys.executable, upstream=upstream, clock=clock)
    (folder / "ci-gate.yml").write_text(text, encoding="utf-8")
    gate = make_gate(folder)
    drive = f"{sys.executable} drive.py"
    done = gate("record", "--in-port", "0", "--out-port", "0", "--drive", drive, "--learn")
    assert done.code == 0, done.text
    return gate, done.text


@pytest.fixture(scope="module")
def kinds(
    tmp_path_factory: pytest.TempPathFactory, upstream: int, make_gate: Callable[[Path], Any]
) -> Iterator[tuple[Any, str]]:
    """The gate where the service was recorded and learned, and what was said; nothing is left."""
    gate, text = recorded(tmp_path_factory.mktemp("kinds"), upstream, make_gate, "auto")
    yield gate, text
    left = gate.alive()
    gate.kill_all()
    assert left == []


def noise_of(gate: Any) -> dict[str, dict[str, str]]:
    """The noise in the snapshot's files: route -> place -> kind, format or key, and the clock."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((gate.folder / "snapshots").rglob("*.json")):
        held = json.loads(path.read_text(encoding="utf-8"))
        for exchange in held.get("exchanges", ()):
            for one in exchange.get("noise", ()):
                more = one.get("key", "")
                if one["kind"] in ("timestamp", "derived") or one.get("format") == "text":
                    more = one["format"]
                clock = ", by the clock" if one.get("clock") else ""
                route = exchange.get("route") or held["route"]
                text = f"{one['kind']} {more}".strip() + clock
                found.setdefault(route, {})[one["at"]] = text
    return found


def test_every_kind_is_learned(kinds: tuple[Any, str]) -> None:
    """Each place has its kind in the files, and its evidence."""
    gate, text = kinds
    assert noise_of(gate) == LEARNED
    assert "time-derived integer" in text
    assert "time-derived timestamp YYYY-MM-DD" in text


def test_what_was_made_of_a_redacted_value_is_rebased(kinds: tuple[Any, str]) -> None:
    """The service saw another card than when it was recorded: both ends of it are kept, and listed
    for review."""
    gate, text = kinds
    (path,) = gate.folder.rglob("inbound/post-pay-*.json")
    (exchange,) = json.loads(path.read_text(encoding="utf-8"))["exchanges"]
    (rebased,) = exchange["rebased"]
    assert (rebased["at"], rebased["recorded"]) == ("response.body.$.last", '"1111"')
    assert json.dumps(exchange["response"]["body"]["json"]["last"]) == rebased["expected"]
    assert "1 rebased" in text
    assert "rebased: review these" in text


def test_unchanged_it_passes(kinds: tuple[Any, str]) -> None:
    """Nothing that varies as learned is a false alarm, whichever number of boots it is."""
    gate, _ = kinds
    for number in range(2):
        done = gate("run", "--quiet", "--out", f"run-{number}")
        assert done.code == 0, done.text


def test_what_is_not_of_its_kind_is_red(kinds: tuple[Any, str]) -> None:
    """Every single place, in one run of a service that breaks them all: null instead of a time,
    an integer instead of an id, another day at the recorded clock, a counter that runs backwards,
    a third value of a set, an item too few."""
    gate, _ = kinds
    assert gate("run", "--quiet", "--out", "wrong", HOW="wrong").code == 1
    lines = (gate.folder / "wrong" / "exchanges.jsonl").read_text(encoding="utf-8").splitlines()
    red = {
        (row["route"], difference["place"].partition("[")[0].partition("#")[0])
        for row in map(json.loads, lines)
        for difference in row.get("differences", ())
        if not difference.get("notice")
    }
    wanted = {
        (route, place.partition("[")[0].partition("#")[0])
        for route, places in LEARNED.items()
        for place in places
        if route.startswith("GET /") and place.startswith("response")
    }
    wanted |= {("GET /calls", "request.body.$.key"), ("POST /pay", "response.body.$.last")}
    assert wanted <= red, sorted(wanted - red)


@pytest.mark.long
def test_where_the_clock_cannot_be_moved(
    tmp_path: Path, upstream: int, make_gate: Callable[[Path], Any]
) -> None:
    """Dates near the recording's are named as what may rot, with an example; nothing is held to be
    time-derived."""
    gate, text = recorded(tmp_path, upstream, make_gate, "real")
    assert gate.alive() == []
    _, _, rots = text.partition("may rot: the clock cannot be moved")
    assert "request.body.$.until" in rots
    assert "2026-12-31" in rots
    assert "response.body.$.day" in rots
    assert "response.body.$.at" not in rots
    assert "time-derived" not in text
