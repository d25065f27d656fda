"""A service with work of its own beside its requests, or one that errs as HOW names. PORT, FEED_URL.

At its start and then every 0.2 s it asks FEED_URL/feed?since=NOW; every third time it renews its
token with POST FEED_URL/token and a nonce that is new each time.

GET /hello     asks FEED_URL/greeting, which takes its time
GET /healthz   200

HOW: "key": it polls another path; "host": it polls another host; "kind": its nonce is a word;
"null": it has none; "grant": it asks for another grant; "busy": it polls every 0.02 s.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import threading
import time
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOW = os.environ.get("HOW", "")
URL = os.environ["FEED_URL"]
PLAIN = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(path: str, body: dict[str, Any] | None = None, url: str = URL) -> dict[str, Any]:
    """Call the dependency."""
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", "Accept": "application/json"}
    with PLAIN.open(urllib.request.Request(url + path, data, sent), timeout=5) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def poll() -> None:
    """Ask what is new."""
    now = datetime.datetime.now(datetime.UTC).isoformat()
    path = "/changes" if HOW == "key" else "/feed"
    if HOW == "host":
        urllib.request.urlopen("http://elsewhere.example/feed", timeout=5).read()
    ask(f"{path}?since={now.replace('+00:00', 'Z')}")


def renew() -> None:
    """Get a new token."""
    nonce = {"kind": "nonce", "null": None}.get(HOW, str(uuid.uuid4()))
    ask("/token", {"grant": "all" if HOW == "grant" else "one", "nonce": nonce})


def work() -> None:
    """Poll and renew for ever."""
    number = 0
    while True:
        with contextlib.suppress(OSError, ValueError):
            poll()
            if number % 3 == 0:
                renew()
        number += 1
        time.sleep(0.02 if HOW == "busy" else 0.2)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """A greeting, or readiness."""
        data = json.dumps({} if self.path == "/healthz" else ask("/greeting")).encode()
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


if __name__ == "__main__":
    with contextlib.suppress(OSError, ValueError):
        poll()
        renew()
    threading.Thread(target=work, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
