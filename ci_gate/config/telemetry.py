"""Well-known telemetry: answered, not recorded, not compared, unless the configuration says more."""

from __future__ import annotations

PORTS = {
    4317: "OTLP over gRPC",
    4318: "OTLP over HTTP",
    8125: "StatsD",
    8126: "Datadog trace agent",
}
"""Ports that nothing else is commonly found on; any host."""

HOSTS = frozenset(
    {
        "169.254.169.254",  # instance metadata: AWS, Azure, Google Cloud, DigitalOcean, Oracle
        "169.254.170.2",  # AWS container credentials
        "fd00:ec2::254",  # AWS instance metadata over IPv6
        "metadata.google.internal",
        "100.100.100.200",  # Alibaba Cloud instance metadata
    }
)

SUFFIXES = (
    ".ingest.sentry.io",
    ".ingest.us.sentry.io",
    ".ingest.de.sentry.io",
    ".datadoghq.com",
    ".datadoghq.eu",
    ".ddog-gov.com",
)
"""Host names that end so, with at least one label before."""


def is_telemetry(host: str, port: int) -> bool:
    """True for a host or port that only telemetry and cloud metadata use."""
    name = host.strip("[]").rstrip(".").lower()
    return port in PORTS or name in HOSTS or name.endswith(SUFFIXES)
