"""What must pass and what must be red, as changes of a service's code: the matrix of a gate."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.long  # a boot for each of a dozen changes; tests/gate has them in small

BANK = Path(__file__).with_name("bank.py")

CONFIG = """
version: 1
snapshot: snapshots/bank
service:
  name: bank
  command: [{python}, bank.py]
  port: auto
  env: {{PORT: "${{service.port}}", LEDGER_URL: "http://localhost:{ledger}"}}
  ready: {{path: /healthz, timeout: 60s}}
dependencies:
  ledger: {{upstream: "http://localhost:{ledger}"}}
"""

DRIVE = """
import json, os, urllib.error, urllib.request
base = os.environ["CI_GATE_TARGET"]
open_ = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
def send(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    try:
        open_(urllib.request.Request(base + path, data=data), timeout=10).read()
    except urllib.error.HTTPError as error:
        error.read()
send("/balances/ada")
send("/transfers", {"from": "ada", "to": "bert", "amount": 30})
send("/transfers", {"from": "bert", "to": "cleo", "amount": 5000})
send("/transfers", {"from": "cleo", "to": "ada", "amount": 7})
"""

Edit = tuple[str, str]

MUST_PASS: dict[str, list[Edit]] = {
    "unchanged": [],
    "benign line shift": [("LEDGER = os", "# a comment\n" * 20 + "\n\nLEDGER = os")],
    "refactoring": [
        (
            "def entry(kind: str, name: str, amount: int)",
            "def entry(kind: str, who: str, cents: int)",
        ),
        ('{"account": name, "amount": amount, "currency": "EUR"}', "sheet(who, cents)"),
        (
            "def book(",
            "def sheet(who: str, cents: int) -> Any:\n"
            '    return dict(account=who, amount=cents, currency="EUR")\n\n\ndef book(',
        ),
        (
            '    entry("debits", source, amount)\n    entry("credits", target, amount)\n',
            '    for kind, who in (("debits", source), ("credits", target)):\n'
            "        entry(kind, who, amount)\n",
        ),
        ('balance < wanted["amount"]', 'not balance >= wanted["amount"]'),
    ],
}
"""Change of the code -> texts that are replaced."""

MUST_FAIL: dict[str, tuple[list[Edit], str, str, str]] = {
    "response only": (
        [('balance - wanted["amount"]', 'balance - wanted["amount"] - 1')],
        "value", "response.body.$.left", "",
    ),
    "dropped write, equal response": (
        [('    call("POST", "/notices", {"to": wanted["to"]})\n', "")],
        "missing", "", "POST /notices",
    ),
    "extra call": (
        [("    book(wanted", '    call("GET", "/limits")\n    book(wanted')],
        "unexpected", "", "GET /limits",
    ),
    "the same call twice": (
        [("    book(wanted", '    account(wanted["from"])\n    book(wanted')],
        "repeated", "", "GET /accounts",
    ),
    "changed argument, two calls deep": (
        [('"currency": "EUR"', '"currency": "USD"')],
        "changed", "request.body.$.currency", "",
    ),
    "changed order inside a unit of work": (
        [
            (
                '    entry("debits", source, amount)\n    entry("credits", target, amount)\n',
                '    entry("credits", target, amount)\n    entry("debits", source, amount)\n',
            )
        ],
        "reordered", "", "POST /",
    ),
    "a write repeated": (
        [('    call("POST", "/notices"', '    for _ in range(2):\n        call("POST", "/notices"')],
        "repeated", "", "POST /notices",
    ),
}  # fmt: skip
"""Change of the code -> texts that are replaced; change, place and call of the first cause."""


class Ledger(BaseHTTPRequestHandler):
    """The bank's dependency."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """A balance."""
        self._answer({"account": self.path.rpartition("/")[2], "balance": 100})

    def do_POST(self) -> None:
        """An entry."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"ok": True})

    def _answer(self, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, make_gate: Callable[[Path], Any]) -> Path:
    """A folder with the bank, its ci-gate.yml and its snapshot."""
    folder = tmp_path_factory.mktemp("bank")
    shutil.copy(BANK, folder)
    (folder / "drive.py").write_text(DRIVE, encoding="utf-8")
    ledger = ThreadingHTTPServer(("127.0.0.1", 0), Ledger)
    thread = threading.Thread(target=ledger.serve_forever, daemon=True)
    thread.start()
    text = CONFIG.format(python=sys.executable, ledger=ledger.server_port)
    (folder / "ci-gate.yml").write_text(text, encoding="utf-8")
    drive = f"{sys.executable} drive.py"
    done = make_gate(folder)("record", "--in-port", "0", "--out-port", "0", "--drive", drive)
    ledger.shutdown()
    ledger.server_close()
    thread.join()
    assert done.code == 0, done.text
    return folder


@pytest.fixture
def bank(recorded: Path, tmp_path: Path, make_gate: Callable[[Path], Any]) -> Iterator[Any]:
    """The gate in a folder of its own with the recorded bank; nothing outlives the test."""
    folder = tmp_path / "bank"
    shutil.copytree(recorded, folder)
    gate = make_gate(folder)
    yield gate
    left = gate.alive()
    gate.kill_all()
    assert left == []


def change(folder: Path, edits: list[Edit]) -> None:
    """Change the bank's code; every edit must find its text."""
    path = folder / "bank.py"
    text = path.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", MUST_PASS)
def test_must_pass(bank: Any, name: str) -> None:
    """What changes nothing for anybody is green."""
    change(bank.folder, MUST_PASS[name])
    done = bank("run", "--out", "run")
    assert done.code == 0, done.text
    counts = bank.result()["runs"][0]["counts"]
    assert (counts["total"], counts["succeeded"], counts["missing"]) == (4, 4, 0)


@pytest.mark.parametrize("name", MUST_FAIL)
def test_must_be_red(bank: Any, name: str) -> None:
    """What a caller or a dependency would see is red, and the first cause names it."""
    edits, kind, place, call = MUST_FAIL[name]
    change(bank.folder, edits)
    done = bank("run", "--out", "run")
    assert done.code == 1, done.text
    cause = bank.result()["causes"][0]
    assert cause["change"] == kind, done.text
    assert place in cause.get("place", "")
    assert call in cause["examples"][0].get("call", "")


def test_the_gate_proves_itself_on_it(bank: Any) -> None:
    """Nothing varies and there is no rule, so every seeded regression is caught."""
    done = bank("prove", "--runs", "1", "--min", "1", "--json", "--quiet")
    assert done.code == 0, done.text
    proof = json.loads(done.out)
    assert (proof["score"], proof["false_alarms"]) == (1.0, 0)
    assert proof["applied"] == proof["caught"] > 60
    kinds = {one["kind"]: one["applied"] for one in proof["kinds"]}
    assert kinds["write-dropped"] == kinds["write-duplicated"] == 3
    assert kinds["read-dropped"] == kinds["read-repeated"] == 4
