"""A small HTTP server on loopback that pretends to be somebody's API, with failures on demand."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]


class Answer(NamedTuple):
    """What is sent back."""

    status: int
    body: Any = None
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed


class Failure(NamedTuple):
    """What goes wrong with the next requests of a method and path."""

    method: str
    path: str
    answer: Answer
    times: int = 1
    commit: bool = False
    """True: it is done all the same, and only the answer says otherwise."""


Handler = Callable[[Asked, "re.Match[str]"], Answer]


class Fake:
    """Routes, everything that was asked, and failures to come. Subclasses add state and routes."""

    prefix = ""

    def __init__(self) -> None:
        self.routes: list[tuple[str, re.Pattern[str], Handler]] = []
        self.asked: list[Asked] = []
        self.failures: list[Failure] = []
        self.before: Callable[[Asked], None] | None = None
        """Called before a request is handled: where a second writer comes in between."""
        self.complaints: list[str] = []
        self.lock = threading.RLock()
        self.url = ""

    def route(self, method: str, path: str, handler: Handler) -> None:
        """Requests of `method` whose path matches the whole pattern go to `handler`."""
        self.routes.append((method, re.compile(self.prefix + path), handler))

    def fail(
        self,
        method: str,
        path: str,
        status: int,
        message: str = "",
        *,
        times: int = 1,
        commit: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        """The next `times` requests of that method and path get `status`."""
        answer = Answer(status, self.refusal(message), headers or {})
        self.failures.append(Failure(method, self.prefix + path, answer, times, commit))

    def refusal(self, message: str) -> dict[str, Any]:
        """The body of an error answer."""
        return {"message": message}

    def count(self, method: str, path: str = ".*") -> int:
        """How often something was asked."""
        return sum(
            one.method == method and bool(re.fullmatch(self.prefix + path, one.path))
            for one in self.asked
        )

    def answer(self, asked: Asked) -> Answer:
        """The answer to one request, failures first."""
        if self.before is not None:
            self.before(asked)
        with self.lock:
            self.asked.append(asked)
            failure = self.failing(asked)
            if failure is not None and not failure.commit:
                return failure.answer
            made = self.handled(asked)
            return failure.answer if failure is not None else made

    def failing(self, asked: Asked) -> Failure | None:
        """The failure that is due, counted down."""
        for at, one in enumerate(self.failures):
            if one.method == asked.method and re.fullmatch(one.path, asked.path):
                left = one._replace(times=one.times - 1)
                self.failures[at : at + 1] = [left] if left.times else []
                return one
        return None

    def handled(self, asked: Asked) -> Answer:
        """What the API does when nothing fails."""
        for method, pattern, handler in self.routes:
            found = pattern.fullmatch(asked.path)
            if found and method == asked.method:
                return handler(asked, found)
        return Answer(404, self.refusal("Not Found"))

    def page(self, items: list[Any], asked: Asked, size: int) -> tuple[list[Any], int, bool]:
        """The items of the page that was asked for, its number, and whether there is another."""
        number = int(asked.query.get("page", "1"))
        size = min(int(asked.query.get("per_page", asked.query.get("pagelen", size))), 100)
        return items[(number - 1) * size : number * size], number, number * size < len(items)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Listen on a free loopback port; `url` says where."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join(5)


def _handler(fake: Fake) -> type[BaseHTTPRequestHandler]:
    class One(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            parts = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length", "0") or 0))
            body = json.loads(sent) if sent else None
            asked = Asked(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query)),
                body,
                {name.title(): value for name, value in self.headers.items()},
            )
            answer = fake.answer(asked)
            data = b"" if answer.body is None else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return One
