"""A service that asks a dependency four times for each item. PORT, STORE_URL; HOW="drop": three."""

from __future__ import annotations

import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

URL = os.environ["STORE_URL"]
PLAIN = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Call the store."""
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", "Accept": "application/json"}
    with PLAIN.open(urllib.request.Request(URL + path, data, sent), timeout=5) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def item(name: str) -> dict[str, Any]:
    """What the store says of an item; that it was looked at is told."""
    stock, price, rate = ask(f"/stock/{name}"), ask(f"/price/{name}"), ask("/rate")
    if os.environ.get("HOW") != "drop":
        ask("/seen", {"item": name})
    return {"item": name, "stock": stock["n"], "price": price["n"] * rate["n"]}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """An item, or readiness."""
        name = self.path.rpartition("/")[2]
        data = json.dumps({} if name == "healthz" else item(name)).encode()
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
