"""Credentials in header fields."""

from __future__ import annotations

import pytest

from ci_gate.values.redaction.credentials import secret_spans


@pytest.mark.parametrize(
    ("value", "secrets"),
    [
        ("Bearer abc", [("abc", "secret")]),
        ("bearer   a b", [("a b", "secret")]),
        ("Basic dXNlcjpwYXNz", [("dXNlcjpwYXNz", "basic-auth")]),
        ("abcdef", [("abcdef", "secret")]),
        ("Token token=abc9", [("abc9", "secret")]),
        ("Bearer dGVzdA==", [("dGVzdA==", "secret")]),
        ('Digest username="jane", realm="r", nc=01', [("jane", "secret")]),
        (
            "AWS4-HMAC-SHA256 Credential=KEY1/2026/x/s3/aws4_request, SignedHeaders=host, Signature=ab12",
            [("KEY1", "secret"), ("ab12", "secret")],
        ),
        ("", []),
        ("null", []),
        ("Bearer ****", []),
    ],
)
def test_what_is_secret(value: str, secrets: list[tuple[str, str]]) -> None:
    """Scheme and public parameters stay readable, everything else is secret."""
    found = [(value[start:end], kind) for start, end, kind in secret_spans(value)]
    assert found == secrets
