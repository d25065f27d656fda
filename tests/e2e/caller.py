"""A service that calls out in every way there is; with CHANGED=1 in another way at every path, with
CHANGED=here only where it has been before.

GET /missing /extra /deeper /ids /changed /repeated /storm /order /from /to /after /before /host /fan /chain
/crash /enriched /turns /racing /unwaited: each a path of its own, so that one run shows all changes and none
hides another.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CHANGED = os.environ.get("CHANGED", "") != ""
AWAY = os.environ.get("CHANGED") != "here"
API = os.environ["API_URL"]
PLAIN = urllib.request.build_opener(urllib.request.ProxyHandler({}))
PROXIED = urllib.request.build_opener()
POOL = ThreadPoolExecutor(8)


def call(method: str, path: str, body: Any = None) -> int:
    """One call; its status."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(API + path, data=data, method=method)
    request.add_header("Content-Type", "application/json")
    try:
        with PLAIN.open(request, timeout=5) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.read()
        return error.code


def storm() -> None:
    """A charge that is refused is sent again."""
    for _ in range(9 if CHANGED else 2):
        if call("POST", "/busy", {"amount": 7}) < 500:
            return


def fan() -> None:
    """Three prices, at once."""
    paths = [f"/price/{number}" for number in range(3)]
    if CHANGED:
        for path in paths:
            call("GET", path)
    else:
        list(POOL.map(lambda path: call("GET", path), paths))


def turns() -> None:
    """A customer, then two offers for it: one after the other, now at once."""
    paths = ["/customer", "/offer/1", "/offer/2"]
    if CHANGED:
        list(POOL.map(lambda path: call("GET", path), paths))
    else:
        for path in paths:
            call("GET", path)


def racing() -> None:
    """Two calls that wait for nobody: which of them is done when the other begins is chance."""
    first = POOL.submit(call, "GET", "/one")
    time.sleep(0.035)
    call("GET", "/two")
    first.result()


def unwaited() -> None:
    """A mail, whose answer is waited for; now it is left to itself."""
    sent = POOL.submit(call, "POST", "/letter", {})
    if CHANGED:
        time.sleep(0.005)
    else:
        sent.result()


def host() -> None:
    """Somewhere that nobody was before."""
    if CHANGED and AWAY:
        with contextlib.suppress(OSError):
            PROXIED.open("http://audit.example/x", timeout=5)


PLANS: dict[str, Any] = {
    "/missing": lambda: CHANGED or call("POST", "/missing", {}),
    "/extra": lambda: CHANGED and call("DELETE", "/extra"),
    "/deeper": lambda: CHANGED and call("GET", "/ask") == 200 and call("GET", "/follow"),
    "/ids": lambda: [call("GET", f"/item/{n}") for n in range(10 if CHANGED else 1)],
    "/changed": lambda: call("POST", "/changed", {"amount": "5" if CHANGED else 5}),
    "/repeated": lambda: [call("GET", "/rates") for _ in range(51 if CHANGED else 1)],
    "/storm": storm,
    "/order": lambda: [
        call("POST", path, {}) for path in (("/b", "/a") if CHANGED else ("/a", "/b"))
    ],
    "/from": lambda: CHANGED or call("POST", "/mail", {}),
    "/to": lambda: CHANGED and call("POST", "/mail", {}),
    "/after": lambda: CHANGED or call("POST", "/audit", {}),
    "/before": lambda: CHANGED and call("POST", "/ship", {}),
    "/host": host,
    "/fan": fan,
    "/turns": turns,
    "/racing": racing,
    "/unwaited": unwaited,
    "/enriched": lambda: {"stock": call("GET", "/stock")} if CHANGED else {},
    "/chain": lambda: [call("GET", "/first"), call("GET", "/second")],
}


def crash() -> None:
    """What only the changed service does."""
    if CHANGED:
        raise KeyError("rate")


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """Call, then answer; or the other way round."""
        status, said = 200, None
        try:
            said = PLANS.get(self.path, lambda: None)()
            if self.path == "/crash":
                crash()
        except KeyError:
            import traceback

            traceback.print_exc()
            status = 500
        more = said if isinstance(said, dict) else {}
        data = json.dumps({"path": self.path, **more}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()
        if self.path == "/after" and CHANGED:
            threading.Thread(target=call, args=("POST", "/audit", {})).start()
        if self.path == "/before" and not CHANGED:
            call("POST", "/ship", {})

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
