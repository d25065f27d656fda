"""A service for the tests in which every kind of noise occurs; told HOW=wrong it breaks them all.

What is to differ from boot to boot follows the number of boots, not chance.
"""

from __future__ import annotations

import base64
import datetime
import itertools
import json
import os
import random
import secrets
import time
import urllib.request
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

WRONG = os.environ.get("HOW") == "wrong"
FIRST_DAY = datetime.date(2020, 1, 1)
NUMBERS = itertools.count(time.monotonic_ns() // 1000)
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LOWER = "0123456789abcdefghijklmnopqrstuvwxyz"


def boots() -> int:
    """How often it was started, this time included."""
    path = Path("boots")
    count = int(path.read_text()) + 1 if path.exists() else 1
    path.write_text(str(count))
    return count


def drawn(alphabet: str, length: int) -> str:
    """Characters at random."""
    return "".join(secrets.choice(alphabet) for _ in range(length))


def turned(items: list[Any]) -> list[Any]:
    """The items, beginning elsewhere at each boot."""
    at = BOOT % len(items)
    return items[at:] + items[:at]


def names() -> dict[str, Any]:
    """Values that name something."""
    said: dict[str, Any] = {
        "uuid": str(uuid.uuid4()),
        "ulid": "01" + drawn(CROCKFORD, 24),
        "objectid": "68b4" + drawn("0123456789abcdef", 20),
        "hex": secrets.token_hex(16),
        "base64": base64.b64encode(bytes([251, 255]) + secrets.token_bytes(25)).decode(),
        "ref": f"req_{drawn(LOWER, 20)}",
    }
    if WRONG:
        said |= {"uuid": 7, "ulid": "none", "objectid": said["hex"], "hex": None}
        said |= {"base64": "***", "ref": said["ref"].upper()}
    return said


def times() -> dict[str, Any]:
    """Values that follow the clock."""
    now = datetime.datetime.now(datetime.UTC)
    today = now.date()
    said: dict[str, Any] = {
        "at": now.isoformat(timespec="milliseconds"),
        "ms": int(now.timestamp() * 1000),
        "http": now.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        "day": today.isoformat(),
        "age": (today - FIRST_DAY).days,
    }
    if WRONG:
        said |= {"at": None, "ms": said["ms"] // 1000, "http": said["at"]}
        said |= {"day": FIRST_DAY.isoformat(), "age": said["age"] + 1}
    return said


def numbers() -> dict[str, Any]:
    """Values that count, or spread."""
    said: dict[str, Any] = {
        "number": next(NUMBERS),
        "took": random.randint(10, 90),
        "share": random.uniform(0.1, 0.9),
        "size": str(random.randint(100, 999)),
    }
    if WRONG:
        said |= {"number": -said["number"], "took": 100_000, "share": "0.5", "size": "large"}
    return said


def sets() -> dict[str, Any]:
    """Values out of a few, and orders."""
    said: dict[str, Any] = {
        "colour": ("blue", "green")[BOOT % 2],
        "rows": turned([{"id": n, "name": f"n{n}"} for n in range(3)]),
        "keyed": turned([{"id": n, "key": str(uuid.uuid4())} for n in range(3)]),
    }
    if WRONG:
        said |= {"colour": "red", "rows": [{"id": 9, "name": "n9"}, *said["rows"][1:]]}
        said["keyed"] = said["keyed"][1:]
    return said


def ask(path: str, body: Any = None) -> Any:
    """A call to the dependency."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json"}
    asked = urllib.request.Request(os.environ["LEDGER_URL"] + path, data, sent)
    with opener.open(asked, timeout=10) as answer:
        return json.load(answer)


def calls() -> dict[str, Any]:
    """Two reads in any order, one that is not always made, and a write with fresh values."""
    for path in turned(["/read/a", "/read/b"]):
        ask(path)
    if BOOT % 2:
        ask("/read/c")
    key: Any = 7 if WRONG else str(uuid.uuid4())
    ask("/write", {"key": key, "at": time.time_ns() // 1_000_000})
    return {"done": True}


ANSWERS: dict[str, Callable[[], dict[str, Any]]] = {
    "/names": names,
    "/times": times,
    "/numbers": numbers,
    "/sets": sets,
    "/calls": calls,
}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """What is asked for, as JSON; /page is HTML with a token in it, /bytes are bytes."""
        if self.path == "/page":
            token = "none" if WRONG else secrets.token_hex(16)
            page = f'<form><input name="csrf" value="{token}"><p>Hello</p></form>'
            self.say(page.encode(), "text/html; charset=utf-8")
            return
        if self.path == "/bytes":
            data = b"no such key, says it" if WRONG else secrets.token_bytes(20)
            self.say(data, "application/octet-stream")
            return
        self.json(ANSWERS.get(self.path, dict)())

    def do_POST(self) -> None:
        """A payment: the answer tells the end of the card's number."""
        card = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["card"]
        self.json({"last": card[-4:] if not WRONG else "0000"})

    def json(self, answer: Any) -> None:
        """Answer with JSON."""
        self.say(json.dumps(answer).encode(), "application/json")

    def say(self, data: bytes, media: str) -> None:
        """Answer."""
        self.send_response_only(200)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


if __name__ == "__main__":
    BOOT = boots()
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
