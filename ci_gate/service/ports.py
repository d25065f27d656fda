"""Who holds a port, and which one is free."""

from __future__ import annotations

import secrets
import socket

import psutil

_LOWEST, _HIGHEST = 20000, 32000
"""Below what systems choose from: 32768 on Linux, 49152 elsewhere."""
_TRIES = 50


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
    """A port that nobody listens on now, and that the system gives to nobody by itself: between
    this look and the service's own bind, any program may be given a port of the system's choice."""
    for _ in range(_TRIES):
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    with socket.socket() as probe:
        probe.bind((host, 0))
        chosen: int = probe.getsockname()[1]
        return chosen


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
