"""The service as a container, against a stand-in for the Docker API on a Unix socket."""

from __future__ import annotations

import asyncio
import http.server
import io
import json
import os
import socketserver
import struct
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ci_gate.errors import CannotRun
from ci_gate.net.trust import TrustFiles
from ci_gate.service import container as module
from ci_gate.service import leftovers
from ci_gate.service.container import INSIDE_TRUST, Container, remove_containers
from ci_gate.service.inside import Inside
from ci_gate.service.leftovers import Leftovers, clear
from ci_gate.service.log import ServiceLog
from ci_gate.service.options import Ready
from ci_gate.service.outcome import ServiceFailed
from ci_gate.service.readiness import wait_ready
from ci_gate.service.tree import has_marker


class Daemon(socketserver.ThreadingUnixStreamServer):
    """Knows one image, `good`, and keeps containers in memory; their output is what `say` got."""

    daemon_threads = True

    def __init__(self, path: str) -> None:
        super().__init__(path, Handler)
        self.containers: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.output: list[bytes] = []
        self.exit_code = 0
        self.refuses_start = False
        self.ended = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    """The few calls of the API that a service needs."""

    server: Daemon

    def address_string(self) -> str:
        """A Unix socket has no address."""
        return "unix"

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_any(self) -> None:
        """One call."""
        url = urlsplit(self.path)
        parts = [part for part in url.path.split("/") if part and not part.startswith("v1.")]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.calls.append(f"{self.command} {'/'.join(parts)}")
        match self.command, parts:
            case "GET", ["version"]:
                self.answer({"ApiVersion": "1.43", "Version": "24"})
            case "POST", ["containers", "create"]:
                asked = json.loads(body)
                if asked["Image"] != "good":
                    self.answer({"message": f"No such image: {asked['Image']}"}, 404)
                    return
                self.server.containers["c1"] = asked
                self.answer({"Id": "c1", "Warnings": []}, 201)
            case "PUT", ["containers", "c1", "archive"]:
                self.server.containers["c1"]["archive"] = body
                self.answer({})
            case "POST", ["containers", "c1", "start"]:
                if self.server.refuses_start:
                    self.answer({"message": "no such program"}, 400)
                else:
                    self.answer(None, 204)
            case "GET", ["containers", "c1", "logs"]:
                self.send_response(200)
                self.end_headers()
                for data in self.server.output:
                    self.wfile.write(struct.pack(">BxxxL", 1, len(data)) + data)
                    self.wfile.flush()
                self.server.ended.wait(30)
            case "POST", ["containers", "c1", "wait"]:
                self.answer({"StatusCode": self.server.exit_code})
            case "POST", ["containers", "c1", "stop"]:
                assert parse_qs(url.query)["t"] == ["7"]
                self.server.exit_code = 143
                self.server.ended.set()
                self.answer(None, 204)
            case "DELETE", ["containers", "c1"]:
                del self.server.containers["c1"]
                self.answer(None, 204)
            case "GET", ["containers", "c1", "json"]:
                labels = self.server.containers["c1"]["Labels"]
                config = {"Tty": False, "Labels": labels}
                state = {"Pid": os.getpid()}
                self.answer({"Id": "c1", "Name": "/one", "Config": config, "State": state})
            case "GET", ["containers", "beef", "json"]:
                self.answer({"Id": "beef", "Name": "/gate", "Config": {"Labels": {}}})
            case "GET", ["containers", "dead", "json"]:
                self.answer({"message": "No such container: dead"}, 404)
            case "GET", ["containers", "json"]:
                assert json.loads(parse_qs(url.query)["filters"][0]) == {"label": ["ci-gate.run"]}
                self.answer([{"Id": identifier} for identifier in self.server.containers])
            case _:
                self.answer({"message": f"unexpected call {self.command} {parts}"}, 500)

    do_GET = do_POST = do_PUT = do_DELETE = do_any  # noqa: N815 - names of http.server

    def answer(self, content: object, status: int = 200) -> None:
        """Answer in JSON."""
        text = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """A running stand-in that DOCKER_HOST names."""
    with Daemon(str(tmp_path / "docker.sock")) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
        yield server
        server.ended.set()
        server.shutdown()
        thread.join()


def start(trust: TrustFiles, image: str = "good", log: ServiceLog | None = None) -> Any:
    """Start an image with a variable of its own."""
    log = log or ServiceLog("", str.upper)
    return Container.start(
        image,
        env={"PORT": "80"},
        trust=trust,
        log=log,
        marker="run.1",
        files={"clock-1": b"12345678"},
    )


