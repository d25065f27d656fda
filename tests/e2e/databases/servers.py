"""PostgreSQL and Redis of the operating system, on free ports of loopback, while tests need them."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from struct import pack
from typing import Any

import pytest

from ci_gate.service.ports import free_port


def program(name: str) -> str:
    """Where a server's program is; the test is skipped where it is not."""
    places = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*places, os.environ.get("PATH", "")]))
    if found is None:
        pytest.skip(f"{name} is not installed: `make test` as root installs it")
    return found


def answers(port: int) -> bool:
    """Whether somebody listens."""
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


class Server:
    """A server that can be stopped and started again with what it holds."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """What is run."""
        raise NotImplementedError

    def start(self) -> None:
        """Run it until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self.command(), stdout=log, stderr=log, **self.user())
        end = time.monotonic() + 30
        while not self.ready():
            assert self._process.poll() is None, self._log.read_text(errors="replace")
            assert time.monotonic() < end, "it never answered"
            time.sleep(0.02)

    def ready(self) -> bool:
        """Whether it serves clients."""
        return answers(self.port)

    def stop(self) -> None:
        """End it; nobody listens any more."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def user(self) -> dict[str, Any]:
        """As whom it runs."""
        return {}


class Postgres(Server):
    """A PostgreSQL with a cluster of its own, which does not run as root."""

    def __init__(self) -> None:
        # Not below pytest's folder, into which only we may look.
        self._folder = Path(tempfile.mkdtemp(prefix="ci-gate-postgres-"))
        super().__init__(free_port(), self._folder / "server.log")
        self._data = self._folder / "data"
        initdb = program("initdb")
        self._program = program("postgres")
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        flags = ["-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run(
            [initdb, "-D", str(self._data), *flags],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self._folder,
            **self.user(),
        )

    def remove(self) -> None:
        """Take its files away."""
        shutil.rmtree(self._folder)

    def command(self) -> list[str]:
        """Listening on loopback only, and in no hurry to be durable."""
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self._program, "-D", str(self._data), "-p", str(self.port), *flags]

    def ready(self) -> bool:
        """It listens before it lets anybody in."""
        hello = b"\0\3\0\0user\0postgres\0\0"
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
                connection.sendall(pack("!I", len(hello) + 4) + hello)
                return connection.recv(1) == b"R"
        except OSError:
            return False

    def user(self) -> dict[str, Any]:
        """It refuses to run as root."""
        if os.geteuid() != 0:
            return {}
        owner = pwd.getpwnam("postgres")
        return {"user": owner.pw_uid, "group": owner.pw_gid}


class Redis(Server):
    """A Redis that keeps nothing."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(free_port(), folder / "server.log")
        self._folder = folder
        self._program = program("redis-server")

    def command(self) -> list[str]:
        """Without a file of any kind."""
        flags = ["--save", "", "--appendonly", "no", "--dir", str(self._folder)]
        return [self._program, "--bind", "127.0.0.1", "--port", str(self.port), *flags]
