"""The kernel's tables of sockets, read."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from ci_gate.service.sockets import Address, address, listening, rows, sockets_of

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def test_addresses_as_the_kernel_writes_them() -> None:
    """IPv4, IPv6, and IPv4 within IPv6."""
    assert address("0100007F:1F90") == Address("127.0.0.1", 8080)
    assert str(address("00000000000000000000000001000000:0050")) == "[::1]:80"
    assert address("0000000000000000FFFF00000100007F:0050").host == "127.0.0.1"


def test_who_listens() -> None:
    """A process with a socket that listens; one with none, and one that is gone, do not."""
    assert listening([1 << 22]) == []
    with socket.socket() as plain:
        plain.bind(("127.0.0.1", 0))
        assert str(os.fstat(plain.fileno()).st_ino) in sockets_of([os.getpid()])
        before = listening([os.getpid()])
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert listening([os.getpid(), 1 << 22]) == [os.getpid()]
        assert f"{port:04X}" in {row.local_port for row in rows(os.getpid(), "tcp")}
    assert before in ([], [os.getpid()])
