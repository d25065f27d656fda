"""Settings of later versions are refused, never ignored; their empty forms are harmless."""

from __future__ import annotations

import pytest

from ci_gate.config.file import check_honoured, load


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


def test_the_designs_block_is_honoured(everything: str) -> None:
    """The documented example asks for nothing that is not there."""
    check_honoured(load(everything))