def test_life_of_a_container(daemon: Daemon, trust: TrustFiles) -> None:
    """Made on the machine's network with variables, label and files; logged, stopped, removed."""
    daemon.output = [b"hel", b"lo\n"]

    async def main() -> None:
        container = await start(trust)
        made = daemon.containers["c1"]
        assert made["HostConfig"]["NetworkMode"] == "host"
        assert sorted(made["Env"]) == ["CI_GATE_RUN=run.1", "PORT=80"]
        assert made["Labels"] == {"ci-gate.run": "run.1"}
        with tarfile.open(fileobj=io.BytesIO(made["archive"])) as archive:
            names = {f"/{name}" for name in archive.getnames()}
            assert {INSIDE_TRUST.bundle, INSIDE_TRUST.java_truststore, INSIDE_TRUST.ca} < names
            bundle = archive.extractfile(INSIDE_TRUST.bundle[1:])
            assert bundle is not None
            assert bundle.read() == Path(trust.bundle).read_bytes()
            given = archive.getmember("ci-gate/clock-1")
            assert (given.size, given.mode) == (8, 0o666)
        assert container.alive()
        assert container.exit_code is None
        assert os.getpid() in [process.pid for process in container.members()]
        async with asyncio.timeout(20):
            while container.last_lines() != ("HELLO",):
                await asyncio.sleep(0.01)
        await container.stop(timeout=7)
        assert await container.wait() == 143
        assert not container.alive()
        await container.stop(timeout=7)

    asyncio.run(main())
    assert daemon.containers == {}


def test_container_that_dies(daemon: Daemon, trust: TrustFiles) -> None:
    """Waiting for a container that ends is a failed service with its code and last lines."""
    daemon.output, daemon.exit_code = [b"no database\n"], 3
    daemon.ended.set()

    async def main() -> None:
        log = ServiceLog("", str)
        container = await start(trust, log=log)
        outcome = await wait_ready(Ready(how="log", what="never"), "localhost", 1, container, log)
        await container.stop(timeout=7)
        assert outcome == ServiceFailed(
            reason="the service's container ended with exit code 3",
            exit_code=3,
            last_lines=("no database",),
        )

    asyncio.run(main())
    assert daemon.containers == {}


def test_beside_our_own_container(
    daemon: Daemon, trust: TrustFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container the service shares our network and processes, and is found by its marker."""
    monkeypatch.setattr(module, "inside", lambda: Inside(container="beef", engine=True))

    async def main() -> None:
        container = await start(trust)
        host = daemon.containers["c1"]["HostConfig"]
        assert (host["NetworkMode"], host["PidMode"]) == ("container:beef", "container:beef")
        assert container.pid == 0
        assert container.members() == []
        env = {"CI_GATE_RUN": "run.1"}
        with subprocess.Popen(["cat"], env=env, stdin=subprocess.PIPE) as process:
            while not has_marker(process.pid, "run.1"):  # it is still being started
                await asyncio.sleep(0.01)
            assert container.pid == process.pid
            assert [one.pid for one in container.members()] == [process.pid]
            process.communicate()
        await container.stop(timeout=7)

    asyncio.run(main())
    assert daemon.containers == {}


@pytest.mark.parametrize(
    ("where", "says"),
    [
        (Inside(engine=True), "cannot tell its own id"),
        (Inside(engine=True, container="dead"), "does not know this container"),
    ],
)
def test_nothing_can_be_beside(
    daemon: Daemon,
    trust: TrustFiles,
    monkeypatch: pytest.MonkeyPatch,
    where: Inside,
    says: str,
) -> None:
    """Where no network can be shared it is said, with what to do, before anything is made."""
    monkeypatch.setattr(module, "inside", lambda: where)
    with pytest.raises(CannotRun, match=rf"service\.image: .*{says}.*service\.url"):
        asyncio.run(start(trust))
    assert "POST containers/create" not in daemon.calls


def test_no_such_image(daemon: Daemon, trust: TrustFiles) -> None:
    """A missing image is named, with what to do."""
    with pytest.raises(CannotRun, match=r"service\.image: bad cannot be started \(is it built"):
        asyncio.run(start(trust, "bad"))


def test_start_that_fails_leaves_no_container(daemon: Daemon, trust: TrustFiles) -> None:
    """A container that was made and cannot be started is removed again."""
    daemon.refuses_start = True
    with pytest.raises(CannotRun, match="no such program"):
        asyncio.run(start(trust))
    assert daemon.containers == {}
    assert "POST containers/create" in daemon.calls


def test_no_docker(trust: TrustFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a Docker API the error says how to have one."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(CannotRun, match=r"service\.image needs a Docker API \(set DOCKER_HOST"):
        asyncio.run(start(trust))
    with pytest.raises(CannotRun, match="no Docker API"):
        remove_containers("run")


def test_containers_of_a_killed_gate(daemon: Daemon, tmp_path: Path) -> None:
    """The next start removes the dead run's containers, and waits with it where Docker is away."""
    state = tmp_path / "state"
    record = Leftovers(str(state))
    marker = record.marker(container=True)
    daemon.containers["c1"] = {"Labels": {"ci-gate.run": marker}}
    (path,) = (state / leftovers.RUNS_FOLDER).iterdir()
    assert clear(str(state)).processes == ()
    content = json.loads(path.read_text())
    content["gate"]["started"] = "another boot:1"
    path.write_text(json.dumps(content))
    os.rename(tmp_path / "docker.sock", tmp_path / "away")
    assert clear(str(state)).processes == ()
    os.rename(tmp_path / "away", tmp_path / "docker.sock")
    assert clear(str(state)).processes == ("one (container)",)
    assert daemon.containers == {}
    assert not path.exists()


def test_containers_of_others_stay(daemon: Daemon) -> None:
    """Another run's container is not removed."""
    daemon.containers["c1"] = {"Labels": {"ci-gate.run": "other.1"}}
    assert remove_containers("run") == []
    assert "c1" in daemon.containers
