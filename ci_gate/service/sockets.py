"""Reads the kernel's tables of TCP and UDP sockets (Linux, proc(5))."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

LISTEN = 10
_TIME_WAIT = 6
DNS_PORT = 53


class Address(NamedTuple):
    """One end of a connection."""

    host: str
    """As IPv4 where it is an IPv4 address mapped into IPv6."""
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Row(NamedTuple):
    """One socket of the table, addresses still as the kernel writes them (hex)."""

    local_port: str
    remote: str
    state: int
    inode: str


def rows(pid: int, protocol: str) -> Iterator[Row]:
    """The sockets in the network that process `pid` sees; `protocol` is "tcp" or "udp".

    Those without an owner any more are left out. Empty when the process has ended.
    """
    for name in (protocol, f"{protocol}6"):
        try:
            with open(f"/proc/{pid}/net/{name}", encoding="ascii") as file:
                lines = file.read().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            # sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …
            fields = line.split(None, 10)
            state = int(fields[3], 16)
            if state != _TIME_WAIT and fields[9] != "0":
                yield Row(fields[1].rpartition(":")[2], fields[2], state, fields[9])


def address(text: str) -> Address:
    """An address of the table: "0100007F:1F90" is 127.0.0.1:8080."""
    host, _, port = text.partition(":")
    # Words of 32 bits, each in the byte order of the machine.
    words = [int(host[start : start + 8], 16) for start in range(0, len(host), 8)]
    data = struct.pack(f"={len(words)}I", *words)
    if data.startswith(bytes(10) + b"\xff\xff"):
        data = data[12:]
    family = socket.AF_INET if len(data) == 4 else socket.AF_INET6
    return Address(socket.inet_ntop(family, data), int(port, 16))


def listening(pids: Iterable[int]) -> list[int]:
    """Those of these processes that listen for TCP connections."""
    found = []
    for pid in pids:
        listens = {row.inode for row in rows(pid, "tcp") if row.state == LISTEN}
        if listens & sockets_of([pid]):
            found.append(pid)
    return found


def sockets_of(pids: Iterable[int]) -> set[str]:
    """Inodes of all sockets that these processes have open; those we may not look into have none."""
    found: set[str] = set()
    for pid in pids:
        folder = f"/proc/{pid}/fd"
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            try:
                target = os.readlink(f"{folder}/{name}")
            except OSError:
                continue
            if target.startswith("socket:["):
                found.add(target[8:-1])
    return found
