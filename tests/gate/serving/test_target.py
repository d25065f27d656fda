"""Where requests go, and how that is written in messages."""

from __future__ import annotations

import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.serving.target import Target, of_flag, of_service, of_url
from ci_gate.service.options import ServiceOptions


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://localhost:8080", Target("http", "localhost", 8080)),
        ("http://example", Target("http", "example", 80)),
        ("https://example/x", Target("https", "example", 443)),
        ("http://[::1]:81", Target("http", "::1", 81)),
    ],
)
def test_urls(url: str, target: Target) -> None:
    """Scheme, host and port; the scheme's own port where none is written."""
    assert of_url(url, "--target") == target


@pytest.mark.parametrize("url", ["", "example", "ftp://x:1", "http://", "http://x:99999"])
def test_what_is_no_target_is_refused(url: str) -> None:
    """The text is named and how to write one."""
    with pytest.raises(UsageError, match=r"--target .*: write http://host:port"):
        of_url(url, "--target")


def test_spellings_of_a_local_service() -> None:
    """As given first, then every way to write this machine."""
    assert Target("http", "127.0.0.1", 81).spellings == (
        "127.0.0.1:81",
        "localhost:81",
        "[::1]:81",
    )
    assert Target("http", "::1", 81).spellings[0] == "[::1]:81"


def test_spellings_of_a_default_port() -> None:
    """Clients leave the scheme's own port out: so do our requests."""
    assert Target("https", "example", 443).spellings == ("example", "example:443")
    assert Target("http", "example", 443).spellings == ("example:443",)


def test_tls_for_https_only() -> None:
    """HTTPS is verified TLS, HTTP is plain."""
    assert Target("http", "x", 1).tls() is None
    context = Target("https", "x", 1).tls()
    assert context is not None
    assert context.check_hostname


def test_the_service_of_run() -> None:
    """Its URL, its port, a free one, or the recorded one; none is an error that says what to set."""
    assert of_service(ServiceOptions(name="x", url="http://h:9"), 1) == Target("http", "h", 9)
    assert of_service(ServiceOptions(name="x", port=7), 1).port == 7
    assert of_service(ServiceOptions(name="x"), 5).port == 5
    assert of_service(ServiceOptions(name="x", auto_port=True), 5).port > 5
    with pytest.raises(UsageError, match=r"service\.port"):
        of_service(ServiceOptions(name="x"), 0)


def test_the_target_of_replay() -> None:
    """As given, else the recorded port; a snapshot that knows none asks for --target."""
    assert of_flag("http://h:9", 1) == Target("http", "h", 9)
    assert of_flag("", 5) == Target("http", "127.0.0.1", 5)
    with pytest.raises(UsageError, match="--target"):
        of_flag("", 0)
