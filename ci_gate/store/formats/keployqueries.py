"""PostgresV3 mocks of Keploy: one invocation of a statement, its values as YAML has them. Pure.

Values are told as such, whatever format was on the wire: they become text, as a server writes it,
and bytes where the tool does not know the type either. The mock gives them in the format that the
client asks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.form import error
from ci_gate.codecs.postgres.frames import frame
from ci_gate.model.message import PgResult, PgStatement
from ci_gate.store.formats.found import Item, Lost, Skipped
from ci_gate.store.formats.keploydata import about
from ci_gate.store.formats.messages import Bad

NORMALISED = "a statement's own spelling: the tool keeps the normalised one"
COPY = "PostgreSQL's COPY: the tool does not keep what the client sends"
_OTHERS = {
    "session": "a PostgreSQL session, which the codec speaks by itself",
    "catalog": "PostgreSQL's catalog, without the statements that ask for it",
    "data": "rows of a table, without the statements that ask for them",
    "generator": "a generator of values, without the statements that ask for them",
}
_BOOL, _BYTEA = 16, 17
_DAY, _MOMENTS = 1082, (1114, 1184)
_TIME = re.compile(r"(\d{4,}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d{1,6})?)\d*(Z|z|[+-]\d\d:\d\d)?")
_MOST = 1664
"""Columns that a result can have."""
_FIELDS = ("severity", "code", "message", "detail", "hint")


def found(document: dict[str, Any], where: str, causes: tuple[str, ...] | None) -> Iterator[Item]:
    """What one mock tells. Raises Bad for what breaks the format."""
    spec = document["spec"]
    told = spec.get("postgresV3")
    if not isinstance(told, dict):
        raise Bad("it has no spec.postgresV3")
    query, kind = told.get("query"), str(told.get("type") or "")
    if not isinstance(query, dict):
        yield Skipped(where, _OTHERS.get(kind, f"a PostgreSQL mock of type {kind[:30]!r}"))
        return
    sql, answer = query.get("sqlNormalized"), query.get("response") or {}
    if not isinstance(sql, str) or not sql.strip() or not isinstance(answer, dict):
        raise Bad("a query has its SQL and a response")
    if answer.get("copyIn") or answer.get("copyOut") or answer.get("functionCall"):
        yield Skipped(where, COPY)
        return
    params = tuple(_logical(one, oid) for one, oid in _typed(query))
    inside = str(query.get("precedingTxState") or "I") not in ("I", "idle")
    yield Lost(where, NORMALISED)
    yield about(
        spec,
        where,
        causes,
        scheme="postgres",
        session=str(query.get("invocationId") or "").partition(":")[0],
        request=PgStatement(sql, params, "execute", inside),
        response=PgResult(_result(answer)),
    )


def _typed(query: dict[str, Any]) -> list[tuple[Any, int]]:
    values, oids = query.get("bindValues") or [], query.get("paramOids") or []
    if not isinstance(values, list) or not isinstance(oids, list):
        raise Bad("bindValues and paramOids are lists")
    return [
        (value, _number(oids[index]) if index < len(oids) else 0)
        for index, value in enumerate(values)
    ]


def _result(answer: dict[str, Any]) -> bytes:
    """The backend messages of a response."""
    fields, rows, notices = (
        answer.get(name) or [] for name in ("rowDescription", "rows", "notices")
    )
    if not all(isinstance(one, list) for one in (fields, rows, notices)) or len(fields) > _MOST:
        raise Bad("rowDescription, rows and notices are lists")
    oids = [_number(_member(one, "typeOid")) for one in fields]
    made = [_row(one, oids) for one in rows]
    opaque = {index for row in made for index, one in enumerate(row) if isinstance(one, bytes)}
    body = b""
    if fields:
        columns = [_column(one, index in opaque) for index, one in enumerate(fields)]
        body += frame(b"T", write_columns(columns))
    for one in notices:
        body += frame(b"N", error(_told(one)))
    for row in made:
        data = [one.encode("utf-8", "replace") if isinstance(one, str) else one for one in row]
        body += frame(b"D", write_row(data))
    if isinstance(answer.get("error"), dict):
        return body + frame(b"E", error({"severity": "ERROR"} | _told(answer["error"])))
    tag = str(answer.get("commandComplete") or "").replace("\0", "")
    return body + frame(b"C", tag.encode("utf-8", "replace") + b"\0")


def _row(row: Any, oids: list[int]) -> list[str | bytes | None]:
    if not isinstance(row, list) or len(row) != len(oids):
        raise Bad("a row has another number of values than its description")
    return [_logical(value, oid) for value, oid in zip(row, oids, strict=True)]


def _column(field: Any, opaque: bool) -> Column:
    """A column; `opaque`: it holds values of a type that the tool has kept as bytes."""
    size, modifier = _number(_member(field, "typeSize")), _number(_member(field, "typeMod"))
    return Column(
        name=str(_member(field, "name") or "").replace("\0", ""),
        oid=_number(_member(field, "typeOid")) & 0xFFFFFFFF,
        binary=opaque,
        table=_number(_member(field, "tableOid")) & 0xFFFFFFFF,
        number=_number(_member(field, "colAttrNum")) & 0x7FFF,
        size=size if -(1 << 15) <= size < 1 << 15 else -1,
        modifier=modifier if 0 < modifier < 1 << 31 else -1,
    )


def _logical(value: Any, oid: int) -> str | bytes | None:
    """A value as the text that a server writes; bytes of a type that the tool does not know."""
    if value is None:
        return None
    if isinstance(value, bytes):
        return "\\x" + value.hex() if oid == _BYTEA else value
    text = str(value)
    if oid == _BOOL:
        return {"true": "t", "false": "f"}.get(text.lower(), text)
    time = _TIME.fullmatch(text) if oid in (_DAY, *_MOMENTS) else None
    if time is None:
        return text
    if oid == _DAY:
        return time[1]
    clock = time[2].rstrip("0").rstrip(".") if "." in time[2] else time[2]
    zone = "+00" if (time[3] or "Z") in "Zz" else time[3].removesuffix(":00")
    return f"{time[1]} {clock}" + (zone if oid == _MOMENTS[1] else "")


def _told(fields: Any) -> dict[str, str]:
    return {name: str(_member(fields, name)) for name in _FIELDS if _member(fields, name)}


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _number(value: Any) -> int:
    """A number within 32 bits. Raises Bad."""
    try:
        number = int(value or 0)
    except (TypeError, ValueError) as wrong:
        raise Bad(f"{str(value)[:20]!r} is no number") from wrong
    if not -(1 << 31) <= number < 1 << 32:
        raise Bad(f"{number} is too large")
    return number
