"""What is said of connections that went past our listeners."""

from __future__ import annotations

import pytest

from ci_gate.gate.serving.escaping import Known, broken, differences, uncaptured
from ci_gate.model.snapshot import Dependency
from ci_gate.recorder.options import Upstream
from ci_gate.service.watch import Escape

KNOWN = Known(
    [Dependency(name="cache", protocol="raw", address="localhost:6379"), Dependency(name="lost")],
    [
        Upstream(name="otel", address="http://localhost:9000", role="telemetry"),
        Upstream(name="payments", address="https://api.payments.example"),
        Upstream(name="unknown"),
    ],
)


def escape(address: str, connections: int = 1) -> Escape:
    """An address that was reached."""
    return Escape(address=address, connections=connections)


def test_an_unknown_address_is_red_and_says_what_to_do() -> None:
    """A difference by address, with the fix, in a suite of the report."""
    (one,) = differences([escape("203.0.113.9:443", 2)], KNOWN)
    assert (one.change, one.actual, one.notice) == ("escape", "203.0.113.9:443", False)
    assert one.group == "background"
    assert one.detail.startswith("2 connections; its client does not use the proxy")


@pytest.mark.parametrize("address", ["127.0.0.1:6379", "[::1]:6379"])
def test_a_known_dependency_is_named(address: str) -> None:
    """A local address that is a dependency's gives its variable, however loopback is written."""
    (one,) = differences([escape(address)], KNOWN)
    assert "this is cache: let the service call ${cache.url}" in one.detail


@pytest.mark.parametrize(
    "address", ["127.0.0.1:9000", "169.254.169.254:80", "10.0.0.1:4317", "[fd00:ec2::254]:80"]
)
def test_telemetry_is_left_out(address: str) -> None:
    """Configured or well known: a notice in a run, nothing in a recording."""
    (one,) = differences([escape(address)], KNOWN)
    assert one.notice
    assert uncaptured([escape(address)], KNOWN) == ()


def test_a_recording_lists_what_it_lacks() -> None:
    """Address, count and the flag that would capture it."""
    (one,) = uncaptured([escape("203.0.113.9:443", 3)], KNOWN)
    assert (one.address, one.count) == ("203.0.113.9:443", 3)
    assert "--map NAME@PORT=http://203.0.113.9:443" in one.fix


def test_broken_connections_are_red_and_masked() -> None:
    """What failed on a connection to a mock is a difference of its dependency, secrets masked."""
    (one,) = broken({("payments", "not HTTP: 'ada@corp.example'"): 2})
    assert (one.change, one.dependency, one.notice) == ("unexpected", "payments", False)
    assert "(2 times)" in one.actual
    assert "corp.example" not in one.actual + one.detail
