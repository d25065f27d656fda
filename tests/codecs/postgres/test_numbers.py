"""Floating-point and decimal numbers; the expected texts are what PostgreSQL 15 wrote."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.postgres.types import OIDS, to_binary, to_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.614121363739583e16, "2.6141213637395832e+16"),
        (-7.10667997078931e16, "-7.1066799707893104e+16"),
        (0.1, "0.1"),
        (1e15, "1e+15"),
        (123456789012345.0, "123456789012345"),
        (-0.0, "-0"),
        (5e-324, "5e-324"),
    ],
)
def test_float8(value: float, text: str) -> None:
    """The shortest digits; one more where they are as near to a neighbour."""
    data = struct.pack("!d", value)
    assert to_text(OIDS["float8"], data) == text
    assert to_binary(OIDS["float8"], text) == data


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("7f7fffff", "3.4028235e+38"),
        ("ff7fffff", "-3.4028235e+38"),
        ("00000001", "1e-45"),
        ("4c483ca6", "5.2490904e+07"),
        ("4b800000", "1.6777216e+07"),
        ("3dcccccd", "0.1"),
        ("ff800000", "-Infinity"),
    ],
)
def test_float4(data: str, text: str) -> None:
    """The largest and the smallest, and where a digit more is needed."""
    raw = bytes.fromhex(data)
    assert to_text(OIDS["float4"], raw) == text
    assert to_binary(OIDS["float4"], text) == raw


def test_too_large_for_float4() -> None:
    """It has no binary form."""
    assert to_binary(OIDS["float4"], "3.41e38") is None


@pytest.mark.parametrize(
    ("data", "text"), [("00000000d0000020", "Infinity"), ("00000000f0000020", "-Infinity")]
)
def test_infinite_numeric(data: str, text: str) -> None:
    """Since PostgreSQL 14."""
    assert to_text(OIDS["numeric"], bytes.fromhex(data)) == text
    assert to_binary(OIDS["numeric"], text) == bytes.fromhex(data)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_numerics_come_back(value: object) -> None:
    """Whatever their digits are."""
    text = f"{value:f}"
    text = text.lstrip("-") if not text.strip("-0.") else text
    data = to_binary(OIDS["numeric"], text)
    assert data is not None
    assert to_text(OIDS["numeric"], data) == text
