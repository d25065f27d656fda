"""A service small enough to misbehave on purpose. PORT, GREETINGS_URL, SMALL=how to misbehave.

    GET /healthz           200
    GET /hello/{name}      asks GREETINGS_URL/greeting?for={name} and says what it said
    POST /things           201 with a number that counts up
    GET /things            how many there are

SMALL: "" well-behaved; "slow" 0.3 s a request; "crash" ends at the second thing; "fork" has a
child in a session of its own; "stubborn" ignores SIGTERM; "mute" never listens; "dead" ends at
once; "garbage" answers what is no HTTP; "changed" says something else; "dated" says the day, too.
SMALL_TOUCH: a file made when the first request is there.
"""

from __future__ import annotations

import datetime
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOW = os.environ.get("SMALL", "")
GREETINGS = os.environ.get("GREETINGS_URL", "http://localhost:9")
THINGS: list[object] = []


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """Reads."""
        if self.path == "/healthz":
            self._answer(200, {"ok": True})
            return
        self._begin()
        if self.path.startswith("/hello/"):
            name = self.path.removeprefix("/hello/")
            with urllib.request.urlopen(f"{GREETINGS}/greeting?for={name}", timeout=5) as answer:
                text = json.loads(answer.read())["text"]
            self._answer(200, {"text": text, "by": "nobody" if HOW == "changed" else "small"})
        elif self.path == "/things":
            self._answer(200, {"count": len(THINGS)})
        else:
            self._answer(404, {"error": "no such path"})

    def do_POST(self) -> None:
        """Writes."""
        self._begin()
        THINGS.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if HOW == "crash" and len(THINGS) == 2:
            os.write(1, b"small: this is where it ends\n")
            os._exit(7)
        self._answer(201, {"number": len(THINGS)})

    def _begin(self) -> None:
        if "SMALL_TOUCH" in os.environ:
            Path(os.environ["SMALL_TOUCH"]).touch()
        if HOW == "slow":
            time.sleep(0.3)

    def _answer(self, status: int, body: dict[str, object]) -> None:
        if HOW == "dated":
            body["on"] = str(datetime.datetime.now(datetime.UTC).date())
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


def garbage(port: int) -> None:
    """Accept, read, answer noise."""
    listener = socket.create_server(("127.0.0.1", port))
    while True:
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(b"\x00\x01garbage\r\n\r\n")
        connection.close()


def main() -> None:
    """Serve as told."""
    port = int(os.environ["PORT"])
    if HOW == "dead":
        sys.exit("small: cannot work like this")
    if HOW == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if HOW == "fork":
        subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
        )
    if HOW == "mute":
        time.sleep(600)
    if HOW == "garbage":
        garbage(port)
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
