"""PostgreSQL's values: binary form to text form and back, by the type's OID.

Text is what a server of PostgreSQL 12 or newer writes with DateStyle ISO, IntervalStyle postgres,
bytea_output hex, and time zone UTC. Source: "Data Types", and the send and receive functions that
the binary COPY format is documented by. What is not known here, or would not come back as the same
bytes, stays binary: `to_text` gives None.
"""

from __future__ import annotations

import datetime
import struct
import uuid
from collections.abc import Callable
from decimal import Decimal

from ci_gate.codecs.postgres.arrays import decode_array, encode_array

_EPOCH = datetime.datetime(2000, 1, 1)
_INFINITE = {2**63 - 1: "infinity", -(2**63): "-infinity"}
_DAYS_INFINITE = {2**31 - 1: "infinity", -(2**31): "-infinity"}
_DIGITS = 4
"""Decimal digits of one digit of a binary numeric."""

TEXTS = frozenset((18, 19, 25, 114, 142, 705, 1042, 1043, 2275))
"""Types whose binary form is their text: char, name, text, json, xml, unknown, bpchar, varchar,
cstring."""

_ELEMENTS = {
    1000: 16, 1001: 17, 1002: 18, 1003: 19, 1005: 21, 1007: 23, 1009: 25, 1014: 1042, 1015: 1043,
    1016: 20, 1021: 700, 1022: 701, 1028: 26, 1115: 1114, 1182: 1082, 1183: 1083, 1185: 1184,
    1187: 1186, 1231: 1700, 1270: 1266, 199: 114, 2951: 2950, 3807: 3802, 2287: 2249,
}  # fmt: skip
"""Array type -> element type."""

NAMES = {
    16: "bool", 17: "bytea", 18: "char", 19: "name", 20: "int8", 21: "int2", 23: "int4",
    25: "text", 26: "oid", 114: "json", 700: "float4", 701: "float8", 1042: "bpchar",
    1043: "varchar", 1082: "date", 1083: "time", 1114: "timestamp", 1184: "timestamptz",
    1186: "interval", 1266: "timetz", 1700: "numeric", 2278: "void", 2950: "uuid", 3802: "jsonb",
}  # fmt: skip
NAMES |= {array: NAMES[element] + "[]" for array, element in _ELEMENTS.items() if element in NAMES}
OIDS = {name: oid for oid, name in NAMES.items()}


def to_text(oid: int, data: bytes) -> str | None:
    """The text of a binary value; None when it cannot be told exactly."""
    try:
        text = _decode(oid, data)
        return text if text is not None and to_binary(oid, text) == data else None
    except (ValueError, OverflowError, struct.error, ArithmeticError):
        return None


def to_binary(oid: int, text: str) -> bytes | None:
    """The binary form of a value's text; None when it cannot be told."""
    try:
        return _encode(oid, text)
    except (ValueError, OverflowError, struct.error, ArithmeticError):
        return None


def _decode(oid: int, data: bytes) -> str | None:
    if oid in TEXTS:
        return data.decode()
    known = _KNOWN.get(oid)
    if known is not None:
        return known[0](data)
    element = _ELEMENTS.get(oid)
    if element is not None:
        return decode_array(element, data, _decode)
    if oid < 16384:
        return None
    text = data.decode()  # an enum's label, a domain over text
    return text if text.isprintable() else None


def _encode(oid: int, text: str) -> bytes | None:
    if oid in TEXTS:
        return text.encode()
    known = _KNOWN.get(oid)
    if known is not None:
        return known[1](text)
    element = _ELEMENTS.get(oid)
    if element is not None:
        return encode_array(element, text, _encode)
    return text.encode() if oid >= 16384 else None


def _integers(form: str) -> tuple[Callable[[bytes], str], Callable[[str], bytes]]:
    packed = struct.Struct(form)
    return (lambda data: str(packed.unpack(data)[0]), lambda text: packed.pack(int(text)))


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


def _float8(data: bytes) -> str:
    value: float = struct.unpack("!d", data)[0]
    return _float_text(value, repr(value))


def _float4(data: bytes) -> str:
    value: float = struct.unpack("!f", data)[0]
    if value != value or value in (float("inf"), float("-inf")):
        return _float_text(value, "0")
    for precision in range(1, 10):
        digits = f"{value:.{precision - 1}e}"
        if struct.pack("!f", float(digits)) == data:
            break
    # Exponents of float4 begin at e+06, as its six sure digits end there.
    text = _float_text(value, digits)
    power = Decimal(digits).adjusted() if value else 0
    if 6 <= power < 15:
        figures = "".join(map(str, Decimal(digits).as_tuple().digits)).rstrip("0") or "0"
        fraction = f".{figures[1:]}" if len(figures) > 1 else ""
        text = f"{'-' if value < 0 else ''}{figures[0]}{fraction}e+{power:02d}"
    return text


def _numeric(data: bytes) -> str:
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


def _numeric_binary(text: str) -> bytes:
    if text == "NaN":
        return struct.pack("!hhHH", 0, 0, 0xC000, 0)
    if text.lstrip("-") == "Infinity":
        return struct.pack("!hhHH", 0, 0, 0xF000 if text[0] == "-" else 0xD000, 0)
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


