"""PostgreSQL's values: binary form to text form and back, by the type's OID.

Text is what a server of PostgreSQL 12 or newer writes with DateStyle ISO, IntervalStyle postgres,
bytea_output hex, and time zone UTC. Source: "Data Types", and the send and receive functions that
the binary COPY format is documented by. What is not known here, or would not come back as the same
bytes, stays binary: `to_text` gives None.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable

from ci_gate.codecs.postgres import moments, numbers
from ci_gate.codecs.postgres.arrays import decode_array, element_of, encode_array

FIRST_OWN = 16384
"""Types from this one on were made in the database: enums, domains, rows, and arrays of them."""

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


def shown(oid: int, data: bytes) -> str | None:
    """The text of a binary value, also where no text could be made binary again: an array of
    enums says what its elements are only in its binary form."""
    text = to_text(oid, data)
    if text is None and oid >= FIRST_OWN:
        try:
            element = element_of(data)
            text = decode_array(element, data, _decode) if element >= FIRST_OWN else None
        except (ValueError, struct.error):
            return None
    return text


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
    if oid < FIRST_OWN:
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
    if oid < FIRST_OWN or text[:1] in ("{", "(", "[") or not text.isprintable():
        return None  # an array or a row of one's own: what is inside is not known
    return text.encode()


def _integers(form: str) -> tuple[Callable[[bytes], str], Callable[[str], bytes]]:
    packed = struct.Struct(form)
    return (lambda data: str(packed.unpack(data)[0]), lambda text: packed.pack(int(text)))


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
    700: (numbers.float4_text, numbers.float4_binary),
    701: (numbers.float8_text, numbers.float8_binary),
    1082: (moments.date_text, moments.date_binary),
    1083: (moments.time_text, moments.time_binary),
    1114: (moments.timestamp_text, moments.timestamp_binary),
    1184: (moments.timestamptz_text, moments.timestamptz_binary),
    1186: (moments.interval_text, moments.interval_binary),
    1266: (moments.timetz_text, moments.timetz_binary),
    1700: (numbers.numeric_text, numbers.numeric_binary),
    2278: (_void, lambda text: text.encode()),
    2950: (
        lambda data: str(uuid.UUID(bytes=data)),
        lambda text: uuid.UUID(text).bytes,
    ),
    3802: (_jsonb, lambda text: b"\x01" + text.encode()),
}
