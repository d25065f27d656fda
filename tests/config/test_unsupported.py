"""Settings of later versions are refused, never ignored; their empty forms are harmless."""

from __future__ import annotations

import pytest

from ci_gate.config.file import check_honoured, load
from ci_gate.errors import UsageError


@pytest.mark.parametrize(
    "text",
    [
        "gate: {protect: []}",
        "service: {clock: real}",
        "known: []\nquarantine: []\nredaction:",
        "dependencies: {otel: {protocol: grpc, role: telemetry, upstream: 'localhost:4317'}}",
    ],
)
def test_what_asks_for_nothing_is_accepted(text: str) -> None:
    """An empty list asks for nothing; telemetry is answered whatever it speaks."""
    check_honoured(load(f"version: 1\n{text}"))


def test_the_designs_block_names_what_is_missing(everything: str) -> None:
    """Of the documented example only PostgreSQL is not there yet."""
    with pytest.raises(UsageError) as caught:
        check_honoured(load(everything))
    assert str(caught.value) == (
        "ci-gate.yml:12: dependencies.orders-db.protocol: postgres is not supported yet; "
        "supported: http, raw"
    )
