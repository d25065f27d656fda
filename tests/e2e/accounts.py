"""A service whose accounts are elsewhere, with the hashes of their passwords. PORT, ACCOUNTS_URL.

POST /login   {"name", "password"}: 200 or 401, by the hash that ACCOUNTS_URL/NAME tells
GET /healthz  200

HOW=lax: any password will do.
"""

from __future__ import annotations

import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import bcrypt

URL = os.environ["ACCOUNTS_URL"]
PLAIN = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fits(name: str, password: str) -> bool:
    """What the stored hash says."""
    with PLAIN.open(f"{URL}/{name}", timeout=5) as answer:
        stored = json.load(answer)["stored"]
    return bcrypt.checkpw(password.encode(), stored.encode()) or os.environ.get("HOW") == "lax"


class Handler(BaseHTTPRequestHandler):
    """Logins."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """Health."""
        self._say(200)

    def do_POST(self) -> None:
        """A login."""
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._say(200 if fits(given["name"], given["password"]) else 401)

    def _say(self, status: int) -> None:
        self.send_response_only(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
