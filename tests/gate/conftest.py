"""A small snapshot, in memory and on disk; and a real service with its snapshot."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from ci_gate.config.options import RunOptions
from ci_gate.gate.events import Event, Note
from ci_gate.gate.run import run as gate
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Headers, HttpRequest, HttpResponse, Raw
from ci_gate.model.result import Result
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.net.loop import run as loop_run
from ci_gate.recorder.options import Upstream
from ci_gate.replayer.options import ReplayerOptions
from ci_gate.service.options import Ready, ServiceOptions
from ci_gate.store.snapshot import write_snapshot

JSON: Headers = ((b"Content-Type", b"application/json"),)


def _exchange(
    name: str, target: bytes, status: int, body: bytes, *, method: str = "GET", at: float,
    dependency: str = "", groups: tuple[str, ...] = (), sent: bytes = b"", headers: Headers = (),
) -> Exchange:  # fmt: skip
    path = target.partition(b"?")[0].decode().replace("/7", "/{id}")
    return Exchange(
        id=name,
        dependency=dependency,
        route=f"{method} {path}",
        groups=groups,
        at=at,
        took=1.5,
        request=HttpRequest(method=method, target=target, headers=(*JSON, *headers), body=sent),
        response=HttpResponse(status=status, headers=JSON, body=body),
    )


@pytest.fixture
def recorded() -> Snapshot:
    """Two inbound requests, a call of the first, one at startup, and a raw one without answer."""
    return Snapshot(
        origin=Origin(service="orders", service_port=8080, recorded_at="2026-08-31T10:00:00Z"),
        dependencies=(
            Dependency(name="payments", address="https://api.payments.example"),
            Dependency(name="cache", protocol="raw", address="localhost:6379"),
        ),
        inbound=(
            _exchange(
                "aaaa1111-1", b"/orders?x=1&x=2&y=", 201, b'{"id":7,"items":[{"price":3}]}',
                method="POST", at=10.0, sent=b'{"a":1}', headers=((b"X-Id", b"one"), (b"x-id", b"two")),
            ),
            _exchange("bbbb1111-1", b"/orders/7", 500, b"not json", at=20.0),
        ),
        outbound=(
            _exchange(
                "cccc1111-1", b"/charges", 200, b'{"currency":"eur"}', method="POST", at=11.0,
                dependency="payments", groups=("aaaa1111-1",), sent=b'{"amount":3}',
            ),
            _exchange(
                "dddd1111-1", b"/health", 200, b"{}", at=1.0, dependency="payments",
                groups=("startup",),
            ),
            Exchange(
                id="eeee1111-1", dependency="cache", route="RAW", groups=("aaaa1111-1",), at=12.0,
                request=Raw(b"PING\xff"), error="connection closed",
            ),
        ),
    )  # fmt: skip


@pytest.fixture
def snapshot_folder(recorded: Snapshot, tmp_path: Path) -> str:
    """The same snapshot in a folder."""
    folder = str(tmp_path / "snapshots" / "orders")
    write_snapshot(folder, recorded)
    return folder


ACTING = Path(__file__).with_name("acting.py")
MARK = "ACTING_MARK"
"""A variable that every process of a test inherits."""
FIXED = (
    ("/json", b'{"id": 7, "name": "ada"}', b"application/json"),
    ("/text", b"plain text\n", b"text/plain"),
    ("/list", b'["a", "b"]', b"application/json"),
    ("/blob", bytes(range(256)), b"application/octet-stream"),
    ("/large", b"0123456789abcdef" * 80_000, b"text/plain"),
)
GREETING = b'{"text": "Hello, ada!"}'


def _answer(body: bytes, media: bytes = b"application/json", status: int = 200) -> HttpResponse:
    headers = (
        (b"Content-Type", media),
        (b"Cache-Control", b"max-age=60"),
        (b"Content-Length", str(len(body)).encode()),
    )
    return HttpResponse(status=status, headers=headers, body=body)


def acted() -> Snapshot:
    """What `acting.py` does when it behaves, as `record` would have kept it."""
    host: Headers = ((b"Host", b"{service}"),)
    out: Headers = (
        (b"Accept-Encoding", b"identity"),
        (b"Host", b"{greetings}"),
        (b"User-Agent", b"acting"),
        (b"Accept", b"application/json"),
    )
    inbound = [
        Exchange(
            id=f"aa{number:02}0000-1",
            route=f"GET {path}",
            at=10.0 * number,
            took=1.0,
            request=HttpRequest(method="GET", target=path.encode(), headers=host),
            response=_answer(body, media),
        )
        for number, (path, body, media) in enumerate(FIXED, 1)
    ]
    hello, things = (
        Exchange(
            id=f"{name}0000-1", route=route, at=at, took=5.0, request=request, response=response
        )
        for name, route, at, request, response in (
            (
                "bb01", "GET /hello", 100.0,
                HttpRequest(method="GET", target=b"/hello", headers=host), _answer(GREETING),
            ),
            (
                "bb02", "POST /things", 110.0,
                HttpRequest(
                    method="POST", target=b"/things", headers=(*host, *JSON), body=b'{"thing": 1}'
                ),
                _answer(b'{"ok": true}', status=201),
            ),
        )
    )  # fmt: skip
    calls = (
        Exchange(
            id="cc010000-1", dependency="greetings", route="GET /greeting", groups=(hello.id,),
            at=101.0, took=1.0, response=_answer(GREETING),
            request=HttpRequest(method="GET", target=b"/greeting?for=ada", headers=out),
        ),
        Exchange(
            id="cc020000-1", dependency="greetings", route="POST /audit", groups=(things.id,),
            at=111.0, took=1.0, response=_answer(b"{}"),
            request=HttpRequest(
                method="POST", target=b"/audit", headers=(*out, *JSON), body=b'{"thing": 1}'
            ),
        ),
    )  # fmt: skip
    return Snapshot(
        origin=Origin(service="acting", service_port=8080, recorded_at="2026-08-31T10:00:00Z"),
        dependencies=(Dependency(name="greetings", address="http://greetings.example"),),
        inbound=(*inbound, hello, things),
        outbound=calls,
    )


class Acting:
    """The verbs on `acting.py` and its snapshot, in a folder of their own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.mark = uuid.uuid4().hex
        monkeypatch.setenv(MARK, self.mark)
        for name in list(os.environ):
            if name.lower().endswith("_proxy"):
                monkeypatch.delenv(name)
        self.snapshot = str(folder / "snapshot")
        self.state = str(folder / "state")
        self.out = folder / "run"
        self.events: list[Event] = []

    def write(self, snapshot: Snapshot) -> None:
        """Put another snapshot in its place."""
        shutil.rmtree(self.snapshot, ignore_errors=True)
        write_snapshot(self.snapshot, snapshot)

    def service(self, how: str = "", **more: Any) -> ServiceOptions:
        """`acting.py` misbehaving in one way."""
        env = {
            "HOW": how,
            "PORT": "${service.port}",
            "GREETINGS_URL": "${greetings.url}",
            **more.pop("env", {}),
        }
        given: dict[str, Any] = {
            "name": "acting",
            "command": (sys.executable, "-S", str(ACTING)),
            "auto_port": "port" not in more,
            "env": env,
            "folder": str(self.folder),
            "ready": Ready(how="path", what="/healthz", timeout=10.0),
            "stop_timeout": 5.0,
        }
        return ServiceOptions(**{**given, **more})

    def options(
        self, how: str = "", service: ServiceOptions | None = None, **more: Any
    ) -> RunOptions:
        """Options of `run`."""
        given: dict[str, Any] = {
            "snapshot": self.snapshot,
            "service": service if service is not None else self.service(how),
            "replay": ReplayerOptions(settle=0.1, timeout=20.0),
            "out": str(self.out),
            "folder": str(self.folder),
            "state_folder": self.state,
        }
        return RunOptions(**{**given, **more})

    def run(self, how: str = "", **more: Any) -> Result:
        """`run` to its end; nothing may be left."""
        result = loop_run(gate(self.options(how, **more), self.events.append))
        self.check_nothing_left()
        return result

    def check_nothing_left(self) -> None:
        """No process, no record of one, no temporary folder."""
        assert self.alive() == []
        assert list(Path(self.state, "running").glob("*")) == []

    def alive(self) -> list[str]:
        """Processes of this test besides this one."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                ours = process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE
                if ours and process.environ().get(MARK) == self.mark:
                    found.append(f"{process.pid} {' '.join(process.cmdline())}")
        return found

    def written(self) -> dict[str, bytes]:
        """Every file of the run directory."""
        return {
            str(path.relative_to(self.out)): path.read_bytes()
            for path in self.out.rglob("*")
            if path.is_file()
        }

    def noted(self) -> str:
        """All notes that the sink was told."""
        return "\n".join(one.text for one in self.events if isinstance(one, Note))


@pytest.fixture
def acting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Acting]:
    """The acting service with its snapshot; whatever a failed test has left is ended."""
    acting = Acting(tmp_path, monkeypatch)
    acting.write(acted())
    yield acting
    for line in acting.alive():
        with contextlib.suppress(OSError):
            os.kill(int(line.split()[0]), signal.SIGKILL)


class Greetings(BaseHTTPRequestHandler):
    """The real dependency of `acting.py`."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """A greeting."""
        self._say(GREETING)

    def do_POST(self) -> None:
        """An audit."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say(b"{}")

    def _say(self, data: bytes) -> None:
        assert isinstance(self.server, Real)
        self.server.asked.append(self.path)
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class Real(ThreadingHTTPServer):
    """Listens for `acting.py`, and remembers the paths that it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Greetings)
        self.asked: list[str] = []


@pytest.fixture
def asked() -> list[str]:
    """The paths that `greetings` was asked for."""
    return []


@pytest.fixture
def greetings(asked: list[str]) -> Iterator[Upstream]:
    """The dependency, running, as the configuration would name it."""
    server = Real()
    server.asked = asked
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Upstream(name="greetings", address=f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()
    thread.join()
