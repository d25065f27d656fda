"""A bank that books transfers in a ledger. PORT, LEDGER_URL. The tests change its text."""

from __future__ import annotations

import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LEDGER = os.environ.get("LEDGER_URL", "http://localhost:9")


def call(method: str, path: str, body: Any = None) -> Any:
    """One request to the ledger."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(LEDGER + path, data=data, method=method)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


def account(name: str) -> Any:
    """What the ledger has of an account."""
    return call("GET", f"/accounts/{name}")


def entry(kind: str, name: str, amount: int) -> None:
    """One entry of a booking."""
    call("POST", f"/{kind}", {"account": name, "amount": amount, "currency": "EUR"})


def book(source: str, target: str, amount: int) -> None:
    """A unit of work: both entries, the debit first."""
    entry("debits", source, amount)
    entry("credits", target, amount)


def transfer(wanted: Any) -> Any:
    """Check the balance, book, tell."""
    balance = account(wanted["from"])["balance"]
    if balance < wanted["amount"]:
        return 409, {"error": "too little", "balance": balance}
    book(wanted["from"], wanted["to"], wanted["amount"])
    call("POST", "/notices", {"to": wanted["to"]})
    return 201, {"booked": wanted["amount"], "left": balance - wanted["amount"]}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """Reads."""
        if self.path == "/healthz":
            self._answer(200, {"ok": True})
        else:
            self._answer(200, account(self.path.rpartition("/")[2]))

    def do_POST(self) -> None:
        """Writes."""
        wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(*transfer(wanted))

    def _answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
