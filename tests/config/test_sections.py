"""Values beyond their type (what each fault reads like: tests/golden/config/faults.txt)."""

from __future__ import annotations

import pytest

from ci_gate.config.file import load
from ci_gate.config.sections import listening


@pytest.mark.parametrize(
    "text",
    [
        "service: {port: auto}",
        "service: {ready: {log: 'listening on \\d+'}}",
        "service: {command: './start.sh --x'}",
        "service: {url: 'http://localhost:8080'}",
        "dependencies: {api.shop_1-x: {listen: 0.0.0.0:1}}",
        "dependencies: {a: {protocol: redis, upstream: 'localhost:6379'}}",
        'replay: {concurrency: 64, set: {headers: {X-Tab: "a\\tb"}}}',
        "routes: ['GET /orders/{id}', 'OPTIONS *']",
        "gate:\nrules:\ndependencies:\nreport:",
    ],
)
def test_what_is_meant_is_accepted(text: str) -> None:
    """No good configuration is refused."""
    load(f"version: 1\n{text}")


def test_listening() -> None:
    """A port listens on loopback only, unless a host says otherwise."""
    assert listening("15432") == ("127.0.0.1", 15432)
    assert listening("0.0.0.0:1") == ("0.0.0.0", 1)
