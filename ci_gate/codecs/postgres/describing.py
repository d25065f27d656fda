"""Descriptions that nobody has recorded: another driver asks for them than was recorded with.

What a statement gives, its recorded results tell. What types its parameters have is told by the
descriptions of others, by casts in its text, and by the columns they are compared with or stored in,
as results of the same tables name them. Where one of them stays unknown there is no description: a
driver would send values of a wrong type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from struct import pack, unpack_from

import msgspec

from ci_gate.codecs.postgres.columns import read_columns, write_columns
from ci_gate.codecs.postgres.frames import frame, frames
from ci_gate.codecs.postgres.literals import lifted
from ci_gate.codecs.postgres.sql import look, parameter_names
from ci_gate.codecs.postgres.types import OIDS
from ci_gate.model.message import PgResult, PgStatement

_PARAMETER = re.compile(r"\$(\d{1,5})(?:\s*::\s*([a-z_]\w*(?:\[\])?))?", re.IGNORECASE)
_COUNT = re.compile(r"\b(?:LIMIT|OFFSET)\s+\$(\d{1,5})", re.IGNORECASE)
_INT8 = OIDS["int8"]
_OTHER_NAMES = {
    "bigint": "int8", "integer": "int4", "int": "int4", "smallint": "int2", "boolean": "bool",
    "decimal": "numeric", "real": "float4",
}  # fmt: skip

Columns = dict[tuple[str, str], set[int]]
"""(table, column) -> types that it was seen to have."""


class Descriptions:
    """What the recorded calls to one database tell of its statements."""

    def __init__(self, recorded: Iterable[tuple[PgStatement, PgResult]]) -> None:
        self._results: dict[str, bytes] = {}
        """By a statement's text: RowDescription, or NoData."""
        self._parameters: dict[tuple[str, int], bytes] = {}
        """By text and number of parameters: lists of any length have one text."""
        self._columns: Columns = {}
        for statement, result in recorded:
            if isinstance(result.body, bytes) and not result.at:
                self._learn(statement, result.body)

    def _learn(self, statement: PgStatement, body: bytes) -> None:
        looked = look(statement.sql)
        row = b""
        for kind, payload in frames(body):
            if kind == b"T" and not row:
                row = frame(kind, _as_text(payload))
                for column in read_columns(payload):
                    for table in looked.tables:
                        known = self._columns.setdefault((table, column.name), set())
                        known.add(column.oid)
            elif kind == b"t":
                self._parameters.setdefault((looked.text, len(_oids(payload))), payload)
                self._typed(looked.tables, statement.sql, payload)
            elif kind in (b"E", b"D") and not row:
                return
            elif kind in (b"D", b"C"):
                break  # the rows are many, and tell nothing more
        if len(looked.commands) == 1:
            self._results.setdefault(looked.text, row or frame(b"n"))

    def _typed(self, tables: Sequence[str], sql: str, payload: bytes) -> None:
        for name, oid in zip(parameter_names(sql), _oids(payload), strict=False):
            for table in tables:
                if name:
                    self._columns.setdefault((table, name), set()).add(oid)

    def of(self, statement: PgStatement) -> PgResult | None:
        """The answer to a Describe, None where that is not known."""
        looked = look(statement.sql)
        told = self._results.get(looked.text)
        if told is None or statement.step == "portal":
            return None if told is None else PgResult(told)
        text = lifted(statement.sql).text
        casts = {int(number): cast.lower() for number, cast in _PARAMETER.findall(text)}
        count = max(casts, default=0)
        parameters = self._parameters.get((looked.text, count))
        if parameters is None:
            names = parameter_names(statement.sql)
            counts = {int(number) for number in _COUNT.findall(text)}
            types = [
                _INT8
                if number in counts
                else self._type(casts.get(number, ""), names[number - 1 : number], looked.tables)
                for number in range(1, count + 1)
            ]
            if 0 in types:
                return None
            parameters = pack(f"!H{count}I", count, *types)
        return PgResult(frame(b"t", parameters) + told)

    def _type(self, cast: str, names: Sequence[str], tables: Sequence[str]) -> int:
        """Of a parameter that is cast so, or of the column it belongs to; 0 = not known."""
        if cast:
            return OIDS.get(_OTHER_NAMES.get(cast, cast), 0)
        seen = {
            oid
            for name in names
            for table in tables
            for oid in self._columns.get((table, name), ())
        }
        return seen.pop() if len(seen) == 1 else 0


def _oids(payload: bytes) -> tuple[int, ...]:
    count = unpack_from("!H", payload)[0]
    return unpack_from(f"!{count}I", payload, 2) if len(payload) >= 2 + 4 * count else ()


def _as_text(payload: bytes) -> bytes:
    """A statement's description says text of every column: the formats are a portal's."""
    return write_columns(
        [msgspec.structs.replace(one, binary=False) for one in read_columns(payload)]
    )
