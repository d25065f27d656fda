"""Logins of accounts that were there before: redacted, they still succeed and still fail."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import bcrypt
import pytest

pytestmark = pytest.mark.long
PASSWORDS = {"ada": "walnut crackers", "bob": "correct horse battery"}
STORED = {
    name: bcrypt.hashpw(one.encode(), bcrypt.gensalt(4)).decode() for name, one in PASSWORDS.items()
}
CONFIG = """
version: 1
snapshot: snapshots/accounts
service:
  name: accounts
  command: [{python}, accounts.py]
  port: auto
  env: {{PORT: "${{service.port}}", ACCOUNTS_URL: "${{store.url}}", HOW: "${{env.HOW:-}}"}}
  ready: {{path: /healthz, timeout: 60s}}
dependencies:
  store: {{upstream: "http://localhost:{upstream}"}}
"""
DRIVE = """
import json, os, urllib.error, urllib.request
open_ = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
for name, password, status in json.loads(os.environ["LOGINS"]):
    data = json.dumps({"name": name, "password": password}).encode()
    url = os.environ["CI_GATE_TARGET"] + "/login"
    sent = {"Content-Type": "application/json"}
    try:
        found = open_(urllib.request.Request(url, data, sent), timeout=10).status
    except urllib.error.HTTPError as error:
        found = error.code
    assert found == status, (name, found)
"""


class Store(BaseHTTPRequestHandler):
    """Where the accounts are."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """An account's hash."""
        data = json.dumps({"stored": STORED[self.path.lstrip("/")]}).encode()
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


def test_logins_of_stored_accounts(tmp_path: Path, make_gate: Callable[[Path], Any]) -> None:
    """Recorded with the real hashes, run without them and without the passwords: the right ones
    pass, the wrong one does not, a service that takes any is red, and no file holds a secret."""
    shutil.copy(Path(__file__).with_name("accounts.py"), tmp_path / "accounts.py")
    (tmp_path / "drive.py").write_text(DRIVE, encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    config = CONFIG.format(python=json.dumps(sys.executable), upstream=server.server_port)
    (tmp_path / "ci-gate.yml").write_text(config, encoding="utf-8")
    logins = [(name, one, 200) for name, one in PASSWORDS.items()]
    logins.insert(1, ("ada", PASSWORDS["bob"], 401))
    gate = make_gate(tmp_path)
    drive = f"{sys.executable} drive.py"
    try:
        done = gate("record", "--in-port", "0", "--out-port", "0", "--drive", drive,
                    LOGINS=json.dumps(logins))  # fmt: skip
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert done.code == 0, done.text
    files = [one.read_bytes() for one in tmp_path.glob("snapshots/**/*") if one.is_file()]
    secrets = (*PASSWORDS.values(), *STORED.values())
    assert not [one for one in secrets for data in files if one.encode() in data]
    done = gate("run", "--out", "run")
    assert done.code == 0, done.text
    lax = gate("run", "--out", "lax", HOW="lax")
    assert lax.code == 1, lax.text
    [cause] = [one for one in gate.result("lax")["causes"] if not one.get("notice")]
    assert cause["title"].startswith("status 401 became 200")
