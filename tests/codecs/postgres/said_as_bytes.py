"""PostgreSQL as tests write it."""

from __future__ import annotations

from struct import pack

from ci_gate.codecs.postgres.frames import frame, value

STARTUP = pack("!II", 17, 196608) + b"user\0me\0\0"
READY = frame(b"R", b"\0\0\0\0") + frame(b"S", b"TimeZone\0UTC\0") + frame(b"Z", b"I")


def query(sql: bytes) -> bytes:
    """A simple query."""
    return frame(b"Q", sql + b"\0")


def prepare(sql: bytes, name: bytes = b"") -> bytes:
    """A Parse without types."""
    return frame(b"P", name + b"\0" + sql + b"\0\0\0")


def bind(*values: bytes | None, portal: bytes = b"", name: bytes = b"") -> bytes:
    """A Bind of text values, for text results."""
    head = portal + b"\0" + name + b"\0\0\0" + pack("!H", len(values))
    return frame(b"B", head + b"".join(map(value, values)) + b"\0\0")


def execute(maximum: int = 0, portal: bytes = b"") -> bytes:
    """An Execute."""
    return frame(b"E", portal + b"\0" + pack("!I", maximum))


DESCRIBE = frame(b"D", b"P\0")
SYNC = frame(b"S")
