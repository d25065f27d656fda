"""A service whose answers vary, or misbehave in the way that HOW names. PORT, LEDGER_URL.

POST /orders       a new order: a fresh id, the time, a number that counts from somewhere
GET /orders/ID     the same order
POST /payments     {"order": ID}: charges it at LEDGER_URL/charges, with a fresh id of its own
GET /luck          with HOW=luck: words that nothing explains
"""

from __future__ import annotations

import datetime
import itertools
import json
import os
import random
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOW = os.environ.get("HOW", "")
URL = os.environ["LEDGER_URL"]
PLAIN = urllib.request.build_opener(urllib.request.ProxyHandler({}))
STEP = -3 if HOW == "backwards" else 1
NUMBERS = itertools.count(random.randrange(40_000, 90_000), STEP)
ORDERS: dict[str, dict[str, Any]] = {}
WORDS = ("amber", "birch", "coral", "dune", "ember", "fern", "grove", "heath", "iris", "jade")


def charge(order: str) -> None:
    """Tell the dependency, under an id that is new each time."""
    wanted = str(uuid.uuid4()) if HOW == "wrong-id" else order
    body = json.dumps({"order": wanted, "key": str(uuid.uuid4())}).encode()
    sent = {"Content-Type": "application/json", "Accept": "application/json"}
    with PLAIN.open(urllib.request.Request(f"{URL}/charges", body, sent), timeout=5) as answer:
        answer.read()


def create() -> dict[str, Any]:
    """A new order."""
    order: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "number": next(NUMBERS),
        "trace": random.getrandbits(64) if HOW == "integer" else str(uuid.uuid4()),
        "at": None if HOW == "null" else datetime.datetime.now(datetime.UTC).isoformat(),
    }
    if HOW == "extra":
        order["more"] = True
    ORDERS[order["id"]] = order
    return order


def luck() -> dict[str, Any]:
    """The same each time, unless it is to vary in a way that nothing explains."""
    if HOW != "luck":
        return {"luck": "none"}
    return {"luck": {" ".join(random.sample(WORDS, 5)): None for _ in range(3)}}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """An order, or luck."""
        if self.path == "/luck":
            self.say(200, luck())
            return
        order = ORDERS.get(self.path.rpartition("/")[2])
        self.say(200 if order else 404, order or {"error": "no such order"})

    def do_POST(self) -> None:
        """An order, or its payment."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/orders":
            order = create()
            self.say(201, {k: v for k, v in order.items() if HOW != "nameless" or k != "id"})
        elif body["order"] in ORDERS:
            charge(body["order"])
            self.say(200, {"paid": body["order"]})
        else:
            self.say(404, {"error": "no such order"})

    def say(self, status: int, answer: dict[str, Any]) -> None:
        """Answer with JSON."""
        data = json.dumps(answer).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
