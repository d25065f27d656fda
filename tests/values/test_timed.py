"""Which tokens carry a time."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.timed import carries_time


def coded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


SECOND = coded((1_795_237_203).to_bytes(4, "big"))
PAYLOAD = coded(b'"76723f8baef5eb719edfd687dfc0a1b2c3d4e5f6"')


@pytest.mark.parametrize(
    "token",
    [
        f"{PAYLOAD}.{SECOND}.Hk0wYvDrpYZM6ppmzoscpWrJ7IE",
        f".eJyrVkosKcnPVbJSyk_OzVayUipOLUpVqgUAXwkH5w.{SECOND}.Hk0wYvDrpYZM6ppmzoscpWrJ7IE",
        "2|90b1ecf5|94e9c9aa6ab0bd6dd2af1ef7b1ba1f0e|1779332562",
        "hello:1tYabc:zKq1-3uR6vM1bT3vXkYb0gF4kqQ",
        f"eyJhbGciOiJIUzI1NiJ9.{coded(json.dumps({'iat': 1_795_237_203}).encode())}.c2lnbmF0dXJl",
    ],
)
def test_what_carries_a_time(token: str) -> None:
    """What Flask, Tornado and Django sign, and JSON Web Tokens."""
    assert carries_time(token)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "b7e1512f0a2c4d9e8f3a6c5d7e8f9a0b",
        "1f0c2a34-0000-4000-8000-0123456789ab",
        "s%3AWq1XvT0g2mJ8hYbK.3kP0qvZ7d1mQ",
        f"eyJhbGciOiJIUzI1NiJ9.{coded(b'{}')}.c2lnbmF0dXJl",
        "eyJhbGciOiJIUzI1NiJ9.!!!.c2lnbmF0dXJl",
        f"{PAYLOAD}.AAAAAA.Hk0wYvDrpYZM6ppmzoscpWrJ7IE",
        "2|90b1ecf5|94e9c9aa6ab0bd6dd2af1ef7b1ba1f0e|0000000001",
        "2026-05-01T10:00:00.123Z",
    ],
)
def test_what_carries_none(token: str) -> None:
    """Ids, random tokens, signed ones without a time."""
    assert not carries_time(token)


@given(st.text())
def test_any_text(text: str) -> None:
    """Whatever comes, there is an answer."""
    assert carries_time(text) in (True, False)
