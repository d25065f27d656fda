"""What is known to be telemetry by host and port."""

from __future__ import annotations

import pytest

from ci_gate.config.telemetry import is_telemetry


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("collector", 4317),
        ("10.0.0.1", 4318),
        ("o1.ingest.sentry.io", 443),
        ("O1.INGEST.US.SENTRY.IO.", 443),
        ("trace.agent.datadoghq.com", 443),
        ("localhost", 8125),
        ("169.254.169.254", 80),
        ("metadata.google.internal", 80),
        ("[fd00:ec2::254]", 80),
    ],
)
def test_telemetry(host: str, port: int) -> None:
    """Well-known collectors, agents and metadata services."""
    assert is_telemetry(host, port)


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("api.payments.example", 443),
        ("ingest.sentry.io.evil.example", 443),
        ("eviligest.sentry.io", 443),
        ("sentry.io", 443),
        ("metadata", 80),
        ("localhost", 8080),
    ],
)
def test_not_telemetry(host: str, port: int) -> None:
    """Names that only look alike are dependencies like any other."""
    assert not is_telemetry(host, port)
