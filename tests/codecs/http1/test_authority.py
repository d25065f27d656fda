"""Hosts and request targets."""

from __future__ import annotations

import pytest

from ci_gate.codecs.http1.authority import Authority, parse_authority, split_target
from ci_gate.codecs.http1.malformed import Malformed


@pytest.mark.parametrize(
    ("text", "scheme", "expected"),
    [
        (b"api.example", "http", Authority("http", "api.example", 80)),
        (b"api.example", "https", Authority("https", "api.example", 443)),
        (b"api.example:8080", "http", Authority("http", "api.example", 8080)),
        (b"api.example:", "http", Authority("http", "api.example", 80)),
        (b"user:pass@api.example:81", "http", Authority("http", "api.example", 81)),
        (b"[::1]:8080", "http", Authority("http", "::1", 8080)),
        (b"[fe80::1%25eth0]", "https", Authority("https", "fe80::1%25eth0", 443)),
    ],
)
def test_authorities(text: bytes, scheme: str, expected: Authority) -> None:
    """Host and port are read in every form that RFC 3986 gives them."""
    assert parse_authority(text, scheme) == expected


@pytest.mark.parametrize(
    "text", [b"", b":80", b"a:b", b"a:99999", b"a:0", b"a b", b"[::1", b"a:1:2"]
)
def test_authorities_that_are_none(text: bytes) -> None:
    """What is no host and port is refused with 400."""
    with pytest.raises(Malformed) as error:
        parse_authority(text, "http")
    assert error.value.status == 400


@pytest.mark.parametrize(
    ("authority", "field"),
    [
        (Authority("http", "a", 80), b"a"),
        (Authority("https", "a", 443), b"a"),
        (Authority("https", "a", 80), b"a:80"),
        (Authority("http", "::1", 80), b"[::1]"),
        (Authority("http", "::1", 81), b"[::1]:81"),
    ],
)
def test_host_field(authority: Authority, field: bytes) -> None:
    """The Host field leaves out the port that the scheme implies, and brackets IPv6."""
    assert authority.field == field


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/a?b", ("", b"", b"/a?b")),
        (b"*", ("", b"", b"*")),
        (b"/r?u=http://x/", ("", b"", b"/r?u=http://x/")),
        (b"HTTP://h:1/a?b#c", ("http", b"h:1", b"/a?b")),
        (b"https://h", ("https", b"h", b"/")),
        (b"http://h?q=1", ("http", b"h", b"/?q=1")),
        (b"h:443", ("", b"", b"h:443")),
    ],
)
def test_targets(target: bytes, expected: tuple[str, bytes, bytes]) -> None:
    """An absolute-form target is taken apart, any other left alone."""
    assert split_target(target) == expected
