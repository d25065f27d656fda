"""A service whose ids are small numbers that begin somewhere else at each start. PORT.

POST /notes            {"text"}: a new note; its id in the answer and in Location
GET /notes/ID          the note
POST /notes/ID/marks   {"kind"}: a mark on it, with an id of its own
GET /marks?note_id=ID  the ids of its marks
GET /healthz           200
"""

from __future__ import annotations

import itertools
import json
import os
import random
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

IDS = {name: itertools.count(random.randrange(2, 500)) for name in ("notes", "marks")}
NOTES: dict[int, dict[str, Any]] = {}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """A note, its marks, or readiness."""
        path, _, query = self.path.partition("?")
        if path == "/healthz":
            self.say(200, {})
            return
        note = NOTES.get(int(query.removeprefix("note_id=") or path.rpartition("/")[2]))
        if note is None:
            self.say(404, {"error": "no such note"})
        else:
            self.say(200, {"marks": note["marks"]} if query else note)

    def do_POST(self) -> None:
        """A note, or a mark on one."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/notes":
            name = next(IDS["notes"])
            NOTES[name] = {"id": name, "text": body["text"], "marks": []}
            self.say(201, {"id": name, "size": 7}, ("Location", f"/notes/{name}"))
            return
        note = NOTES.get(int(self.path.split("/")[2]))
        if note is None:
            self.say(404, {"error": "no such note"})
            return
        note["marks"].append(next(IDS["marks"]))
        self.say(201, {"id": note["marks"][-1], "kind": body["kind"]})

    def say(self, status: int, answer: dict[str, Any], *headers: tuple[str, str]) -> None:
        """Answer with JSON."""
        data = json.dumps(answer).encode()
        self.send_response_only(status)
        for name, value in (("Content-Type", "application/json"), *headers):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
