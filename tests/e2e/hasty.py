"""A service for the tests that minds how fast it is asked.

GET /rate     keeps the upstream's answer for a second
GET /limited  answers once a second, and 429 otherwise
GET /job      begins what takes a second, and tells of it when it is done
GET /begun    whether a second has gone by since it was asked first
GET /queue    is empty when nobody has asked for a second
"""

from __future__ import annotations

import json
import os
import random
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEPT = 1.0
"""Seconds, by the monotonic clock, as caches and limiters measure them."""


class State:
    """What it remembers between requests."""

    rate: Any = None
    asked = -KEPT
    answered = -KEPT
    job = 0.0
    queued = -KEPT


def rate() -> Any:
    """The upstream's answer, which is asked again when the one that is kept is too old."""
    if time.monotonic() - State.asked >= KEPT:
        State.asked = time.monotonic()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(os.environ["RATES_URL"] + "/rate", timeout=10) as answer:
            State.rate = json.load(answer)
    return State.rate


def limited() -> int:
    """200, or 429 when the last 200 is less than a second old."""
    if time.monotonic() - State.answered < KEPT:
        return 429
    State.answered = time.monotonic()
    return 200


def job() -> int:
    """202 when it is begun or under way, 200 when it is done."""
    State.job = State.job or time.monotonic()
    return 200 if time.monotonic() - State.job >= KEPT else 202


def queue() -> list[int]:
    """Empty, or whatever number of things."""
    early = time.monotonic() - State.queued < KEPT
    State.queued = time.monotonic()
    return [7] * random.randrange(100) if early else []


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """Whatever is asked for."""
        if self.path == "/rate":
            self.say(200, rate())
        elif self.path == "/limited":
            status = limited()
            self.say(status, {"ok": status == 200})
        elif self.path == "/job":
            self.say(job(), {})
        elif self.path == "/begun":
            self.say(200, {"begun": job() == 200})
        elif self.path == "/queue":
            self.say(200, queue())
        else:
            self.say(200, {})

    def say(self, status: int, answer: Any) -> None:
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
