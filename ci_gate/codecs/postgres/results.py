"""Recorded results as a client asks for them now."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from struct import pack

import msgspec

from ci_gate.codecs.postgres.columns import (
    Column,
    Unfit,
    converted,
    read_columns,
    read_row,
    type_name,
    write_columns,
    write_row,
)
from ci_gate.codecs.postgres.frames import FRAMED, Frame, Malformed, frame, frames, outline
from ci_gate.codecs.postgres.remedies import unfit
from ci_gate.codecs.postgres.said import Portal, Prepared
from ci_gate.codecs.postgres.types import FIRST_OWN

_LIST = re.compile(r"COPY\s+[^(]+\(([^)]*)\)", re.IGNORECASE)

REMEMBERED = 8
"""Results in another format than recorded that are kept."""
_Step = Callable[[bytes | None], bytes | None]

columns_of = lru_cache(maxsize=1024)(read_columns)
"""The columns of a RowDescription, remembered: most services ask for the same few hundred."""


def result_frames(body: bytes, portal: Portal, maximum: int = 0) -> list[Frame]:
    """The frames of a result for an Execute of so many rows (0 = all, which are one FRAMED), in the
    formats that its portal asks for. Raises Unfit for a result that is none of what the client was
    told to expect."""
    begins, columns = 0, tuple[Column, ...]()
    if body[:1] == b"T":
        payload = next(frames(body))[1]
        begins, columns = len(payload) + 5, columns_of(payload)
        if portal.prepared is not None:
            _check(payload, columns, portal.prepared, len(portal.formats))
    wanted = [portal.format(index) == 1 for index in range(len(columns))]
    as_asked = all(one.binary == binary for one, binary in zip(columns, wanted, strict=True))
    told = outline(body)
    rows_only = told.kinds in (b"DC", b"TDC") and body[begins : begins + 1] == b"D"
    if rows_only and not maximum:
        rows = body[begins : told.last]
        said = rows if as_asked else _transcoded(rows, columns, tuple(wanted))
        return [(FRAMED, said), *frames(body[told.last :])]
    found = [one for one in frames(body) if one[0] not in (b"T", b"G")]
    if as_asked:
        return found
    steps = _steps(columns, wanted)
    return [
        (kind, _converted(steps, payload) if kind == b"D" else payload) for kind, payload in found
    ]


def query_frames(body: bytes) -> tuple[list[Frame], bool]:
    """The frames of a result for a simple query, which says how they are described; True when there
    is an error among them. That data of a COPY are wanted was said before."""
    kinds = outline(body).kinds
    if b"G" in kinds:
        return [one for one in frames(body) if one[0] != b"G"], b"E" in kinds
    return [(FRAMED, body)], b"E" in kinds


def _check(payload: bytes, columns: Sequence[Column], prepared: Prepared, formats: int) -> None:
    """A client reads rows by the description that it was given: where that is another one, it
    reads nonsense, or crashes."""
    if formats > 1 and formats != len(columns):
        raise Unfit(unfit("", f"has {len(columns)} columns, and {formats} are asked for"))
    told = prepared.columns
    if told is None or payload == prepared.fitting:
        return
    if len(told) != len(columns):
        raise Unfit(unfit("", f"has {len(columns)} columns, its description {len(told)}"))
    for said, one in zip(told, columns, strict=True):
        # Types of one's own have other numbers in every database.
        if said.oid != one.oid and min(said.oid, one.oid) < FIRST_OWN:
            types = f"{type_name(one.oid)}, its description says {type_name(said.oid)}"
            raise Unfit(unfit(one.name, f"is {types}"))
    prepared.fitting = payload


@lru_cache(maxsize=REMEMBERED)
def _transcoded(rows: bytes, columns: tuple[Column, ...], wanted: tuple[bool, ...]) -> bytes:
    """DataRows in other formats: some microseconds a value, so that is done once for all who ask."""
    steps = _steps(columns, wanted)
    return b"".join([frame(kind, _converted(steps, payload)) for kind, payload in frames(rows)])


def _steps(columns: Sequence[Column], wanted: Sequence[bool]) -> list[_Step | None]:
    """What makes the other format of each column's values; None: they are as they are asked for."""
    return [
        None if column.binary == binary else partial(converted, column, binary=binary)
        for column, binary in zip(columns, wanted, strict=True)
    ]


def _converted(steps: Sequence[_Step | None], payload: bytes) -> bytes:
    row = read_row(payload)
    if len(row) != len(steps):
        raise Unfit(unfit("", f"has {len(steps)} columns, and a row of {len(row)} values"))
    return write_row(
        [one if step is None else step(one) for step, one in zip(steps, row, strict=True)]
    )


def rows_of(portal: Portal, maximum: int) -> list[Frame]:
    """What an Execute gives of a portal: so many rows (0 = all), and how it ends. Raises
    Malformed."""
    left = portal.left
    if not left:
        raise Malformed("a recorded result does not end")
    rows = sum(kind in (b"D", FRAMED) for kind, _ in left)
    if maximum and rows >= maximum:
        portal.left, portal.given = left[maximum:], True
        return [*left[:maximum], (b"s", b"")]
    kind, payload = left[-1]
    if portal.given and kind == b"C":
        payload = with_count(payload, rows)
    portal.left = [(kind, with_count(payload, 0))] if rows and kind == b"C" else left[-1:]
    return [*left[:-1], (kind, payload)]


def take_back(said: list[Frame], step: bytes) -> None:
    """An earlier step has failed: what answered it, and all after that, was never said."""
    for index in range(len(said) - 1, -1, -1):
        if said[index][0] == step:
            del said[index:]
            return


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
