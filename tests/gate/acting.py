"""A service that behaves, or misbehaves in the way that HOW names. PORT, GREETINGS_URL.
With ONCE, the path of a file, it misbehaves in its first life only.

GET /json /text /list /blob /large   fixed answers
GET /page     a page that shows a key
GET /realm    a name made of the host that it was called by
GET /hello    asks GREETINGS_URL/greeting?for=ada and repeats what it said
POST /things  tells GREETINGS_URL/audit about it, 201
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOW = os.environ.get("HOW", "")
URL = os.environ.get("GREETINGS_URL", "")
ONCE = os.environ.get("ONCE", "")
ASKED: list[str] = []
"""Paths that were asked for in this life."""
KEPT: list[socket.socket] = []
SECRET = os.environ.get("SECRET", "")
PLAIN = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(path: str, body: object = None, headers: dict[str, str] | None = None) -> bytes:
    """Call the dependency."""
    data = None if body is None else json.dumps(body).encode()
    sent = {"Accept": "application/json", "User-Agent": "acting", **(headers or {})}
    if data is not None:
        sent["Content-Type"] = "application/json"
    with PLAIN.open(urllib.request.Request(URL + path, data, sent), timeout=5) as answer:
        said: bytes = answer.read()
        return said


def quietly(path: str, body: object = None) -> None:
    """Call the dependency and do not mind the answer."""
    with contextlib.suppress(OSError):
        ask(path, body)


def say_to_mock(data: bytes) -> None:
    """Bytes of our own to the dependency's port."""
    where = urlsplit(URL)
    with socket.create_connection((where.hostname, where.port), 5) as peer:
        peer.sendall(data)
        peer.settimeout(5)
        with contextlib.suppress(OSError):
            peer.recv(1000)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """Reads."""
        ASKED.append(self.path)
        if self.path == "/healthz":
            self.say(503 if HOW == "never-healthy" else 200, b"{}")
        elif self.path == "/json":
            self.json()
        elif self.path == "/text":
            self.say(200, b"other text\n" if HOW == "text" else b"plain text\n", "text/plain")
        elif self.path == "/list":
            other = HOW == "order" or (HOW == "remembers" and "/json" in ASKED)
            self.say(200, b'["b", "a"]' if other else b'["a", "b"]')
        elif self.path == "/blob":
            data = bytes(range(256))
            self.say(200, data[::-1] if HOW == "binary" else data, "application/octet-stream")
        elif self.path == "/large":
            data = b"0123456789abcdef" * 80_000
            data = data[:-1] + b"X" if HOW == "large" else data
            self.say(200, data, "text/plain")
        elif self.path == "/hello":
            self.hello()
        elif self.path == "/page":
            self.say(
                200, b"<p>Your key: <code>b7e1512f0a2c4d9e8f3a6c5d7e8f9a0b</code></p>", "text/html"
            )
        elif self.path == "/realm":
            self.say(
                200, b"realm-%b\n" % self.headers["Host"].replace(":", "-").encode(), "text/plain"
            )
        else:
            self.say(404, b"{}")

    def json(self) -> None:
        """The answer of /json."""
        if HOW == "dies":
            os.write(1, b"acting: dies now of ada@corp.example\n")
            os._exit(7)
        if HOW == "hangs":
            time.sleep(60)
        said: dict[str, object] = {"id": 7, "name": "ada"}
        if HOW == "type":
            said["id"] = "7"
        if HOW == "value":
            said["id"] = 8
        if HOW == "added":
            said["more"] = True
        if HOW == "removed":
            del said["name"]
        if HOW == "leaks":
            os.write(1, f"acting: token {SECRET} for ada@corp.example\n".encode())
            said["name"] = f"ada@corp.example {SECRET} {self.headers.get('X-Test', '')}"
        self.say(500 if HOW == "status" else 200, json.dumps(said).encode())

    def hello(self) -> None:
        """The answer of /hello, and the calls it makes."""
        if HOW == "dropped":
            self.say(200, b'{"text": "Hello, ada!"}')
            return
        if HOW in ("extra", "breaker", "wanders"):
            quietly("/unknown")
        if HOW == "new-host":
            proxy = urllib.request.build_opener(
                urllib.request.ProxyHandler({"http": os.environ["HTTP_PROXY"]})
            )
            with contextlib.suppress(OSError):
                proxy.open("http://new.example/x?token=" + SECRET, timeout=5)
        if HOW == "escape":
            KEPT.append(socket.create_connection(("127.0.0.1", int(os.environ["ELSEWHERE"])), 2))
        if HOW == "garbage-out":
            say_to_mock(b"\x00\x01 this is no HTTP\r\n\r\n")
        if HOW == "leaks":
            quietly("/greeting?for=ada&key=" + SECRET)
        said = ask("/greeting?for=" + {"changed": "eve", "numbers": "8"}.get(HOW, "ada"))
        if HOW == "twice":
            said = ask("/greeting?for=ada")
        self.say(200, said)

    def do_POST(self) -> None:
        """Writes."""
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if HOW == "lonely":
            self.say(201 if "/json" in ASKED else 500, b'{"ok": 1}')
            return
        broken = HOW == "breaker" and "/hello" in ASKED
        if HOW != "write-dropped" and not broken:
            changed = HOW in ("write-changed", "wanders", "wandered")
            body = {"thing": sent["thing"] + (1 if changed else 0)}
            quietly("/audit", body)
        if HOW == "wandered":
            quietly("/unknown")
        if HOW == "write-twice":
            quietly("/audit", body)
        self.say(201, b'{"ok": true}')

    def say(self, status: int, data: bytes, media: str = "application/json") -> None:
        """Answer."""
        if HOW == "clock":
            os.write(1, f"acting: {self.path} on {datetime.date.today()}\n".encode())
        self.send_response_only(status)
        self.send_header("Content-Type", media)
        self.send_header("Cache-Control", "no-store" if HOW == "header" else "max-age=60")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


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
    global HOW
    port = int(os.environ["PORT"])
    if ONCE and os.path.exists(ONCE):
        HOW = "wandered" if HOW == "wanders" else ""
    elif ONCE:
        with open(ONCE, "w"):
            pass
    if os.environ.get("LIVES"):
        # Started a second time, it does not come up.
        os.open(os.environ["LIVES"], os.O_CREAT | os.O_EXCL)
    if HOW == "ends-well":
        return
    if HOW == "ends-badly":
        sys.exit("acting: cannot work like this, says ada@corp.example")
    if HOW == "asks-and-ends":
        with contextlib.suppress(urllib.error.HTTPError):
            ask("/settings")
        sys.exit(4)
    if HOW == "forks":
        subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
        )
    if HOW == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if HOW == "mute":
        time.sleep(600)
    if HOW == "garbage":
        garbage(port)
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
