"""Who holds a port, and which one is free."""

from __future__ import annotations

import socket

import psutil


def holder_of(port: int) -> str:
    """Who listens on TCP `port` of this machine: "python (pid 123)"; "" when nobody does.

    "a process that cannot be seen" when the system does not tell (another user's, or a container's).
    """
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return "a process that cannot be seen" if _answers(port) else ""
    for connection in connections:
        # For sockets that listen, the local address is always a pair.
        local = connection.laddr[1] if connection.laddr else 0
        if connection.status == psutil.CONN_LISTEN and local == port:
            return _name(connection.pid)
    return ""


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on now; the system does not give it out again at once."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _name(pid: int | None) -> str:
    if pid is not None:
        try:
            return f"{psutil.Process(pid).name()} (pid {pid})"
        except psutil.Error:
            pass
    return "a process that cannot be seen"


def _answers(port: int) -> bool:
    for host in ("127.0.0.1", "::1"):
        try:
            with socket.create_connection((host, port), timeout=1):
                return True
        except OSError:
            continue
    return False
