"""Shapes that show themselves: keys, tokens, addresses."""

from __future__ import annotations

import re

import pytest

from ci_gate.values.redaction.shapes import KEYS, key_prefix, shape_of


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("jane@mail.example", "email"),
        ("jane@localhost", ""),
        ("jane doe@mail.example", ""),
        ("4012888888881881", "card"),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "jwt"),
        ("-----BEGIN EC PRIVATE KEY-----\nMIIE", "private-key"),
        ("-----BEGIN CERTIFICATE-----\nMIIE", ""),
        ("ghp_" + "a1B2" * 9, "key"),
        ("ghp_" + "a1B2", ""),
        ("x ghp_" + "a1B2" * 9, ""),
        ("sk-fading-circle-spinner-container", ""),
        ("", ""),
    ],
)
def test_shape_of(text: str, shape: str) -> None:
    """A whole text shows what it is; words in the same dress do not count."""
    assert shape_of(text) == shape


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("sk_live_" + "a1B2c3D4e5F6", "sk_live_"),
        ("sk-ant-api03-" + "a1B2c3D4e5F6g7H8i9J0", "sk-ant-api03-"),
        ("sk-" + "a1B2c3D4e5F6g7H8i9J0", "sk-"),
        ("AKIA" + "IOSFODNN7EXAMPL2", "AKIA"),
        ("plain", ""),
    ],
)
def test_key_prefix(text: str, prefix: str) -> None:
    """The longest well-known prefix stays readable."""
    assert key_prefix(text) == prefix


@pytest.mark.parametrize(("prefix", "rest"), [row[1:] for row in KEYS])
def test_rows_have_no_groups(prefix: str, rest: str) -> None:
    """A row of the table is a plain pattern: a group in it would shift those around it."""
    assert re.compile(prefix + rest).groups == 0
