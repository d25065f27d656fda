"""Outcomes as JSON, both ways: how a snapshot shows results, and how places name them.

    {"columns": [["id", "int4"]], "rows": [{"id": 1}], "tag": "SELECT 1"}
    {"tag": "INSERT 0 1"}     {"error": {"severity": "ERROR", "code": "23505", …}}
    {"parameters": ["int4"], "columns": […]}      of a described statement; {"nodata": true}
    {"copy_out": "…", "data": ["1\\tAda\\n"], "tag": "COPY 1"}     {"copy_in": "…", "tag": "COPY 1"}

A result is an array of these: a simple query may hold several statements. A row is an object when
the names of its columns are distinct, so that a place says the column:
`response.results.$[0].rows[3].email`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from struct import pack, unpack_from

from ci_gate.codecs.postgres.columns import (
    Column,
    column_form,
    column_of,
    read_columns,
    read_row,
    scalar,
    type_name,
    type_of,
    wire,
    write_columns,
    write_row,
)
from ci_gate.codecs.postgres.frames import Malformed, frame, frames

_FIELDS = {
    "S": "severity", "V": "level", "C": "code", "M": "message", "D": "detail", "H": "hint",
    "P": "position", "p": "internal_position", "q": "internal_query", "W": "where", "s": "schema",
    "t": "table", "c": "column", "d": "datatype", "n": "constraint", "F": "file", "L": "line",
    "R": "routine",
}  # fmt: skip
"""Fields of ErrorResponse and NoticeResponse."""
_CODES = {name: code for code, name in _FIELDS.items()}

Outcome = dict[str, object]


def result_form(body: bytes) -> bytes:
    """Backend messages as JSON. Raises Malformed."""
    outcomes: list[Outcome] = []
    current: Outcome = {}
    columns: tuple[Column, ...] | None = None
    for kind, payload in frames(body):
        if kind == b"D":
            rows = current.setdefault("rows", [])
            assert isinstance(rows, list)
            rows.append(_row_form(columns, read_row(payload)))
            continue
        if kind == b"T":
            columns = read_columns(payload)
            current["columns"] = [column_form(one) for one in columns]
            continue
        _take(current, kind, payload)
        if kind in b"CEINs":
            outcomes.append(current)
            current, columns = {}, None
    if current:
        outcomes.append(current)
    return json.dumps(outcomes, ensure_ascii=False, separators=(",", ":")).encode()


def _take(outcome: Outcome, kind: bytes, payload: bytes) -> None:
    if kind == b"C":
        outcome["tag"] = payload.rstrip(b"\0").decode("utf-8", "surrogateescape")
    elif kind in (b"E", b"N"):
        outcome["error" if kind == b"E" else "notice"] = fields(payload)
    elif kind == b"t":
        count = unpack_from("!H", payload)[0]
        if len(payload) < 2 + 4 * count:
            raise Malformed("a message is shorter than it says")
        outcome["parameters"] = [type_name(oid) for oid in unpack_from(f"!{count}I", payload, 2)]
    elif kind in b"nIs":
        outcome[_FLAGS[kind]] = True
    elif kind in (b"G", b"H"):
        outcome["copy_in" if kind == b"G" else "copy_out"] = base64.b64encode(payload).decode()
    elif kind == b"d":
        data = outcome.setdefault("data", [])
        assert isinstance(data, list)
        data.append(scalar(None, payload))
    elif kind == b"c":
        outcome["copied"] = True
    else:
        raise Malformed(f"{kind!r} is no part of a result")


_FLAGS = {b"n": "nodata", b"I": "empty", b"s": "suspended"}


def fields(payload: bytes) -> dict[str, str]:
    """The fields of an error or notice."""
    found: dict[str, str] = {}
    for item in payload.split(b"\0"):
        if item:
            code = item[:1].decode("latin-1")
            found[_FIELDS.get(code, code)] = item[1:].decode("utf-8", "surrogateescape")
    return found


def error(values: dict[str, str]) -> bytes:
    """The payload of an error or notice with these fields."""
    parts = [
        _CODES.get(name, name)[:1].encode("latin-1")
        + text.replace("\0", "").encode("utf-8", "surrogateescape")
        + b"\0"
        for name, text in values.items()
    ]
    return b"".join(parts) + b"\0"


def refused(code: str, text: str, hint: str = "") -> bytes:
    """The payload of an error of this SQLSTATE."""
    values = {"severity": "ERROR", "level": "ERROR", "code": code, "message": text}
    return error(values | ({"hint": hint} if hint else {}))


def _row_form(columns: Sequence[Column] | None, values: list[bytes | None]) -> object:
    if columns is None:
        return [scalar(None, one) for one in values]
    if len(columns) != len(values):
        raise Malformed("a row has another number of values than its description")
    scalars = [scalar(column, one) for column, one in zip(columns, values, strict=True)]
    return dict(zip(_names(columns), scalars, strict=True)) if _is_named(columns) else scalars


def _names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns]


def _is_of(row: dict[str, object], columns: Sequence[Column]) -> bool:
    return all(name == one.name for name, one in zip(row, columns, strict=True))


def _list(columns: Sequence[Column]) -> str:
    return ", ".join(_names(columns))


def _is_named(columns: Sequence[Column]) -> bool:
    names = _names(columns)
    return len(set(names)) == len(names) and not any(name[:1] in ("$", "") for name in names)


def result_body(form: bytes) -> bytes:
    """The inverse of `result_form`. Raises ValueError for JSON that is no such form."""
    outcomes = json.loads(form)
    if not isinstance(outcomes, list):
        raise ValueError("a result is an array of outcomes")
    out: list[bytes] = []
    for outcome in outcomes:
        if not isinstance(outcome, dict):
            raise ValueError("an outcome is an object")
        _put(outcome, out)
    return b"".join(out)


def _put(outcome: Outcome, out: list[bytes]) -> None:
    columns: list[Column] | None = None
    for name, inner in outcome.items():
        if name == "columns" and isinstance(inner, list):
            columns = [column_of(one) for one in inner]
            out.append(frame(b"T", write_columns(columns)))
        elif name == "rows" and isinstance(inner, list):
            out.extend(frame(b"D", write_row(_row(columns, row))) for row in inner)
        elif name == "data" and isinstance(inner, list):
            out.extend(frame(b"d", wire(None, one) or b"") for one in inner)
        elif name == "parameters" and isinstance(inner, list):
            oids = [type_of(one) for one in inner]
            out.append(frame(b"t", pack(f"!H{len(oids)}I", len(oids), *oids)))
        else:
            out.append(_message(name, inner))


def _message(name: str, inner: object) -> bytes:
    if name == "tag" and isinstance(inner, str):
        return frame(b"C", inner.encode("utf-8", "surrogateescape") + b"\0")
    if name in ("error", "notice") and isinstance(inner, dict):
        return frame(b"E" if name == "error" else b"N", error(inner))
    if name in ("copy_in", "copy_out") and isinstance(inner, str):
        return frame(b"G" if name == "copy_in" else b"H", base64.b64decode(inner))
    for kind, flag in {**_FLAGS, b"c": "copied"}.items():
        if name == flag:
            return frame(kind)
    raise ValueError(f"{name!r} is no part of an outcome")


def _row(columns: list[Column] | None, form: object) -> list[bytes | None]:
    values = list(form.values()) if isinstance(form, dict) else form
    if not isinstance(values, list) or (columns is not None and len(columns) != len(values)):
        raise ValueError("a row has another number of values than columns")
    if isinstance(form, dict) and columns is not None and not _is_of(form, columns):
        raise ValueError(f"a row holds {', '.join(form)}, its columns are {_list(columns)}")
    known: Sequence[Column | None] = columns or [None] * len(values)
    return [wire(column, one) for column, one in zip(known, values, strict=True)]
