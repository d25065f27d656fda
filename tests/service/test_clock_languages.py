"""What programs in each language really see: the wall clock moved, every wait as long as meant.

Slow toolchains are marked long; what is not installed is skipped, visibly.
"""

from __future__ import annotations

import datetime
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ci_gate.net.certificates import Authority
from ci_gate.service.clock import Clock, open_clock
from ci_gate.service.clock_library import library
from ci_gate.service.clock_probe import probe

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="Linux with a C compiler only"
)
SOURCES = Path(__file__).parent / "clock"
SECOND = 10**9
DAYS = 31
TLS_DAYS = 60
"""More than a certificate minted for the machine's clock is valid."""
SHIFTS = [pytest.param(DAYS, id="ahead"), pytest.param(-DAYS, id="back")]
PYTHONS = ("3.11", "3.12", "3.13")


def needs(tool: str) -> pytest.MarkDecorator:
    """Skip, visibly, where `tool` is not installed."""
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not installed")


def python(version: str) -> str:
    """The Python of that version: ours, one on PATH, or one that pyenv keeps."""
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return sys.executable
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = sorted(kept.glob(f"{version}.*/bin/python{version}"))
    if found:
        return str(found[-1])
    path = shutil.which(f"python{version}")
    if path is None:
        pytest.skip(f"python{version} is not installed")
    return path


