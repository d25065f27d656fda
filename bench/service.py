"""The smallest service that makes one call for every request: what the gate adds is the rest.

`python service.py`: serves PORT, asks ITEMS_URL for the same path, gives the answer on.
"""

from __future__ import annotations

import http.client
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Handler(BaseHTTPRequestHandler):
    """One connection, and one of its own to the dependency."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    upstream = urlsplit(os.environ["ITEMS_URL"])

    def setup(self) -> None:
        """A connection to the dependency lives as long as the client's."""
        super().setup()
        self.items = http.client.HTTPConnection(self.upstream.hostname or "", self.upstream.port)

    def do_GET(self) -> None:
        """The dependency's answer."""
        self.items.request("GET", self.path)
        answer = self.items.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
