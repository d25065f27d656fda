"""Real connections of a real service, seen or rightly not reported."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ci_gate.service import watch
from ci_gate.service.log import ServiceLog
from ci_gate.service.process import Process
from ci_gate.service.sockets import Address, Row, address
from ci_gate.service.watch import Escape, Escapes, Watch

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


class Peer:
    """Something to connect to; closes what connects only at its own end."""

    def __init__(self, host: str) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, 0), family=family)
        self.port = self.listener.getsockname()[1]
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                self.connections.append(self.listener.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        """End all."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            connection.close()


@pytest.fixture
def peers() -> Iterator[Callable[[str], Peer]]:
    """Makes peers."""
    made: list[Peer] = []

    def make(host: str = "127.0.0.1") -> Peer:
        made.append(Peer(host))
        return made[-1]

    yield make
    for peer in made:
        peer.close()


def watched(program: str, arguments: list[object], allowed: list[tuple[str, int]]) -> Escapes:
    """Run a program that prints DONE when it has done all, under a watch; what the watch saw."""

    async def main() -> Escapes:
        log = ServiceLog("", str, expect="DONE")
        process = await Process.start(
            [sys.executable, "-c", program, *map(str, arguments)],
            env=dict(os.environ),
            folder=".",
            log=log,
            marker=f"watch-{os.getpid()}-{time.monotonic_ns()}.1",
        )
        watch = Watch(process.pid, lambda: [member.pid for member in process.members()], allowed)
        try:
            await asyncio.wait_for(log.matched.wait(), 30)
        finally:
            # close looks once more: what is open now is seen without waiting for the clock.
            seen = await asyncio.to_thread(watch.close)
            await process.stop()
        return seen

    return asyncio.run(main())


CONNECT = """
import os, socket, sys, time
kept = []
for where in sys.argv[1:]:
    host, _, port = where.rpartition(":")
    kept.append(socket.create_connection((host, int(port))))
print("DONE", flush=True)
time.sleep(1000)
"""


@linux_only
def test_escapes_are_counted_by_address(peers: Callable[[str], Peer]) -> None:
    """Connections past the listeners are named and counted, those to the listeners are not."""
    ours, theirs, six = peers("127.0.0.1"), peers("127.0.0.1"), peers("::1")
    seen = watched(
        CONNECT,
        [
            f"127.0.0.1:{ours.port}",
            f"127.0.0.1:{theirs.port}",
            f"127.0.0.1:{theirs.port}",
            f"::1:{six.port}",
        ],
        [("localhost", ours.port)],
    )
    assert seen == Escapes(
        watched=True,
        addresses=(
            Escape(address=f"127.0.0.1:{theirs.port}", connections=2),
            Escape(address=f"[::1]:{six.port}", connections=1),
        ),
    )


@linux_only
def test_escape_of_a_distant_child(peers: Callable[[str], Peer]) -> None:
    """A connection of a grandchild with a session of its own, started late, is the service's."""
    peer = peers("127.0.0.1")
    program = (
        "import os\nif os.fork() == 0:\n  os.setsid()\n  if os.fork():\n    os._exit(0)\n"
        + "  "
        + CONNECT.strip().replace("\n", "\n  ")
        + "\nimport time; time.sleep(1000)"
    )
    seen = watched(program, [f"127.0.0.1:{peer.port}"], [])
    assert seen.addresses == (Escape(address=f"127.0.0.1:{peer.port}", connections=1),)


@linux_only
def test_own_traffic_of_the_service() -> None:
    """Requests that come in, and calls of the service to itself, are no escapes."""
    program = """
import socket, sys, time
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
peer, _ = server.accept()
print("DONE", flush=True)
time.sleep(1000)
"""
    assert watched(program, [], []) == Escapes(watched=True)


@linux_only
def test_other_processes_are_not_the_service(peers: Callable[[str], Peer]) -> None:
    """A connection of ours, or of anybody else, is not reported."""
    peer = peers("127.0.0.1")
    with socket.create_connection(("127.0.0.1", peer.port)):
        assert watched('import time; print("DONE", flush=True); time.sleep(1000)', [], []) == (
            Escapes(watched=True)
        )


@linux_only
def test_name_servers_are_noted() -> None:
    """Who asks a name server is noted, not reported as an escape; other UDP is ignored."""
    program = """
import socket, time
dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
dns.connect(("127.0.0.9", 53))
other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
other.connect(("127.0.0.9", 8125))
print("DONE", flush=True)
time.sleep(1000)
"""
    assert watched(program, [], []) == Escapes(watched=True, name_servers=("127.0.0.9:53",))


@linux_only
def test_short_connections_are_found_by_and_by(peers: Callable[[str], Peer]) -> None:
    """A service that makes many short calls is seen doing it."""
    peer = peers("127.0.0.1")
    program = """
import socket, sys, time
for _ in range(100):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))): time.sleep(0.04)
print("DONE", flush=True)
time.sleep(1000)
"""
    (escape,) = watched(program, [peer.port], []).addresses
    assert escape.address == f"127.0.0.1:{peer.port}"


@linux_only
def test_the_tables_are_read_for_new_sockets_only(
    peers: Callable[[str], Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is slow happens when a socket appears, not at every look, also with Unix sockets."""
    peer = peers("127.0.0.1")
    looking = Watch(os.getpid(), lambda: [os.getpid()], [])
    looking.close()
    pair = socket.socketpair()
    for _ in range(watch.TRIES):
        looking.look()
    read: list[str] = []
    actual = watch.rows

    def counted(pid: int, protocol: str) -> Iterator[Row]:
        read.append(protocol)
        return actual(pid, protocol)

    monkeypatch.setattr(watch, "rows", counted)
    for _ in range(20):
        looking.look()
    assert read == []
    with socket.create_connection(("127.0.0.1", peer.port)):
        looking.look()
        looking.look()
    assert set(read) == {"tcp", "udp"}
    for end in pair:
        end.close()


def test_addresses_of_the_kernel() -> None:
    """Addresses of both families, and IPv4 inside IPv6, are read right."""
    if sys.byteorder != "little":
        pytest.skip("the texts below are those of a little-endian machine")
    assert address("0100007F:1F90") == Address("127.0.0.1", 8080)
    assert str(address("00000000000000000000000001000000:0050")) == "[::1]:80"
    assert str(address("0000000000000000FFFF00000100007F:0035")) == "127.0.0.1:53"


@linux_only
def test_a_broken_watch_says_so() -> None:
    """A watch that could not look does not report that there was nothing to see."""

    def broken() -> list[int]:
        raise RuntimeError("no list of processes")

    seen = Watch(os.getpid(), broken, []).close()
    assert not seen.watched
    assert "no list of processes" in seen.note


def test_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a system that shows no connections the result says that nobody looked."""
    monkeypatch.setattr(watch, "LINUX", False)
    seen = Watch(1, list, []).close()
    assert not seen.watched
    assert "only be seen on Linux" in seen.note
