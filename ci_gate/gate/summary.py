"""What `record` and `mock` return: data for the summary tables."""

from __future__ import annotations

import msgspec


class Uncaptured(msgspec.Struct, frozen=True, kw_only=True):
    """Connections of the service's process tree that went past the proxies."""

    address: str
    """"203.0.113.9:443"."""
    count: int
    fix: str
    """What the user can do: "set payments' URL to ${payments.url}" …"""


class RecordSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a recording."""

    out: str
    inbound: int
    outbound: int
    routes: tuple[tuple[str, int], ...] = ()
    """(route, exchanges kept)."""
    dependencies: tuple[tuple[str, str, int], ...] = ()
    """(name, address, exchanges kept)."""
    dropped: tuple[tuple[str, int], ...] = ()
    """(route, exchanges not kept because of --max)."""
    undecoded: tuple[str, ...] = ()
    uncaptured: tuple[Uncaptured, ...] = ()
    redacted: tuple[tuple[str, int], ...] = ()
    """(kind, values)."""
    warnings: tuple[str, ...] = ()
    exit_code: int = 0
    """That of CMD, passed on."""


class Miss(msgspec.Struct, frozen=True, kw_only=True):
    """A call that nothing was recorded for."""

    dependency: str
    label: str
    nearest: str = ""
    count: int = 1


class MockSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The end of `mock`."""

    matched: int
    unmatched: int
    unused: int
    misses: tuple[Miss, ...] = ()
    new_hosts: tuple[str, ...] = ()
    exit_code: int = 0


class LearnSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The end of `learn`."""

    snapshot: str
    replays: int
    noise: tuple[tuple[str, str], ...] = ()
    """(route, "place: kind") of every place that varies."""
    rebased: tuple[tuple[str, str], ...] = ()
    """(route, "place: recorded → expected")."""
    bindings: int = 0
    pace: str = ""
    """Why the snapshot is replayed at the recorded pace from now on; "" = it need not be."""
    unfaithful: tuple[str, ...] = ()
    """Why nothing was written."""
    last_lines: tuple[str, ...] = ()
    note: str = ""
    """Why the service's clock could not be moved: what follows it may not have shown."""
    exit_code: int = 0
