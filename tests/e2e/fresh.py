"""A service that makes up the ids of its orders, or errs in the way that HOW names. PORT,
PAYMENTS_URL.

POST /orders        {"customer", "amount"}: a fresh id, sent to PAYMENTS_URL/payments with our own
                    address, and answered as the payments service echoes it
GET /orders/ID      the order, and PAYMENTS_URL/payments/ID beside it
GET /healthz        200

HOW: "constant": every payment is for one id; "other": for the order before; "customer": for the
customer's id; "asks-other": an order's payment is asked for under the first order's id.
"""

from __future__ import annotations

import json
import os
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOW = os.environ.get("HOW", "")
URL = os.environ["PAYMENTS_URL"]
PLAIN = urllib.request.build_opener(urllib.request.ProxyHandler({}))
ORDERS: dict[str, dict[str, Any]] = {}
CONSTANT = str(uuid.uuid4())


def ask(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Call the payments service."""
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", "Accept": "application/json"}
    with PLAIN.open(urllib.request.Request(URL + path, data, sent), timeout=5) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def paid_for(fresh: str, customer: str) -> str:
    """The id under which an order is paid."""
    before = next(reversed(ORDERS), fresh)
    return {"constant": CONSTANT, "other": before, "customer": customer}.get(HOW, fresh)


def create(wanted: dict[str, Any]) -> dict[str, Any]:
    """A new order, paid."""
    payment = ask(
        "/payments",
        {
            "order": paid_for(str(uuid.uuid4()), wanted["customer"]),
            "amount": wanted["amount"],
            "tell": f"http://127.0.0.1:{os.environ['PORT']}/paid",
        },
    )
    order = {"id": payment["order"], "state": payment["state"], "amount": wanted["amount"]}
    ORDERS[order["id"]] = order
    return order


def show(name: str) -> dict[str, Any] | None:
    """An order with its payment."""
    order = ORDERS.get(name)
    if order is None:
        return None
    asked = next(iter(ORDERS)) if HOW == "asks-other" else name
    return order | {"payment": ask(f"/payments/{asked}?full=1")}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """An order, or readiness."""
        if self.path == "/healthz":
            self.say(200, {})
            return
        order = show(self.path.rpartition("/")[2])
        self.say(200 if order else 404, order or {"error": "no such order"})

    def do_POST(self) -> None:
        """A new order."""
        order = create(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.say(201, order, ("Location", f"/orders/{order['id']}"))

    def say(self, status: int, answer: dict[str, Any], *headers: tuple[str, str]) -> None:
        """Answer with JSON."""
        data = json.dumps(answer).encode()
        self.send_response_only(status)
        for name, value in (("Content-Type", "application/json"), *headers):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
