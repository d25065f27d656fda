"""Answers as the Go service in the proxymock samples did, from the same upstreams. PORT; HOW makes
it another version: "field" says one field otherwise, "drop" makes one call no more.

GET /, /api/latest-launch, /api/numbers, /api/rocket?id=, /api/rockets, /api/nasa
"""

from __future__ import annotations

import gzip
import json
import os
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOW = os.environ.get("HOW", "")
SPACE = "https://api.spacexdata.com/v4"
INDEX = {
    "/": "Shows this list of available endpoints",
    "/api/latest-launch": "Get the latest SpaceX launch",
    "/api/numbers": "Get a random math fact",
    "/api/rocket": "Get a specific rocket by ID (use ?id=[rocket_id])",
    "/api/rockets": "Get a list of all SpaceX rockets",
}


def ask(url: str) -> Any:
    """What an upstream says."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        data = answer.read()
    return json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)


def launch() -> Any:
    """The latest one."""
    said = ask(f"{SPACE}/launches/latest")
    kept = ("flight_number", "name", "date_utc", "success", "details")
    return {key: said[key] if said[key] is not None else "" for key in kept}


def rockets() -> Any:
    """All of them, by name."""
    if HOW == "drop":
        return [
            {"id": "5e9d0d95eda69955f709d1eb", "name": "Falcon 1"},
            {"id": "5e9d0d95eda69973a809d1ec", "name": "Falcon 9"},
            {"id": "5e9d0d95eda69974db09d1ed", "name": "Falcon Heavy"},
            {"id": "5e9d0d96eda699382d09d1ee", "name": "Starship"},
        ]
    return [{"id": one["id"], "name": one["name"]} for one in ask(f"{SPACE}/rockets")]


def rocket(name: str) -> Any:
    """One of them."""
    said = ask(f"{SPACE}/rockets/{name}")
    found = {key: said[key] for key in ("id", "name", "description")}
    found["height"] = {"meters": said["height"]["meters"] + (1 if HOW == "field" else 0)}
    return found | {"mass": {"kg": said["mass"]["kg"]}}


def answer(target: str) -> Any:
    """What a request is answered."""
    where = urlsplit(target)
    if where.path == "/api/numbers":
        return ask("http://numbersapi.com/random/math?json")
    if where.path == "/api/latest-launch":
        return launch()
    if where.path == "/api/rockets":
        return rockets()
    if where.path == "/api/rocket":
        return rocket(parse_qs(where.query)["id"][0])
    return INDEX


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer in JSON, as Go's encoder writes it."""
        body = json.dumps(answer(self.path), separators=(",", ":"), ensure_ascii=False) + "\n"
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Date", self.date_time_string())
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
