"""Sends parcels: `python parcels.py` serves on PORT. One file, and nothing but the standard library.

    POST /parcels {"country": "DE", "grams": 240, "card": {…}}   201, 400, 402, 422 or 503

It asks shipping (HTTP) for the cheapest rate, has payments (HTTPS) charge it, and orders the shipment.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAYMENTS = os.environ.get("PAYMENTS_URL", "https://localhost:9443")
SHIPPING = os.environ.get("SHIPPING_URL", "http://localhost:9080")
KEY = os.environ.get("PAYMENTS_KEY", "unset")
REGRESSION = os.environ.get("REGRESSION", "")


class Refused(Exception):
    """What cannot be done: HTTP status and code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


def call(url: str, body: Any = None) -> Any:
    """One request with a JSON answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    request.add_header("Authorization", f"Bearer {KEY}")
    with urllib.request.urlopen(request, timeout=5) as response:
        return json.load(response)


def send(wanted: dict[str, Any]) -> dict[str, Any]:
    """Charge and send one parcel; raises Refused."""
    country, grams = wanted.get("country", ""), wanted.get("grams", 0)
    if len(country) != 2 or grams <= 0:
        raise Refused(422, "country and grams are wanted")
    rates = call(f"{SHIPPING}/rates?country={country}&weight={grams}")["rates"]
    if not rates:
        raise Refused(422, "nobody sends there")
    rate = min(rates, key=lambda one: int(one["price"]))
    body = {"amount": rate["price"], "currency": "EUR", "card": wanted.get("card")}
    try:
        charge = call(f"{PAYMENTS}/charges", body)
    except urllib.error.HTTPError as error:
        raise Refused(402 if error.code == 402 else 503, "not paid") from error
    if REGRESSION != "dropped-call":
        call(f"{SHIPPING}/shipments", {"order": charge["id"], "service": rate["service"]})
    price = str(rate["price"]) if REGRESSION == "type" else rate["price"]
    return {"charge": charge["id"], "service": rate["service"], "price": price}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_GET(self) -> None:
        """Readiness."""
        self.answer(200 if self.path == "/healthz" else 404, {})

    def do_POST(self) -> None:
        """A parcel."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            self.answer(201, send(json.loads(body)))
        except ValueError:
            self.answer(400, {"error": "no JSON"})
        except Refused as error:
            self.answer(error.status, {"error": error.code})

    def answer(self, status: int, body: dict[str, Any]) -> None:
        """Say it."""
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
