"""Which dependency an address is."""

from __future__ import annotations

import pytest

from ci_gate.errors import UsageError
from ci_gate.model.snapshot import Dependency
from ci_gate.recorder.dependencies import Dependencies, parse_address
from ci_gate.recorder.options import Upstream


def dependencies(*upstreams: Upstream) -> tuple[Dependencies, list[Dependency]]:
    """The object, and what it has found."""
    found: list[Dependency] = []
    made = Dependencies(upstreams, lambda host, port: host == "telemetry.test", found.append)
    return made, found


def test_configured_ones_keep_their_names() -> None:
    """An address of the configuration is called as it says, in any case."""
    made, found = dependencies(Upstream(name="payments", address="https://API.test"))
    assert made.target("https", "api.TEST", 443).dependency == "payments"
    assert [(one.name, one.address) for one in found] == [("payments", "https://API.test")]


def test_unknown_ones_are_named_after_their_host() -> None:
    """Once; another port or scheme is another dependency."""
    made, found = dependencies()
    for scheme, host, port, name in (
        ("http", "a.test", 80, "a.test"),
        ("http", "a.test", 80, "a.test"),
        ("https", "a.test", 443, "a.test-2"),
        ("http", "a.test", 8080, "a.test-8080"),
        ("http", "::1", 80, "::1"),
    ):
        assert made.target(scheme, host, port).dependency == name
    assert [one.address for one in found] == [
        "http://a.test",
        "https://a.test",
        "http://a.test:8080",
        "http://[::1]",
    ]
    assert made.all() == tuple(found)


def test_telemetry_is_no_dependency() -> None:
    """Well-known telemetry and what the configuration calls so is answered, not recorded."""
    made, found = dependencies(Upstream(name="otel", address="http://o.test", role="telemetry"))
    assert made.target("http", "o.test", 80).telemetry
    assert made.target("https", "telemetry.test", 443).telemetry
    assert made.is_telemetry("http", "o.test", 80)
    assert made.is_telemetry("https", "telemetry.test", 443)
    assert found == []


def test_asking_makes_nothing_known() -> None:
    """A tunnel that was only opened is no dependency yet."""
    made, found = dependencies()
    assert not made.is_telemetry("https", "b.test", 443)
    assert found == []
    assert made.target("http", "b.test", 443).dependency == "b.test-443"


def test_our_own_listeners_are_hidden() -> None:
    """What goes to them is recorded there."""
    made, found = dependencies()
    made.hidden.add(("localhost", 4143))
    assert made.target("http", "localhost", 4143).hidden
    assert found == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://api.test", ("https", "api.test", 443)),
        ("http://[::1]:81/", ("http", "::1", 81)),
        ("https://[::1]", ("https", "::1", 443)),
        ("Localhost:5432", ("postgres", "localhost", 5432)),
    ],
)
def test_addresses(text: str, expected: tuple[str, str, int]) -> None:
    """URLs and host:port."""
    assert parse_address(text, "postgres") == expected


@pytest.mark.parametrize(
    "text", ["", "host", "http://:80", "host:²", "host:0", "host:99999", "host:x"]
)
def test_what_is_no_address(text: str) -> None:
    """It is said what would be one."""
    with pytest.raises(UsageError, match="write scheme://host:port"):
        parse_address(text, "postgres")
