"""How a recording is made."""

from __future__ import annotations

import msgspec


class Upstream(msgspec.Struct, frozen=True, kw_only=True):
    """One dependency as configured or mapped."""

    name: str
    protocol: str = "http"
    address: str = ""
    """"https://api.payments.example" or "localhost:5432"; "" = learned from the traffic."""
    listen: int = 0
    """Fixed local port of its listener; 0 = a free one."""
    listen_host: str = "127.0.0.1"
    role: str = ""
    """"telemetry": answered with an empty success, never recorded."""
    raw: str = ""
    """"keep": undecodable bytes are kept."""
    mode: str = ""
    """"stateful": its mock keeps state of its own; reads are not compared."""
    client_tls: bool | None = None
    """Its listener speaks TLS to a service that wants it; None: as recorded."""
    server_tls: bool = False
    """For non-HTTP upstreams: we speak TLS to the server."""
    ca: str = ""
    """File of the certificates that the server is trusted by; "" = the system's."""
    background: tuple[str, ...] = ()
    """Routes of calls that belong to no request."""
    reads: tuple[str, ...] = ()
    """Routes of calls that only read, whatever their method."""
    writes: tuple[str, ...] = ()
    """Routes of calls that write, whatever their method."""
    dates: tuple[str, ...] = ()
    """Places of answers whose dates a mock moves with the service's clock."""
    latency: str = ""


class RecorderOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Ports of 0 mean a free one; `app_port` 0 means nothing inbound is recorded."""

    app_port: int = 0
    in_port: int = 4143
    out_port: int = 4140
    maximum: int = 300
    """Inbound exchanges kept (`--max`)."""
    settle: float = 0.5
    raw: str = ""
    routes: tuple[str, ...] = ()
    """Route patterns of the config: "GET /orders/{id}"; they win over folding by text."""
    disk_limit: int = 2_000_000_000
    """Bytes a recording may take on disk before it is refused."""
