"""Ports and their holders."""

from __future__ import annotations

import os
import socket

import psutil
import pytest

from ci_gate.service.ports import free_port, holder_of


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_holder(family: socket.AddressFamily, host: str) -> None:
    """A port in use is named with program and id, whichever address family it is held on."""
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert holder_of(port) == f"{psutil.Process().name()} (pid {os.getpid()})"
    assert holder_of(port) == ""


def test_connection_is_no_holder() -> None:
    """The local end of a connection does not hold its port."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        assert holder_of(client.getsockname()[1]) == ""


def test_holder_that_cannot_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system tells us nothing, a port that answers is still known to be taken."""

    def refuse(kind: str) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", refuse)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert holder_of(port) == "a process that cannot be seen"
    assert holder_of(port) == ""


def test_free_port() -> None:
    """A free port can be bound at once."""
    with socket.create_server(("127.0.0.1", free_port())):
        pass
