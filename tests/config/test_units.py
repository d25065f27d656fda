"""Durations, ports and addresses as people write them."""

from __future__ import annotations

import pytest

from ci_gate.config.units import date, duration, endpoint, origin, port, server_port


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("30s", 30), ("2m", 120), ("1.5 h", 5400), ("0s", 0)]
)
def test_durations(text: str, seconds: float) -> None:
    """Each unit counts."""
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "-1s", "1d", "1s2m", "1e3s", "１s", "1s\n"])
def test_what_is_no_duration(text: str) -> None:
    """A number needs a unit, and nothing else may stand there."""
    with pytest.raises(ValueError, match="write 500ms, 30s or 2m"):
        duration(text)


def test_ports() -> None:
    """1 to 65535; 0 only where any free port may be meant."""
    assert port(65535) == 65535
    assert port(0, free=True) == 0
    for wrong in (0, -1, 65536):
        with pytest.raises(ValueError, match="is not a port"):
            port(wrong)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost:5432", ("localhost", 5432)),
        ("[::1]:80", ("::1", 80)),
        ("a-b.c_d:1", ("a-b.c_d", 1)),
    ],
)
def test_endpoints(text: str, expected: tuple[str, int]) -> None:
    """Names, IPv4 and bracketed IPv6."""
    assert endpoint(text) == expected


def test_endpoint_with_a_default_host() -> None:
    """A port alone is enough where there is a default."""
    assert endpoint("80", "127.0.0.1") == ("127.0.0.1", 80)


@pytest.mark.parametrize(
    "text", ["", "80", ":80", "a:", "a:b", "a:0", "a:70000", "::1:80", "a b:1", "a:٣"]
)
def test_what_is_no_endpoint(text: str) -> None:
    """Both halves must be there and be what they are."""
    with pytest.raises(ValueError, match="is not"):
        endpoint(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://API.example/", "https://api.example"),
        ("http://localhost:80", "http://localhost:80"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_origins(text: str, expected: str) -> None:
    """A server's URL, without the slash."""
    assert origin(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "api.example", "ftp://a", "http://", "http://a/b", "http://a?b", "http://u:p@a",
     "http://a:99999", "http://a:x", "http://[::1", "http://a b", "http://a:0"],
)  # fmt: skip
def test_what_is_no_origin(text: str) -> None:
    """Paths, credentials and other schemes are refused."""
    with pytest.raises(ValueError, match=r"URL|path"):
        origin(text)


def test_an_origin_with_a_password_does_not_repeat_it() -> None:
    """The complaint does not quote the credentials."""
    with pytest.raises(ValueError, match="user name") as caught:
        origin("http://user:hunter2@a.example")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "soon", "2027-6-30", "2027-02-30", "20270630", "2027-W01-1"])
def test_what_is_no_date(text: str) -> None:
    """Only what sorts as text, and is a day that there is."""
    with pytest.raises(ValueError, match="write it as 2027-06-30"):
        date(text)


def test_a_date() -> None:
    """As ISO 8601 writes it."""
    assert date("2027-06-30") == "2027-06-30"


def test_server_ports() -> None:
    """The port of a URL is given or follows from its scheme."""
    assert [server_port(u) for u in ("http://a", "https://a", "http://a:1")] == [80, 443, 1]