@pytest.fixture
def clock(tmp_path: Path, built: str) -> Iterator[Clock]:
    """A clock that shows the machine's time."""
    made = Clock(str(tmp_path), built)
    yield made
    made.close()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The library."""
    return library(str(tmp_path_factory.mktemp("state")), required=True)


def shown(clock: Clock, command: list[str], days: int) -> dict[str, Any]:
    """What the program tells of its clocks, checked against ours: the walls, and every wait."""
    clock.set(time.time_ns() + days * 24 * 3600 * SECOND)
    before = clock.now() / SECOND
    done = subprocess.run(
        command,
        env=clock.environment(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
    )
    after = clock.now() / SECOND
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    # Some clocks show whole seconds or milliseconds only.
    walls = told["walls"]
    assert {name: at for name, at in walls.items() if not before - 1.01 <= at <= after} == {}
    # Moved by a month, a deadline in the wrong clock is over at once or never.
    waits = told["waits"]
    assert {name: took for name, took in waits.items() if not 190 <= took <= 15_000} == {}
    assert abs(told["went"] - told["took"]) < 0.5, "not at normal speed"
    return told


@pytest.mark.parametrize("days", SHIFTS)
def test_this_python(days: int, clock: Clock) -> None:
    """The Python that runs the tests: time, sleeps, locks, queues, asyncio, sockets, children."""
    told = shown(clock, [sys.executable, str(SOURCES / "waits.py")], days)
    assert (len(told["walls"]), len(told["waits"])) == (12, 18)


def test_waits_hold_while_the_clock_is_set_forward(clock: Clock) -> None:
    """A wait that is under way when requests move the clock on lasts as long as it was meant to."""
    clock.set(time.time_ns() - DAYS * 24 * 3600 * SECOND)
    process = subprocess.Popen(
        [sys.executable, str(SOURCES / "waits.py")],
        env=clock.environment(os.environ),
        stdout=subprocess.PIPE,
    )
    end = time.monotonic() + 100
    while process.poll() is None and time.monotonic() < end:
        clock.advance(clock.now() + SECOND)
        time.sleep(0.01)
    process.kill()
    told = json.loads(process.communicate()[0])
    waits = told["waits"]
    assert {name: took for name, took in waits.items() if not 190 <= took <= 15_000} == {}
    assert told["went"] > told["took"] + 10


@pytest.mark.long
@pytest.mark.parametrize("days", SHIFTS)
@pytest.mark.parametrize("version", PYTHONS)
def test_pythons(version: str, days: int, clock: Clock) -> None:
    """Every supported Python, also where another one runs the tests."""
    shown(clock, [python(version), str(SOURCES / "waits.py")], days)


@pytest.mark.long
@needs("node")
@pytest.mark.parametrize("days", SHIFTS)
def test_node(days: int, clock: Clock) -> None:
    """Node: dates, timers, abort signals, workers, sockets, children."""
    told = shown(clock, ["node", str(SOURCES / "waits.js")], days)
    assert (len(told["walls"]), len(told["waits"])) == (6, 6)


@pytest.mark.long
@needs("javac")
@pytest.mark.parametrize("days", SHIFTS)
def test_java(days: int, clock: Clock, tmp_path: Path) -> None:
    """Java: dates, sleeps, conditions until a date, schedulers, timers, sockets, children."""
    subprocess.run(["javac", "-d", tmp_path, SOURCES / "Waits.java"], check=True, timeout=120)
    told = shown(clock, ["java", "-cp", str(tmp_path), "Waits"], days)
    assert (len(told["walls"]), len(told["waits"])) == (7, 13)


@pytest.mark.long
@needs("ruby")
@pytest.mark.parametrize("days", SHIFTS)
def test_ruby(days: int, clock: Clock) -> None:
    """Ruby: dates, sleeps, Timeout, conditions, threads, queues, children."""
    told = shown(clock, ["ruby", str(SOURCES / "waits.rb")], days)
    assert (len(told["walls"]), len(told["waits"])) == (6, 6)


@pytest.mark.long
@needs("go")
@pytest.mark.parametrize("cgo", ["0", "1"])
def test_go(cgo: str, clock: Clock, tmp_path: Path) -> None:
    """Go, static or linked with C: no effect, nothing breaks, and it is known before it starts."""
    binary = str(tmp_path / "service")
    source = (SOURCES / "waits.go").read_text(encoding="utf-8")
    if cgo == "1":
        source = source.replace("import (\n", 'import "C"\n\nimport (\n', 1)
    (tmp_path / "waits.go").write_text(source, encoding="utf-8")
    subprocess.run(
        ["go", "build", "-o", binary, str(tmp_path / "waits.go")],
        env={**os.environ, "CGO_ENABLED": cgo, "GOFLAGS": "-mod=mod", "GO111MODULE": "auto"},
        cwd=tmp_path,
        check=True,
        timeout=300,
    )
    starts = probe([binary], os.environ)
    assert (starts.kind, starts.moves) == ("go", False)
    auto = open_clock("auto", starts, str(tmp_path), str(tmp_path))
    assert auto.clock is None
    assert "service is a Go program" in auto.note
    clock.set(time.time_ns() + DAYS * 24 * 3600 * SECOND)
    out = subprocess.check_output([binary], env=clock.environment(os.environ), timeout=60)
    told = json.loads(out)
    assert abs(told["walls"]["time.Now"] - time.time()) < 60
    assert 190 <= told["waits"]["Sleep"] <= 15_000


@needs("go")
@pytest.mark.long
def test_a_go_program_behind_a_shell(clock: Clock, tmp_path: Path) -> None:
    """What a shell starts is seen when it runs: the shell goes by the clock, the service does not."""
    source = tmp_path / "main.go"
    source.write_text(
        'package main\nimport ("os"; "time")\nfunc main() {\n'
        ' os.Stdout.WriteString("up"); time.Sleep(time.Minute) }\n'
    )
    binary = str(tmp_path / "service")
    subprocess.run(["go", "build", "-o", binary, str(source)], cwd=tmp_path, check=True)
    process = subprocess.Popen(
        ["sh", "-c", f"date >/dev/null; exec {binary}"],
        env=clock.environment(os.environ),
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.read(2) == b"up"
        assert clock.works([process.pid]) is False
        assert clock.note([process.pid]) == "the clock is the machine's for service"
    finally:
        process.kill()
        process.communicate()


@contextmanager
def https(authority: Authority) -> Iterator[int]:
    """A port at which `localhost` answers every connection with TLS and one response."""
    context = authority.server_context("localhost")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)

        def serve() -> None:
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                try:
                    plain.settimeout(60)
                    with context.wrap_socket(plain, server_side=True) as connection:
                        connection.recv(65536)
                        connection.sendall(
                            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
                        )
                except OSError:
                    continue  # a client that does not trust us

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            # Closing alone does not wake the thread that waits in accept.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


CLIENTS = [
    pytest.param(
        ["curl", "-fsS", "--noproxy", "*", "--cacert", "{ca}", "{url}"],
        id="curl",
        marks=needs("curl"),
    ),
    pytest.param(
        [
            sys.executable,
            "-c",
            "import ssl, sys, urllib.request as r\n"
            "c = ssl.create_default_context(cafile=sys.argv[1])\n"
            "o = r.build_opener(r.ProxyHandler({{}}), r.HTTPSHandler(context=c))\n"
            "print(o.open(sys.argv[2]).read())",
            "{ca}",
            "{url}",
        ],
        id="python",
    ),
    pytest.param(
        [
            "node",
            "-e",
            "require('https').get(process.argv[2], {{ca: require('fs').readFileSync("
            "process.argv[1])}}, (a) => a.pipe(process.stdout))",
            "{ca}",
            "{url}",
        ],
        id="node",
        marks=[needs("node"), pytest.mark.long],
    ),
    pytest.param(
        [
            "ruby",
            "-rnet/http",
            "-e",
            "u = URI(ARGV[1]); h = Net::HTTP.new(u.host, u.port, nil); h.use_ssl = true;"
            "h.ca_file = ARGV[0]; print h.get('/').body",
            "{ca}",
            "{url}",
        ],
        id="ruby",
        marks=[needs("ruby"), pytest.mark.long],
    ),
]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("days", [TLS_DAYS, -TLS_DAYS])
def test_certificates_follow_the_clock(
    client: list[str], days: int, clock: Clock, tmp_path: Path
) -> None:
    """A service at another time trusts what is minted for its clock, and nothing else."""
    clock.set(time.time_ns() + days * 24 * 3600 * SECOND)
    ours = datetime.datetime.fromtimestamp(clock.now() / SECOND, datetime.UTC)
    state = tmp_path / "authority"
    answers = []
    for now in (ours, None):
        authority = Authority.open(str(state), now)
        (tmp_path / "ca.pem").write_bytes(authority.certificate_pem)
        with https(authority) as port:
            names = {"ca": str(tmp_path / "ca.pem"), "url": f"https://localhost:{port}/"}
            done = subprocess.run(
                [word.format(**names) for word in client],
                env=clock.environment(os.environ),
                capture_output=True,
                timeout=60,
            )
        answers.append((done.returncode == 0 and b"ok" in done.stdout, done.stderr))
    assert answers[0][0], answers[0][1]
    assert not answers[1][0], "a certificate for the machine's clock was taken"
