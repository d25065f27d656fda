"""Floating-point and decimal numbers: binary form to text form and back.

Functions raise ValueError, ArithmeticError or struct.error for what is no such value.
"""

from __future__ import annotations

import math
import struct
from decimal import Decimal
from fractions import Fraction

_DIGITS = 4
"""Decimal digits of one digit of a binary numeric."""
_INFINITE_SCALE = 0x20
"""What a server says of the scale of an infinite numeric."""
_LARGEST = struct.unpack("!f", b"\x7f\x7f\xff\xff")[0]
_ROUNDED = 2.0**128 - 2.0**103
"""From here on a number is too large for float4; below, it is rounded to the largest one."""


def float8_text(data: bytes) -> str:
    """Of a float8: the shortest digits that are nearer to it than to any other."""
    value: float = struct.unpack("!d", data)[0]
    digits = repr(value)
    if 2.0**53 <= abs(value) < math.inf:
        figures = len(Decimal(digits).as_tuple().digits)
        while _is_between(digits, value, math.ulp(value)):
            digits, figures = f"{value:.{figures}e}", figures + 1
    return _float_text(value, digits)


def float8_binary(text: str) -> bytes:
    """Of a float8."""
    return struct.pack("!d", float(text))


def _is_between(digits: str, value: float, distance: float) -> bool:
    """As near to a neighbour: PostgreSQL says one more digit then, Python does not."""
    return abs(Fraction(digits) - Fraction(value)) * 2 >= Fraction(distance)


def float4_text(data: bytes) -> str:
    """Of a float4, likewise."""
    value: float = struct.unpack("!f", data)[0]
    if not math.isfinite(value):
        return _float_text(value, "0")
    distance = 2.0 ** (max(math.frexp(value)[1], -125) - 24)
    for precision in range(1, 10):
        digits = f"{value:.{precision - 1}e}"
        if abs(float(digits)) >= _ROUNDED:
            continue
        if float4_binary(digits) == data and not _is_between(digits, value, distance):
            break
    # Exponents of float4 begin at e+06, as its six sure digits end there.
    text = _float_text(value, digits)
    power = Decimal(digits).adjusted() if value else 0
    if 6 <= power < 15:
        figures = "".join(map(str, Decimal(digits).as_tuple().digits)).rstrip("0") or "0"
        fraction = f".{figures[1:]}" if len(figures) > 1 else ""
        text = f"{'-' if value < 0 else ''}{figures[0]}{fraction}e+{power:02d}"
    return text


def float4_binary(text: str) -> bytes:
    """Of a float4."""
    value = float(text)
    if _LARGEST < abs(value) < _ROUNDED:
        value = math.copysign(_LARGEST, value)
    return struct.pack("!f", value)


def _float_text(value: float, digits: str) -> str:
    """As PostgreSQL 12 writes the shortest form: exponents from e+15 and below e-04 on."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    number = Decimal(digits)
    sign, figures, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    if not any(figures):
        return "-0" if sign else "0"
    text = "".join(map(str, figures)).rstrip("0")
    power = exponent + len(figures) - 1
    lead = "-" if sign else ""
    if power < -4 or power >= 15:
        fraction = f".{text[1:]}" if len(text) > 1 else ""
        return f"{lead}{text[0]}{fraction}e{'-' if power < 0 else '+'}{abs(power):02d}"
    if power < 0:
        return f"{lead}0.{'0' * (-power - 1)}{text}"
    whole = text[: power + 1].ljust(power + 1, "0")
    fraction = text[power + 1 :]
    return f"{lead}{whole}.{fraction}" if fraction else f"{lead}{whole}"


def numeric_text(data: bytes) -> str:
    """Of a numeric."""
    count, weight, sign, scale = struct.unpack_from("!hhHH", data)
    if sign == 0xC000:
        return "NaN"
    if sign in (0xD000, 0xF000):
        return "Infinity" if sign == 0xD000 else "-Infinity"
    digits = struct.unpack_from(f"!{count}h", data, 8)
    whole = "".join(
        f"{digits[i]:04d}" if 0 <= i < count else "0000" for i in range(weight + 1)
    ).lstrip("0")
    fraction = "".join(
        f"{digits[i]:04d}" if 0 <= i < count else "0000"
        for i in range(weight + 1, weight + 1 + (scale + _DIGITS - 1) // _DIGITS)
    )[:scale]
    text = (whole or "0") + (f".{fraction}" if scale else "")
    return f"-{text}" if sign == 0x4000 else text


def numeric_binary(text: str) -> bytes:
    """Of a numeric."""
    if text == "NaN":
        return struct.pack("!hhHH", 0, 0, 0xC000, 0)
    if text.lstrip("-") == "Infinity":
        return struct.pack("!hhHH", 0, 0, 0xF000 if text[0] == "-" else 0xD000, _INFINITE_SCALE)
    if not text.strip("-").replace(".", "", 1).isdigit():
        raise ValueError(text)
    sign = 0x4000 if text.startswith("-") else 0
    whole, _, fraction = text.lstrip("-").partition(".")
    scale = len(fraction)
    whole = whole.lstrip("0")
    whole = whole.rjust(-(-len(whole) // _DIGITS) * _DIGITS, "0")
    fraction = fraction.ljust(-(-len(fraction) // _DIGITS) * _DIGITS, "0")
    joined = whole + fraction
    digits = [int(joined[i : i + _DIGITS]) for i in range(0, len(joined), _DIGITS)]
    weight = len(whole) // _DIGITS - 1
    while digits and digits[0] == 0:
        digits.pop(0)
        weight -= 1
    while digits and digits[-1] == 0:
        digits.pop()
    if not digits:
        weight = 0
    return struct.pack(f"!hhHH{len(digits)}h", len(digits), weight, sign, scale, *digits)
