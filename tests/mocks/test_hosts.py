"""Hosts as clients spell them."""

from __future__ import annotations

import json

import pytest

from ci_gate.mocks.hosts import host_of, host_port, named, refusal
from ci_gate.model.message import HttpRequest


@pytest.mark.parametrize(
    ("authority", "host", "port"),
    [
        ("api.example", "api.example", 80),
        ("API.example:8080", "api.example", 8080),
        ("user:pass@api.example:8080", "api.example", 8080),
        ("[::1]:8080", "::1", 8080),
        ("[::1]", "::1", 80),
        ("api.example:", "api.example:", 80),
        ("api.example:123456", "api.example:123456", 80),
        ("", "", 80),
    ],
)
def test_authorities(authority: str, host: str, port: int) -> None:
    """Host and port apart, whoever logs in left out; what is no port is not taken for one."""
    assert host_port(authority, 80) == (host, port)


def test_names() -> None:
    """The usual ports go without saying."""
    assert [named("a", port) for port in (80, 443, 8080)] == ["a", "a", "a:8080"]


def test_the_host_of_a_request() -> None:
    """Its Host field, however that is spelled; none is the empty text."""
    assert host_of(HttpRequest("GET", b"/", ((b"HOST", b"a.example:1"),))) == "a.example:1"
    assert host_of(HttpRequest("GET", b"/")) == ""


def test_a_refusal_says_why() -> None:
    """501, and a body that a developer finds in a log."""
    answer = refusal("x is not in the snapshot")
    assert answer.status == 501
    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body)["reason"] == "x is not in the snapshot"
