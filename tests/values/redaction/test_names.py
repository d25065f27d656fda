"""Telling names: whole names, in any spelling."""

from __future__ import annotations

import re

import pytest

from ci_gate.values.redaction.names import (
    HEADERS,
    PATTERN,
    is_secret_header,
    secret_name,
    secret_parameter,
)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("password", "secret"),
        ("client-secret", "secret"),
        ("Client Secret", "secret"),
        ("refresh.token", "secret"),
        ("cardNumber", "card"),
        ("CVC2", "cvv"),
        ("passwords", ""),
        ("password_hint", ""),
        ("page_token", ""),
        ("total_tokens", ""),
        ("author", ""),
        ("", ""),
        ("token" * 20, ""),
    ],
)
def test_whole_names(name: str, kind: str) -> None:
    """Case and separators do not matter, more words do."""
    assert secret_name(name) == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("user[password]", "secret"),
        ("user.credentials[password]", "secret"),
        ("login.token", "secret"),
        ("sig", "secret"),
        ("X-Amz-Signature", "secret"),
        ("page[size]", ""),
        ("password[min]", ""),
        ("x" * 300, ""),
    ],
)
def test_parameters(name: str, kind: str) -> None:
    """Queries and forms nest names in brackets, and sign URLs."""
    assert secret_parameter(name) == kind


def test_pattern_and_table_agree() -> None:
    """Every header name is lower case, and what the pattern finds in data the table knows."""
    assert all(name == name.lower() for name in HEADERS)
    pattern = re.compile(PATTERN, re.IGNORECASE)
    for name in ("Access_Token", "accessToken", "access token", "api-key", "CVV", "card_number"):
        assert pattern.fullmatch(name)
        assert secret_name(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"AUTHORIZATION", True),
        (b"Token", True),
        (b"X-Tokens", False),
        (b"x" * 100, False),
        (b"\xff", False),
    ],
)
def test_headers(name: bytes, expected: bool) -> None:
    """Header names are compared without case; any bytes are a name."""
    assert is_secret_header(name) is expected
