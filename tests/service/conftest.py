"""A small proxy that answers by itself, for trying the hooks with real clients."""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ci_gate.net.certificates import Authority
from ci_gate.net.trust import TrustFiles
from ci_gate.service.environment import scrub
from ci_gate.service.hooks import child_environment


class AnsweringProxy:
    """Answers absolute-form requests and what comes through CONNECT, TLS or not, with a JSON
    description of how the request arrived; refuses CONNECT to hosts below .refused."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.seen: list[dict[str, Any]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End all connections."""
        # Shutting down, other than closing, also wakes the thread that waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        self._open.add(connection)
        try:
            self._converse(connection)
        except OSError:
            pass
        finally:
            self._open.discard(connection)
            connection.close()

    def _converse(self, connection: socket.socket) -> None:
        tunnel = ""
        tls = False
        while head := _read_head(connection):
            method, target, headers = head
            if method == "CONNECT":
                if target.partition(":")[0].endswith(".refused"):
                    connection.sendall(b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n")
                    continue
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                tunnel = target
                if connection.recv(1, socket.MSG_PEEK) == b"\x16":
                    host = target.rpartition(":")[0]
                    context = self.authority.server_context(host)
                    self._open.discard(connection)
                    connection = context.wrap_socket(connection, server_side=True)
                    self._open.add(connection)
                    tls = True
                continue
            body = _read_body(connection, headers)
            fact = {
                "method": method,
                "target": target,
                "host": headers.get("host", ""),
                "tunnel": tunnel,
                "tls": tls,
                "body": body.decode(),
            }
            self.seen.append(fact)
            answer = json.dumps(fact).encode()
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                + f"Content-Length: {len(answer)}\r\n\r\n".encode()
                + answer
            )


def _read_line(connection: socket.socket) -> str:
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            break
        line += byte
    return line.decode("latin1").strip()


def _read_head(connection: socket.socket) -> tuple[str, str, dict[str, str]] | None:
    first = _read_line(connection).split(" ")
    if len(first) != 3:
        return None
    headers: dict[str, str] = {}
    while line := _read_line(connection):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return first[0], first[1], headers


def _read_body(connection: socket.socket, headers: dict[str, str]) -> bytes:
    body = bytearray()
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while size := int(_read_line(connection), 16):
            body += _read_exactly(connection, size)
            _read_line(connection)
        _read_line(connection)
    else:
        body += _read_exactly(connection, int(headers.get("content-length", "0")))
    return bytes(body)


def _read_exactly(connection: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ssl.SSLEOFError("closed in the middle of a body")
        data += more
    return bytes(data)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One authority for all tests of the service."""
    return Authority.open(str(tmp_path_factory.mktemp("state")))


@pytest.fixture(scope="session")
def trust(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> TrustFiles:
    """The trust files, in a folder whose name has a space in it."""
    folder: Path = tmp_path_factory.mktemp("trust files")
    spaced = folder / "with space"
    spaced.mkdir()
    return authority.write_trust(str(spaced), os.environ)


@pytest.fixture
def proxy(authority: Authority) -> Iterator[AnsweringProxy]:
    """A proxy that answers by itself."""
    running = AnsweringProxy(authority)
    yield running
    running.close()


@pytest.fixture
def hooked(proxy: AnsweringProxy, trust: TrustFiles) -> Callable[..., dict[str, str]]:
    """Makes the environment a service would get."""

    def make(direct: tuple[str, ...] = ()) -> dict[str, str]:
        return child_environment(proxy.url, trust, scrub(os.environ), direct=direct)

    return make
