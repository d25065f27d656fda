"""A service that others tell something, by PostgreSQL and by Redis."""

from __future__ import annotations

import json
import os
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
import redis

HEARD: dict[str, str] = {}
WAITED: queue.Queue[str] = queue.Queue()
BROKEN = os.environ.get("BREAK") == "deaf"


def listen(ready: threading.Event) -> None:
    """What is notified stands in the memory of this process."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("listen prices")
        ready.set()
        for heard in connection.notifies():
            if not BROKEN:
                HEARD["price"] = heard.payload
                with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as other:
                    other.execute("insert into heard values (%s)", (heard.payload,))


def subscribe(ready: threading.Event) -> None:
    """What is published is what a request waits for."""
    cache: Any = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
    subscribed = cache.pubsub()
    subscribed.psubscribe("done:*")
    for heard in subscribed.listen():
        if heard["type"] == "psubscribe":
            ready.set()
        else:
            WAITED.put(heard["data"])


class Handler(BaseHTTPRequestHandler):
    """`/price`: what was heard last; `/wait`: what will be heard next."""

    def do_GET(self) -> None:  # http.server's name
        """Answer."""
        said = {"price": HEARD.get("price")}
        if self.path == "/wait":
            try:
                said = {"done": WAITED.get(timeout=5)}
            except queue.Empty:
                said = {"done": None}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


for hears in (listen, subscribe):
    hearing = threading.Event()
    threading.Thread(target=hears, args=(hearing,), daemon=True).start()
    hearing.wait(20)
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
