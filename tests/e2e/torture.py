"""HTTP/1.1 as it is found in the wild: a service and its upstreams, written on bare sockets.

    torture.py service             on PORT, calling BASE_URL, PLAIN_URL, SECURE_URL
    torture.py upstream FOLDER     two upstreams, ports written to FOLDER/ports; TLS if there is
                                   FOLDER/upstream.pem (key and certificate)

CHANGED in the environment names routes that answer differently than before, separated by commas.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import os
import socket
import socketserver
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import brotli
import zstandard

CHANGED = frozenset(os.environ.get("CHANGED", "").split(","))
MEGABYTE = 1 << 20
TEXT = json.dumps([{"item": n, "of": "a long and boring list"} for n in range(40)]).encode()
CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def block(number: int) -> bytes:
    """The same 64 KB of binary noise for the same number."""
    return hashlib.shake_128(b"%d" % number).digest(1 << 16)


class Request:
    """One request, its body not read yet."""

    def __init__(self, method: str, target: bytes, version: str, fields: dict[bytes, bytes]):
        self.method = method
        self.target = target
        self.version = version
        self.fields = fields
        parts = urlsplit(target.decode("latin-1"))
        self.path = parts.path
        self.query = {key: values[0] for key, values in parse_qs(parts.query).items()}


class Handler(socketserver.StreamRequestHandler):
    """One connection; requests are read one after the other, so pipelining works by itself."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Serve until a side closes."""
        try:
            while (request := self._read_head()) is not None and self.serve(request):
                self.wfile.flush()
        except (ConnectionError, TimeoutError, ssl.SSLError):
            pass

    def _read_head(self) -> Request | None:
        line = self.rfile.readline(65536)
        if not line.strip():
            return None
        method, target, version = line.strip().split(b" ")
        fields = {}
        while (line := self.rfile.readline(65536)).strip():
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = value.strip()
        return Request(method.decode(), target, version.decode(), fields)

    def body(self, request: Request) -> Iterator[bytes]:
        """The request's body, some at a time."""
        if request.fields.get(b"transfer-encoding") == b"chunked":
            while size := int(self.rfile.readline().partition(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return
        left = int(request.fields.get(b"content-length", b"0"))
        while left and (data := self.rfile.read(min(left, 1 << 16))):
            left -= len(data)
            yield data

    def send(self, data: bytes) -> None:
        """Bytes as they are."""
        self.connection.sendall(data)

    def answer(self, body: bytes, *fields: str, status: str = "200 OK") -> bool:
        """A whole answer."""
        head = "".join(f"{field}\r\n" for field in fields)
        head = f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\n\r\n"
        self.send(head.encode("latin-1") + body)
        return True

    def as_json(self, value: object) -> bool:
        """A JSON answer."""
        return self.answer(json.dumps(value).encode(), "Content-Type: application/json")

    def send_blocks(self, megabytes: int, head: str, changed: bool = False) -> bool:
        """A large binary answer."""
        self.send(f"{head}Content-Length: {megabytes * MEGABYTE}\r\n\r\n".encode())
        for number in range(megabytes * 16):
            self.send(block(number + 1 if changed and number == 9 else number))
        return True

    def take(self, request: Request) -> bool:
        """Read a body and say what it was."""
        size, check = 0, 0
        unpacker = zlib.decompressobj(31)
        coded = b"content-encoding" in request.fields
        for data in self.body(request):
            size += len(data)
            check = zlib.crc32(unpacker.decompress(data) if coded else data, check)
        return self.as_json({"size": 0 if coded else size, "check": check})

    def events(self, count: int, pause: float, changed: bool = False) -> bool:
        """Server-sent events, each in a chunk of its own; count 0 = endless."""
        self.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
        self.send(b"Transfer-Encoding: chunked\r\n\r\n")
        number = 0
        while not count or number < count:
            number += 1
            text = "ping" if changed and number == 3 else "tick"
            event = f"id: {number}\ndata: {text} {number}\n\n".encode()
            self.send(b"%x\r\n%b\r\n" % (len(event), event))
            time.sleep(pause)
        self.send(b"0\r\n\r\n")
        return True

    def serve(self, request: Request) -> bool:
        """Answer; False ends the connection."""
        raise NotImplementedError


class Upstream(Handler):
    """What the service calls."""

    def serve(self, request: Request) -> bool:
        """Answer."""
        what = request.path.rpartition("/")[2]
        if what == "chunked":
            self.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n")
            self.send(b"5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 11\r\n\r\n")
        elif what == "coded":
            return self.answer(CODERS["gzip"](TEXT), "Content-Encoding: gzip")
        elif what == "cut":
            self.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
            return False
        elif what == "silent":
            self.connection.recv(1)
            return False
        elif what == "closing":
            return False
        elif what == "events":
            return self.events(0, 0.005)
        elif what == "large":
            size = int(request.query["mb"])
            return self.send_blocks(size, "HTTP/1.1 200 OK\r\n")
        elif what == "old":
            self.send(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end")
            return False
        elif what == "upload":
            return self.take(request)
        else:
            return self.as_json({"hello": what, "cookies": "none"})
        return True


class Service(Handler):
    """The service under test. A method for each last segment of a path."""

    def serve(self, request: Request) -> bool:
        """Answer."""
        name = request.path.strip("/").partition("/")[0].replace("-", "_")
        route = getattr(self, f"on_{name}", None)
        if route is None:
            return self.answer(request.target, "Content-Type: text/plain", status="404 Not Found")
        done: bool = route(request)
        return done and request.version == "HTTP/1.1"

    def on_healthz(self, request: Request) -> bool:
        """Ready."""
        return self.answer(b"ok")

    def on_plain(self, request: Request) -> bool:
        """Nothing special, as often as asked."""
        return self.as_json({"number": request.query.get("n"), "method": request.method})

    def on_chunked(self, request: Request) -> bool:
        """Chunks and trailers."""
        self.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n")
        total = b"12" if "chunked" in CHANGED else b"11"
        self.send(b"5;name=value\r\nhello\r\n6\r\n")
        self.send(b" world\r\n0\r\nX-Sum: " + total + b"\r\n\r\n")
        return True

    def on_head(self, request: Request) -> bool:
        """The head of a large thing."""
        self.send(b"HTTP/1.1 200 OK\r\nContent-Length: 123456\r\nContent-Encoding: gzip\r\n\r\n")
        return True

    def on_nothing(self, request: Request) -> bool:
        """204 and 304, which have no body whatever they say."""
        status = request.query["status"]
        self.send(f"HTTP/1.1 {status} Nothing\r\nContent-Length: 7\r\n\r\n".encode())
        return True

    def on_hints(self, request: Request) -> bool:
        """103, and then the answer."""
        self.send(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n")
        time.sleep(0.01)
        return self.answer(b"<p>page", "Content-Type: text/html")

    def on_close(self, request: Request) -> bool:
        """A body that ends with the connection."""
        self.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the ")
        time.sleep(0.01)
        self.send(b"very end" if "close" in CHANGED else b"end")
        return False

    def on_cookies(self, request: Request) -> bool:
        """The same field again and again."""
        fields = [
            "Set-Cookie: a=1; Path=/",
            "Set-Cookie: b=2; HttpOnly",
            "X-Twice: 1",
            "X-Twice: 2",
        ]
        return self.answer(b"{}", *(fields[:-1] if "cookies" in CHANGED else fields))

    def on_coded(self, request: Request) -> bool:
        """Content codings."""
        name = request.query["as"]
        text = TEXT.replace(b"boring", b"dull") if f"coded-{name}" in CHANGED else TEXT
        fields = (f"Content-Encoding: {name}", "Content-Type: application/json")
        return self.answer(CODERS[name](text), *fields)

    def on_upload(self, request: Request) -> bool:
        """Takes anything; says 100 to who asks."""
        if request.fields.get(b"expect") == b"100-continue":
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return self.take(request)

    def on_refused(self, request: Request) -> bool:
        """Answers before the body is there, and closes."""
        self.answer(b"too much", "Connection: close", status="413 Content Too Large")
        for _ in self.body(request):
            pass
        return False

    def on_large(self, request: Request) -> bool:
        """Megabytes of noise."""
        megabytes = int(request.query["mb"])
        kind = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
        return self.send_blocks(megabytes, kind, "large" in CHANGED)

    def on_listing(self, request: Request) -> bool:
        """Megabytes of gzipped JSON."""
        rows = [{"row": n, "noise": hashlib.sha512(b"%d" % n).hexdigest()} for n in range(20_000)]
        fields = ("Content-Type: application/json", "Content-Encoding: gzip")
        return self.answer(CODERS["gzip"](json.dumps(rows).encode()), *fields)

    def on_events(self, request: Request) -> bool:
        """Server-sent events; n=0 never ends."""
        return self.events(int(request.query["n"]), 0.002, "events" in CHANGED)

    def on_slow(self, request: Request) -> bool:
        """An answer in many small pieces."""
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow":
            self.send(bytes((byte,)))
            time.sleep(0.001)
        return True

    def on_cut(self, request: Request) -> bool:
        """Goes away in the middle of its answer."""
        self.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        return False

    def on_latin(self, request: Request) -> bool:
        """Bytes that are not UTF-8 in fields."""
        name = b"\xe8" if "latin" in CHANGED else b"\xe9"
        self.send(b"HTTP/1.1 200 d\xe9j\xe0\r\nX-Name: caf" + name + b"\r\n")
        self.send(b"Content-Length: 2\r\n\r\nok")
        return True

    def on_socket(self, request: Request) -> bool:
        """An upgrade to a protocol nobody knows: it says everything twice."""
        self.send(b"HTTP/1.1 101 Switching Protocols\r\n")
        self.send(b"Connection: Upgrade\r\nUpgrade: twice\r\n\r\n")
        while data := self.connection.recv(1000):
            self.send(data * 2)
        return False

    def on_call(self, request: Request) -> bool:
        """Calls an upstream and says what came of it. The last segment names a method of Calls."""
        name = request.path.rpartition("/")[2]
        return self.as_json({"call": name, "result": getattr(Calls, name)(request.query)})


class Calls:
    """The service's calls."""

    @staticmethod
    def _base(path: str, timeout: float = 5, **more: object) -> tuple[int, bytes, dict[str, str]]:
        parts = urlsplit(os.environ["BASE_URL"])
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
        connection.request(str(more.get("method", "GET")), path, more.get("body"))  # type: ignore[arg-type]  # an iterator of bytes
        answer = connection.getresponse()
        try:
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            connection.close()

    @staticmethod
    def shapes(query: dict[str, str]) -> object:
        """All shapes by the base URL."""
        found = {}
        for name in ("plain", "chunked", "coded", "old", "cut", "closing", "silent"):
            if "shapes" in CHANGED and name == "old":
                continue
            try:
                status, data, fields = Calls._base(f"/{name}", 0.3 if name == "silent" else 5)
                if "Content-Encoding" in fields:
                    data = gzip.decompress(data)
                found[name] = [status, zlib.crc32(data)]
            except (http.client.HTTPException, OSError) as error:
                found[name] = [type(error).__name__]
        return found

    @staticmethod
    def keep(query: dict[str, str]) -> object:
        """Several calls on one connection."""
        parts = urlsplit(os.environ["BASE_URL"])
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
        found = []
        for number in range(3):
            connection.request("GET", f"/plain?n={number}")
            found.append(connection.getresponse().read().decode())
        connection.close()
        return found

    @staticmethod
    def proxied(query: dict[str, str]) -> object:
        """HTTP and HTTPS as the environment's proxy settings say."""
        found = []
        for url in (os.environ["PLAIN_URL"], os.environ["SECURE_URL"]):
            for _ in range(2):
                with urllib.request.urlopen(f"{url}/plain", timeout=5) as answer:
                    found.append([answer.status, answer.read().decode()])
        return found

    @staticmethod
    def alternating(query: dict[str, str]) -> object:
        """Two upstreams over one connection to the proxy, pipelined."""
        proxy = urlsplit(os.environ["http_proxy"])
        plain, base = os.environ["PLAIN_URL"], os.environ["OTHER_URL"]
        with socket.create_connection((proxy.hostname or "", proxy.port or 0), 5) as connection:
            for url in (plain, base, plain):
                host = urlsplit(url).netloc
                connection.sendall(f"GET {url}/plain HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            data = b""
            while data.count(b'"none"') < 3 and (more := connection.recv(65536)):
                data += more
        return data.count(b"200 OK")

    @staticmethod
    def unreachable(query: dict[str, str]) -> object:
        """An upstream that is not there."""
        try:
            with urllib.request.urlopen(os.environ["GONE_URL"] + "/x", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    @staticmethod
    def events(query: dict[str, str]) -> object:
        """Some of a stream that never ends."""
        parts = urlsplit(os.environ["BASE_URL"])
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
        connection.request("GET", "/events")
        answer = connection.getresponse()
        lines = [answer.readline().decode() for _ in range(9)]
        connection.close()
        return lines

    @staticmethod
    def large(query: dict[str, str]) -> object:
        """Megabytes down and up."""
        megabytes = int(query["mb"])
        status, data, _ = Calls._base(f"/large?mb={megabytes}", 60)
        del data
        blocks = (block(number) for number in range(megabytes * 16))
        _, up, _ = Calls._base("/upload", 60, method="POST", body=blocks)
        return [status, json.loads(up)]


class Server(socketserver.ThreadingTCPServer):
    """Listens; TLS when it is given a context."""

    allow_reuse_address = True
    daemon_threads = True
    context: ssl.SSLContext | None = None

    def finish_request(self, request: object, address: object) -> None:
        """TLS is shaken hands on in the connection's own thread."""
        assert isinstance(request, socket.socket)
        if self.context is not None:
            request = self.context.wrap_socket(request, server_side=True)
        self.RequestHandlerClass(request, address, self)

    def handle_error(self, request: object, address: object) -> None:
        """Clients that go away are what this is about."""


def upstreams(folder: Path) -> None:
    """Two plain upstreams and one with TLS, until killed."""
    servers = [Server(("127.0.0.1", 0), Upstream) for _ in range(3)]
    pem = folder / "upstream.pem"
    servers[2].context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    servers[2].context.load_cert_chain(pem)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    text = " ".join(str(server.server_address[1]) for server in servers)
    (folder / "ports.new").write_text(text, encoding="ascii")
    (folder / "ports.new").rename(folder / "ports")
    threading.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "service":
        Server(("127.0.0.1", int(os.environ["PORT"])), Service).serve_forever()
    else:
        upstreams(Path(sys.argv[2]))