def _day(data: bytes) -> str:
    days: int = struct.unpack("!i", data)[0]
    if days in _DAYS_INFINITE:
        return _DAYS_INFINITE[days]
    return (_EPOCH.date() + datetime.timedelta(days=days)).isoformat()


def _day_binary(text: str) -> bytes:
    for days, name in _DAYS_INFINITE.items():
        if text == name:
            return struct.pack("!i", days)
    return struct.pack("!i", (datetime.date.fromisoformat(text) - _EPOCH.date()).days)


def _clock(micros: int) -> str:
    seconds, fraction = divmod(micros, 1_000_000)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return text + (f".{fraction:06d}".rstrip("0") if fraction else "")


def _micros(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    whole, _, fraction = seconds.partition(".")
    if len(fraction) > 6:
        raise ValueError(text)
    clock = (int(hours) * 60 + int(minutes)) * 60 + int(whole)
    return clock * 1_000_000 + int(fraction.ljust(6, "0") or "0")


def _time(data: bytes) -> str:
    return _clock(struct.unpack("!q", data)[0])


def _moment(data: bytes) -> str:
    micros: int = struct.unpack("!q", data)[0]
    if micros in _INFINITE:
        return _INFINITE[micros]
    days, clock = divmod(micros, 86_400_000_000)
    day = (_EPOCH + datetime.timedelta(days=days)).date().isoformat()
    return f"{day} {_clock(clock)}"


def _moment_binary(text: str) -> bytes:
    for micros, name in _INFINITE.items():
        if text == name:
            return struct.pack("!q", micros)
    day, _, clock = text.partition(" ")
    days = (datetime.date.fromisoformat(day) - _EPOCH.date()).days
    return struct.pack("!q", days * 86_400_000_000 + _micros(clock))


def _zoned(data: bytes) -> str:
    text = _moment(data)
    return text if "infinity" in text else f"{text}+00"


def _zoned_binary(text: str) -> bytes:
    if "infinity" in text:
        return _moment_binary(text)
    sign_at = max(text.rfind("+"), text.rfind("-"))
    if sign_at < 19:
        raise ValueError(text)
    parts = text[sign_at + 1 :].split(":")
    offset = sum(int(part) * unit for part, unit in zip(parts, (3600, 60, 1), strict=False))
    local: int = struct.unpack("!q", _moment_binary(text[:sign_at]))[0]
    return struct.pack("!q", local - (offset if text[sign_at] == "+" else -offset) * 1_000_000)


def _interval(data: bytes) -> str:
    micros, days, months = struct.unpack("!qii", data)
    words: list[str] = []
    negative = False
    years, months = (abs(months) // 12, abs(months) % 12) if months >= 0 else (
        -(abs(months) // 12), -(abs(months) % 12)
    )  # fmt: skip
    for amount, unit in ((years, "year"), (months, "mon"), (days, "day")):
        if amount:
            plus = "+" if negative and amount > 0 else ""
            words.append(f"{plus}{amount} {unit}{'' if amount == 1 else 's'}")
            negative = amount < 0
    if micros or not words:
        sign = "-" if micros < 0 else "+" if negative else ""
        words.append(sign + _clock(abs(micros)))
    return " ".join(words)


def _interval_binary(text: str) -> bytes:
    units = {"year": 0, "mon": 0, "day": 0}
    micros = 0
    words = text.split(" ")
    if len(words) % 2:
        clock = words.pop()
        micros = _micros(clock.lstrip("+-")) * (-1 if clock.startswith("-") else 1)
    for amount, unit in zip(words[::2], words[1::2], strict=True):
        name = unit.removesuffix("s")
        if name not in units:
            raise ValueError(text)
        units[name] = int(amount)
    return struct.pack("!qii", micros, units["day"], units["year"] * 12 + units["mon"])


def _bytea_binary(text: str) -> bytes:
    if not text.startswith("\\x"):
        raise ValueError(text)
    return bytes.fromhex(text[2:])


def _bool_binary(text: str) -> bytes:
    if text not in ("t", "f"):
        raise ValueError(text)
    return b"\x01" if text == "t" else b"\x00"


def _jsonb(data: bytes) -> str:
    if data[:1] != b"\x01":
        raise ValueError("a jsonb of another version")
    return data[1:].decode()


def _void(data: bytes) -> str:
    return data.decode("ascii")


_KNOWN: dict[int, tuple[Callable[[bytes], str], Callable[[str], bytes]]] = {
    16: (lambda data: "t" if data == b"\x01" else "f", _bool_binary),
    17: (lambda data: "\\x" + data.hex(), _bytea_binary),
    20: _integers("!q"),
    21: _integers("!h"),
    23: _integers("!i"),
    26: _integers("!I"),
    700: (_float4, lambda text: struct.pack("!f", float(text))),
    701: (_float8, lambda text: struct.pack("!d", float(text))),
    1082: (_day, _day_binary),
    1083: (_time, lambda text: struct.pack("!q", _micros(text))),
    1114: (_moment, _moment_binary),
    1184: (_zoned, _zoned_binary),
    1186: (_interval, _interval_binary),
    1700: (_numeric, _numeric_binary),
    2278: (_void, lambda text: text.encode()),
    2950: (
        lambda data: str(uuid.UUID(bytes=data)),
        lambda text: uuid.UUID(text).bytes,
    ),
    3802: (_jsonb, lambda text: b"\x01" + text.encode()),
}
