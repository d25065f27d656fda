"""Sees which connections of the service go past our proxies.

Twenty times a second the sockets of its processes are looked at (Linux; elsewhere `Escapes` says
that nobody looked); the kernel's tables, which are slow to read, only when there is a new one. A
connection that lives shorter can be missed: this finds what is not captured, it does not prevent
it. Counted are TCP connections that the service opened, to anything but our listeners and its own
ports; UDP and Unix sockets are not, but name servers are noted.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from ci_gate.service.sockets import DNS_PORT, LISTEN, Address, address, rows, sockets_of
from ci_gate.service.tree import LINUX

INTERVAL = 0.05
MEMBERS_INTERVAL = 0.25
BUSY_SHARE = 0.02
"""Of one core, at most: after a look that took long we look later."""

TRIES = 4
"""Looks after which a socket that is in no table counts as something else (a Unix socket); until
then it may be one that is about to connect."""

_DNS_SUFFIX = f":{DNS_PORT:04X}"
_MAXIMUM_ADDRESSES = 1000


class Escape(msgspec.Struct, frozen=True, kw_only=True):
    """An address that the service reached without us."""

    address: str
    """"93.184.216.34:443", "[::1]:5432"."""
    connections: int
    """How many different ones were seen."""


class Escapes(msgspec.Struct, frozen=True, kw_only=True):
    """What a watch saw."""

    watched: bool
    """False: this system does not show us connections; `note` says so."""
    addresses: tuple[Escape, ...] = ()
    """Most connections first."""
    name_servers: tuple[str, ...] = ()
    """Addresses asked on port 53."""
    note: str = ""


class Watch:
    """Looks, in a thread of its own, until it is closed.

    `pid` is the service's first process, `members` gives the ids of all its processes now (called
    in the thread), `allowed` are the (host, port) of our listeners.
    """

    def __init__(
        self, pid: int, members: Callable[[], Iterable[int]], allowed: Iterable[tuple[str, int]]
    ) -> None:
        self._pid = pid
        self._members = members
        self._allowed = {(_plain(host), port) for host, port in allowed}
        self._known: set[str] = set()
        self._served: set[str] = set()
        self._tries: dict[str, int] = {}
        self._counts: Counter[Address] = Counter()
        self._name_servers: set[Address] = set()
        self._pids: list[int] = []
        self._pids_at = -MEMBERS_INTERVAL
        self._broken = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ci-gate-watch", daemon=True)
        if LINUX:
            self._thread.start()

    def allow(self, host: str, port: int) -> None:
        """A listener that was opened later."""
        self._allowed.add((_plain(host), port))

    def close(self) -> Escapes:
        """Stop looking (after one last look) and say what was seen."""
        if not LINUX:
            return Escapes(
                watched=False,
                note="connections past the proxies can only be seen on Linux; nobody looked",
            )
        self._ended.set()
        self._thread.join()
        if self._broken:
            return Escapes(watched=False, note=self._broken)
        return Escapes(
            watched=True,
            addresses=tuple(
                Escape(address=str(where), connections=count)
                for where, count in sorted(self._counts.items(), key=lambda item: (-item[1], item))
            ),
            name_servers=tuple(map(str, sorted(self._name_servers))),
        )

    def _run(self) -> None:
        try:
            wait = 0.0
            while not self._ended.wait(wait):
                begun = time.thread_time()
                self.look()
                wait = max(INTERVAL, (time.thread_time() - begun) / BUSY_SHARE)
            self._pids_at = -MEMBERS_INTERVAL
            # More than once: the kernel may skip a row of a table that changes while it is read.
            for _ in range(TRIES):
                self.look()
        except Exception as error:  # a thread that dies must not look like one that saw nothing
            self._broken = f"the connections of the service could not be watched: {error!r}"

    def look(self) -> None:
        """Look once."""
        ours = sockets_of(self._processes())
        self._known &= ours
        new = ours - self._known
        if not new:
            return
        table = list(rows(self._pid, "tcp"))
        self._served |= {
            row.local_port for row in table if row.state == LISTEN and row.inode in ours
        }
        for row in table:
            if row.inode in new:
                self._known.add(row.inode)
                # A connection at a port that the service has listened on was opened by the peer.
                if row.local_port not in self._served:
                    self._count(address(row.remote))
        for row in rows(self._pid, "udp"):
            if row.inode in new and row.remote.endswith(_DNS_SUFFIX):
                self._known.add(row.inode)
                self._name_servers.add(address(row.remote))
        self._give_up(new - self._known)

    def _give_up(self, unknown: set[str]) -> None:
        self._tries = {inode: self._tries.get(inode, 0) + 1 for inode in unknown}
        self._known |= {inode for inode, tries in self._tries.items() if tries >= TRIES}

    def _count(self, where: Address) -> None:
        if where in self._allowed:
            return
        if f"{where.port:04X}" in self._served and ipaddress.ip_address(where.host).is_loopback:
            return  # the service calls itself
        if where.port == DNS_PORT:
            self._name_servers.add(where)
        elif where in self._counts or len(self._counts) < _MAXIMUM_ADDRESSES:
            self._counts[where] += 1

    def _processes(self) -> list[int]:
        now = time.monotonic()
        if now - self._pids_at >= MEMBERS_INTERVAL:
            self._pids_at = now
            self._pids = list(self._members())
            if self._pids and self._pid not in self._pids:
                # The first process is gone (the service is a daemon): see the network by another.
                self._pid = self._pids[0]
        return self._pids


def _plain(host: str) -> str:
    return "127.0.0.1" if host == "localhost" else host.strip("[]")
