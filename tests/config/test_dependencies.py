"""Dependencies of file and `--map`, merged."""

from __future__ import annotations

import pytest

from ci_gate.config.dependencies import resolve_dependencies
from ci_gate.config.file import load
from ci_gate.errors import UsageError
from ci_gate.recorder.options import Upstream

TEXT = """\
version: 1
dependencies:
  payments:
    upstream: "https://api.payments.example/"
    raw: keep
    latency: recorded
    background: ["GET /health"]
    reads: ["POST /search"]
    writes: ["GET /logout"]
    dates: ["response.body.$.until"]
  cache:
    protocol: raw
    upstream: "localhost:6379"
    listen: "0.0.0.0:16379"
    tls: {client: true, server: true}
  plain: {protocol: raw, upstream: "localhost:1", listen: 2}
  otel: {role: telemetry}
"""


def test_every_key_of_a_dependency_arrives() -> None:
    """What the file says is what the stages get."""
    assert resolve_dependencies((), load(TEXT).settings) == (
        Upstream(
            name="payments",
            address="https://api.payments.example",
            raw="keep",
            latency="recorded",
            background=("GET /health",),
            reads=("POST /search",),
            writes=("GET /logout",),
            dates=("response.body.$.until",),
        ),
        Upstream(
            name="cache",
            protocol="raw",
            address="localhost:6379",
            listen=16379,
            listen_host="0.0.0.0",
            client_tls=True,
            server_tls=True,
        ),
        Upstream(name="plain", protocol="raw", address="localhost:1", listen=2, server_tls=False),
        Upstream(name="otel", role="telemetry"),
    )


def test_a_map_wins_and_keeps_the_rest() -> None:
    """`--map` gives address and listener; what else the file says of that name stays."""
    maps = ("payments@8081=http://localhost:9000", "8082=http://other.example")
    found = {one.name: one for one in resolve_dependencies(maps, load(TEXT).settings)}
    assert found["payments"].address == "http://localhost:9000"
    assert found["payments"].listen == 8081
    assert found["payments"].raw == "keep"
    assert found["payments"].dates == ("response.body.$.until",)
    assert found["other.example"].listen == 8082


@pytest.mark.parametrize(
    ("maps", "complaint"),
    [
        (("a@1=http://a", "a@2=http://b"), "a is mapped twice"),
        (("a@2=http://a",), "plain and a both listen on port 2"),
    ],
)
def test_conflicts_are_named(maps: tuple[str, ...], complaint: str) -> None:
    """One name, one listener; one port, one dependency."""
    with pytest.raises(UsageError, match=complaint):
        resolve_dependencies(maps, load(TEXT).settings)
