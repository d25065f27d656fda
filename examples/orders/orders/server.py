"""HTTP in front of the shop: routes, JSON, statuses."""

from __future__ import annotations

import json
import socketserver
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from orders.shop import Refused, Shop
from orders.store import UNAVAILABLE

LARGEST = 64 * 1024


class Server(ThreadingHTTPServer):
    """One thread per connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], shop: Shop) -> None:
        super().__init__(address, Handler)
        self.shop = shop

    def server_bind(self) -> None:
        """Without the base class's reverse look-up of our own name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server
    wbufsize = -1  # head and body leave in one segment

    def version_string(self) -> str:
        """What the Server header says."""
        return "orders/1.0"

    def log_message(self, format: str, *args: Any) -> None:
        """Lines are written where something happens."""

    def do_GET(self) -> None:
        """Reads."""
        self._route("GET")

    def do_POST(self) -> None:
        """Writes."""
        self._route("POST")

    def _route(self, method: str) -> None:
        url = urlsplit(self.path)
        steps = [step for step in url.path.split("/") if step]
        try:
            body = self._body()
            match (method, *steps):
                case ("GET", "healthz"):
                    self._answer(200, {"status": "ok"})
                case ("GET", "orders"):
                    self._list(parse_qs(url.query))
                case ("POST", "orders"):
                    self._create(body)
                case ("GET", "orders", number):
                    self._answer(200, self.server.shop.get(number))
                case ("GET", "orders", number, "receipt"):
                    text = self.server.shop.receipt(number)
                    self._send(200, text.encode(), "text/plain; charset=utf-8")
                case ("POST", "orders", number, "cancel"):
                    self._answer(200, self.server.shop.cancel(number))
                case _:
                    raise Refused(404, "no_such_route")
        except Refused as error:
            details = {"fields": error.fields} if error.fields else {}
            self._answer(error.status, {"error": {"code": error.code, **details}})
        except UNAVAILABLE as error:
            print(f"orders: {method} {url.path}: {error}", flush=True)
            self._answer(503, {"error": {"code": "try_again"}})

    def _create(self, body: bytes) -> None:
        try:
            wanted = json.loads(body)
        except ValueError as error:
            raise Refused(400, "not_json") from error
        order = self.server.shop.create(wanted)
        self._answer(201, order, {"Location": f"/orders/{order['id']}"})
        self.wfile.flush()
        self.server.shop.created(order, wanted["address"])

    def _list(self, query: dict[str, list[str]]) -> None:
        limit = query.get("limit", ["20"])[0]
        if not limit.isdigit():
            raise Refused(422, "invalid", {"limit": "a number is wanted"})
        found = self.server.shop.find(query.get("status", [""])[0], int(limit))
        self._answer(200, {"orders": found, "count": len(found)})

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > LARGEST:
            self.close_connection = True
            raise Refused(413, "too_large")
        return self.rfile.read(int(length))

    def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(body).encode(), "application/json", headers)

    def _send(
        self, status: int, body: bytes, media: str, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Request-Id", uuid.uuid4().hex)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
