"""Recorded results as a client asks for them now."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from struct import pack

import msgspec

from ci_gate.codecs.postgres.columns import (
    Column,
    converted,
    read_columns,
    read_row,
    write_columns,
    write_row,
)
from ci_gate.codecs.postgres.frames import Frame, frames
from ci_gate.codecs.postgres.said import Portal

_LIST = re.compile(r"COPY\s+[^(]+\(([^)]*)\)", re.IGNORECASE)

columns_of = lru_cache(maxsize=1024)(read_columns)
"""The columns of a RowDescription, remembered: most services ask for the same few hundred."""


def result_frames(body: bytes, portal: Portal) -> list[Frame]:
    """The frames of a result for an Execute, in the formats that its portal asks for."""
    found = list(frames(body))
    columns: tuple[Column, ...] = ()
    if found and found[0][0] == b"T":
        columns = columns_of(found.pop(0)[1])
    found = [one for one in found if one[0] not in (b"T", b"G")]
    wanted = [portal.format(index) == 1 for index in range(len(columns))]
    if all(column.binary == binary for column, binary in zip(columns, wanted, strict=True)):
        return found
    return [
        (kind, _converted(columns, wanted, payload) if kind == b"D" else payload)
        for kind, payload in found
    ]


def _converted(columns: Sequence[Column], wanted: Sequence[bool], payload: bytes) -> bytes:
    values = zip(columns, read_row(payload), wanted, strict=True)
    return write_row([converted(column, one, binary=binary) for column, one, binary in values])


def described_for(portal: Portal, payload: bytes) -> bytes:
    """A RowDescription's payload in the formats that a portal asks for."""
    columns = (
        msgspec.structs.replace(column, binary=portal.format(index) == 1)
        for index, column in enumerate(columns_of(payload))
    )
    return write_columns(tuple(columns))


def with_count(tag: bytes, rows: int) -> bytes:
    """A CommandComplete's payload that tells of so many rows: "SELECT 3"."""
    words, _, _ = tag.rstrip(b"\0").rpartition(b" ")
    return b"%b %d\0" % (words, rows) if words else tag


def copy_format(sql: str) -> bytes:
    """CopyInResponse: text or binary, for as many columns as the statement names."""
    listed = _LIST.search(sql)
    count = listed[1].count(",") + 1 if listed else 0
    binary = int("binary" in sql.lower())
    return pack(f"!bH{count}H", binary, count, *[binary] * count)
