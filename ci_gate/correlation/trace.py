"""Trace headers: values that tie an outbound call to the inbound request that caused it.

We read what clients and libraries already send (W3C Trace Context, B3, Jaeger, X-Ray, request
ids) and never add a header of our own.
"""

from __future__ import annotations

from ci_gate.model.message import Headers

_WHOLE = frozenset(
    {
        b"x-request-id",
        b"x-correlation-id",
        b"request-id",
        b"x-b3-traceid",
        b"x-cloud-trace-context",
        b"x-amzn-trace-id",
        b"x-trace-id",
        b"x-datadog-trace-id",
    }
)
_SHORTEST = 8
"""A shorter value is not unique enough to mean anything."""


def trace_ids(headers: Headers) -> frozenset[bytes]:
    """The trace ids that a request's headers carry; empty for most traffic."""
    found: set[bytes] = set()
    for name, value in headers:
        lower = name.lower()
        if lower == b"traceparent":
            fields = value.split(b"-")
            if len(fields) >= 4:
                found.add(fields[1])
        elif lower == b"uber-trace-id":
            found.add(value.split(b":")[0])
        elif lower in _WHOLE:
            found.add(value.split(b"/")[0])
    return frozenset(value for value in found if len(value) >= _SHORTEST)
