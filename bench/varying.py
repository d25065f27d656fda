"""A service that never says the same twice, and may take its time to start.

`python varying.py`: after DELAY seconds it serves PORT. With ITEMS_URL it asks there for the same
path first.
"""

from __future__ import annotations

import datetime
import http.client
import itertools
import json
import os
import random
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

NUMBERS = itertools.count(time.monotonic_ns() // 1000)
UPSTREAM = urlsplit(os.environ.get("ITEMS_URL", ""))


def answer() -> dict[str, Any]:
    """Every kind of value that varies in most services."""
    return {
        "id": str(uuid.uuid4()),
        "number": next(NUMBERS),
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
        "took": random.randint(10, 90),
        "share": random.uniform(0.1, 0.9),
        "items": [{"sku": f"sku-{n}", "key": str(uuid.uuid4()), "price": n} for n in range(4)],
    }


class Handler(BaseHTTPRequestHandler):
    """One connection, and one of its own to the dependency."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def setup(self) -> None:
        """A connection to the dependency lives as long as the client's."""
        super().setup()
        host = UPSTREAM.hostname
        self.items = http.client.HTTPConnection(host, UPSTREAM.port) if host else None

    def do_GET(self) -> None:
        """An answer of its own, after the dependency's."""
        if self.items is not None:
            self.items.request("GET", self.path)
            self.items.getresponse().read()
        body = json.dumps(answer()).encode()
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


if __name__ == "__main__":
    time.sleep(float(os.environ.get("DELAY", "0")))
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
