"""Waiting for real services: ready, never ready, dying, answering garbage."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
import time
from pathlib import Path

import pytest

from ci_gate.errors import UsageError
from ci_gate.service.log import ServiceLog
from ci_gate.service.options import Ready
from ci_gate.service.outcome import ServiceFailed, ServiceUp
from ci_gate.service.ports import free_port
from ci_gate.service.process import Process
from ci_gate.service.readiness import USER_AGENT, wait_ready

SERVER = """
import http.server, socket, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    answered = 0
    def do_GET(self):
        Handler.answered += 1
        statuses = sys.argv[3].split(",")
        print("probe", self.path, self.headers["User-Agent"], flush=True)
        self.send_response(int(statuses[min(Handler.answered, len(statuses)) - 1]))
        self.end_headers()
    def log_message(self, *_): pass
class Server(http.server.HTTPServer):
    address_family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
time.sleep(0.2)
server = Server((sys.argv[1], int(sys.argv[2])), Handler)
print("now listening", flush=True)
server.serve_forever()
"""


def wait(
    ready: Ready, program: str, *arguments: str, host: str = "localhost", port: int = 0
) -> tuple[ServiceUp | ServiceFailed, tuple[str, ...]]:
    """Start the program with host, port and `arguments`; what the wait said and what was printed."""
    port = port or free_port()
    listening = "127.0.0.1" if host == "localhost" else host

    async def main(folder: str) -> tuple[ServiceUp | ServiceFailed, tuple[str, ...]]:
        log = ServiceLog("", str, expect=ready.what if ready.how == "log" else "")
        process = await Process.start(
            [sys.executable, "-c", program, listening, str(port), *arguments],
            env=dict(os.environ),
            folder=folder,
            log=log,
            marker=f"ready-{port}.1",
        )
        try:
            outcome = await wait_ready(ready, "localhost", port, process, log)
        finally:
            await process.stop()
        return outcome, log.last_lines()

    # A folder of its own: the services of other tests work in ours.
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(main(folder))


@pytest.mark.parametrize(
    "ready", [Ready(), Ready(how="path", what="/healthz"), Ready(how="log", what="now \\w+ing$")]
)
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_ready(ready: Ready, host: str) -> None:
    """Each way finds a service that needs a moment, on either loopback address."""
    outcome, _ = wait(ready, SERVER, "200", host=host)
    assert isinstance(outcome, ServiceUp)
    assert outcome.host == host
    assert outcome.seconds >= 0.15


def test_path_waits_for_an_answer_below_500() -> None:
    """503 is not ready, 404 is; the probe names itself."""
    outcome, lines = wait(Ready(how="path", what="/healthz"), SERVER, "503,500,404")
    assert isinstance(outcome, ServiceUp)
    assert lines.count(f"probe /healthz {USER_AGENT}") == 3


@pytest.mark.parametrize(
    ("ready", "statuses", "words"),
    [
        (Ready(how="path", what="/x", timeout=3), "503", "GET /x was answered 503"),
        (Ready(how="log", what="never", timeout=3), "200", "no line of its output matches 'never'"),
    ],
)
def test_never_ready(ready: Ready, statuses: str, words: str) -> None:
    """A service that runs and does not get ready fails with what was seen instead."""
    begun = time.monotonic()
    outcome, _ = wait(ready, SERVER, statuses)
    assert isinstance(outcome, ServiceFailed)
    assert outcome.reason == f"the service was not ready after 3 s: {words}"
    assert outcome.last_lines[0] == "now listening"
    assert time.monotonic() - begun < 30


def test_nothing_listens() -> None:
    """A service that opens no port fails with that."""
    outcome, _ = wait(Ready(timeout=0.5), "import time; time.sleep(1000)")
    assert isinstance(outcome, ServiceFailed)
    assert "nothing accepts connections on port" in outcome.reason


def test_dies_while_starting() -> None:
    """A service that dies fails at once, with its exit code and last lines."""
    begun = time.monotonic()
    outcome, _ = wait(Ready(), "import sys; print('no database'); sys.exit(7)")
    assert outcome == ServiceFailed(
        reason="the service ended with exit code 7", exit_code=7, last_lines=("no database",)
    )
    assert time.monotonic() - begun < 10


def test_another_program_on_the_port(tmp_path: Path) -> None:
    """A port that somebody else answers on does not make a dead service ready."""

    async def main() -> None:
        process = await Process.start(
            ["false"],
            env=dict(os.environ),
            folder=str(tmp_path),
            log=None,
            marker=f"dead-{os.getpid()}.1",
        )
        await process.wait()
        with socket.create_server(("127.0.0.1", 0)) as other:
            outcome = await wait_ready(Ready(), "localhost", other.getsockname()[1], process)
        await process.stop()
        assert outcome == ServiceFailed(reason="the service ended with exit code 1", exit_code=1)

    asyncio.run(main())


def test_answers_garbage() -> None:
    """Bytes that are not HTTP are not ready."""
    program = (
        "import socket, sys\nserver = socket.create_server((sys.argv[1], int(sys.argv[2])))\n"
        "while True:\n  peer, _ = server.accept()\n  peer.recv(1000)\n"
        "  peer.sendall(b'\\xff' * 100000 + b'\\n')\n  peer.close()\n"
    )
    outcome, _ = wait(Ready(how="path", what="/", timeout=3), program)
    assert isinstance(outcome, ServiceFailed)
    assert "GET /" in outcome.reason


def test_log_without_output() -> None:
    """Waiting for a line of a service whose output we do not have is refused."""
    with pytest.raises(UsageError, match=r"service\.ready\.log"):
        asyncio.run(wait_ready(Ready(how="log", what="x"), "localhost", 1, None))


def test_log_bad_expression(tmp_path: Path) -> None:
    """An expression that is not one is refused with its reason."""
    with pytest.raises(UsageError, match=r"service\.ready\.log: 'a\(': missing \)"):
        ServiceLog("", str, expect="a(")
