"""A snapshot as the stages see it: exchanges and what is known of the dependencies."""

from __future__ import annotations

import msgspec

from ci_gate.model.binding import Bindings
from ci_gate.model.exchange import Exchange

FORMAT = 1


class Dependency(msgspec.Struct, frozen=True, kw_only=True):
    """Something the service calls."""

    name: str
    protocol: str = "http"
    address: str = ""
    """URL without path of the real one as recorded: "https://api.payments.example"."""
    role: str = ""
    """"telemetry": answered, not recorded, not compared."""
    session: dict[str, str] = {}
    """Handshake facts the codec wants back when it plays the server."""
    effects: dict[str, str] = {}
    """Route of a call -> "read" or "write", where the configuration knows better than the codec;
    never kept on disk."""
    mode: str = ""
    """"stateful", as the configuration says; never kept on disk."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a snapshot came from."""

    service: str
    service_port: int = 0
    """The port the service listened on when recorded; 0 = nothing inbound was recorded."""
    host: str = ""
    """Host and port that clients called: what is `{service}` in messages; "" = not known."""
    recorded_at: str = ""
    """UTC, ISO 8601, of the recording's start."""
    commit: str = ""
    source: str = "record"
    """"record" or "import:<format>"."""
    owner: str = ""
    values: dict[str, str] = {}
    """Name of a value of `replay.set.values` -> its stand-in in these exchanges."""
    pace: str = "fast"
    """What `pace: auto` means for this snapshot: "fast" or "recorded"."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """All of a snapshot. Exchanges are in recorded order (by `at`)."""

    origin: Origin
    dependencies: tuple[Dependency, ...] = ()
    inbound: tuple[Exchange, ...] = ()
    outbound: tuple[Exchange, ...] = ()
    folder: str = ""
    """Where `Stored` bodies lie, for the readers that need them; "" = nowhere."""
    bindings: Bindings = Bindings()
    """Values that travel between its exchanges."""
