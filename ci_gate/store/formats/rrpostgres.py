"""PostgreSQL in proxymock pairs: one pair a protocol step, of which Execute is the statement.

Execute tells rows without their description, which the pair of an earlier Describe tells. Where no
pair of the recording describes them, or they are in a form that the pair does not keep, they cannot
be given back as the server sent them, and are told as what cannot be carried.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from struct import pack
from typing import Any

import msgspec

from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.frames import frame
from ci_gate.codecs.postgres.said import FAILED, IDLE, after
from ci_gate.codecs.postgres.sql import look
from ci_gate.model.message import PgResult, PgStatement
from ci_gate.store.formats.found import Found, Item, Lost, Skipped
from ci_gate.store.formats.messages import Bad

STEP = "a step of PostgreSQL's protocol, which the codec takes by itself"
ROWS = "PostgreSQL rows that no pair of the recording describes"
FORM = "PostgreSQL rows in a form that the pair does not keep"
EMPTY = "a PostgreSQL value without content: NULL"

_MOST = 1664
"""Columns that a result can have."""


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """What every pair tells, whatever its protocol."""

    inbound: bool
    at: float | None
    took: float
    name: str
    host: str
    port: int
    session: str


class _Executed(msgspec.Struct, frozen=True, kw_only=True):
    """An Execute whose rows are not described yet."""

    sql: str
    bound: dict[str, Any]
    said: list[Any]
    transaction: bool
    where: str
    common: Common


class Statements:
    """The statements of one recording, pair after pair in order of time."""

    def __init__(self) -> None:
        self._columns: dict[tuple[str, str], tuple[Column, ...]] = {}
        """Connection ("" = any) and text of a statement -> the columns of its rows."""
        self._status: dict[str, bytes] = {}
        """Connection -> of its transaction."""
        self._waiting: list[_Executed] = []

    def take(self, postgres: dict[str, Any], where: str, common: Common) -> Iterator[Item]:
        """What one pair tells: a statement, a description, or a step that is neither. Raises Bad."""
        described = _at(postgres, "request", "describe")
        if isinstance(described, dict):
            yield self._describe(described, postgres, where, common)
            return
        bound = _at(postgres, "request", "execute", "bindRequest")
        sql = _at(bound, "parseRequest", "query")
        said = _at(postgres, "response", "execute", "messages")
        if not isinstance(sql, str) or not isinstance(said, list):
            yield Skipped(where, STEP)
            return
        status = self._status.get(common.session, IDLE)
        self._status[common.session] = _after(status, sql, said)
        executed = _Executed(
            sql=sql, bound=bound, said=said, transaction=status != IDLE, where=where, common=common
        )
        if self._described(executed) is None and any("dataRow" in one for one in map(_dict, said)):
            self._waiting.append(executed)
        else:
            yield from self._found(executed)

    def finish(self) -> Iterator[Item]:
        """The statements whose rows were described by a later pair, or by none."""
        for one in self._waiting:
            if self._described(one) is None:
                yield Skipped(one.where, ROWS)
            else:
                yield from self._found(one)

    def _describe(
        self, described: dict[str, Any], postgres: dict[str, Any], where: str, common: Common
    ) -> Item:
        sql = _at(described, "parseRequest", "query")
        messages = _at(postgres, "response", "describe", "messages")
        fields = next(
            (
                _at(one, "rowDescription", "fields")
                for one in (messages if isinstance(messages, list) else ())
                if _at(one, "rowDescription") is not None
            ),
            None,
        )
        if not isinstance(sql, str) or not isinstance(fields, list):
            return Skipped(where, STEP)
        if len(fields) > _MOST:
            raise Bad(f"{len(fields)} columns")
        columns = tuple(map(_column, fields))
        self._columns[common.session, sql] = self._columns["", sql] = columns
        oids = _at(described, "parseRequest", "parameterOids") or []
        whole = isinstance(oids, list) and len(oids) <= _MOST and all(map(_is_type, oids))
        if described.get("objectType") != "OBJECT_TYPE_STATEMENT" or not whole:
            return Skipped(where, STEP)
        status = self._status.get(common.session, IDLE)
        told = frame(b"t", pack(f"!H{len(oids)}I", len(oids), *oids))
        return _exchange(
            PgStatement(sql, (), "describe", status != IDLE),
            PgResult(told + frame(b"T", write_columns(columns))),
            where,
            common,
        )

    def _described(self, one: _Executed) -> tuple[Column, ...] | None:
        mine = self._columns.get((one.common.session, one.sql))
        return self._columns.get(("", one.sql)) if mine is None else mine

    def _found(self, one: _Executed) -> Iterator[Item]:
        columns = _asked_as(self._described(one) or (), one.bound.get("resultFormatCodes"))
        body = frame(b"T", write_columns(columns)) if columns else b""
        empty = False
        for message in map(_dict, one.said):
            if "dataRow" in message:
                values = _at(message, "dataRow", "values")
                row = _row(columns, values if isinstance(values, list) else [])
                if row is None:
                    yield Skipped(one.where, FORM)
                    return
                empty = empty or {} in (values or [])
                body += frame(b"D", write_row(row))
            else:
                piece = _backend(message)
                if piece is None:
                    yield Skipped(one.where, FORM)
                    return
                body += piece
        if empty:
            yield Lost(one.where, EMPTY)
        parameters = one.bound.get("parameters")
        params = tuple(map(_text, parameters if isinstance(parameters, list) else ()))
        asked = PgStatement(one.sql, params, "execute", one.transaction)
        yield _exchange(asked, PgResult(body), one.where, one.common)


def _exchange(asked: PgStatement, answered: PgResult, where: str, common: Common) -> Found:
    return Found(
        where=where,
        inbound=common.inbound,
        request=asked,
        response=answered,
        scheme="postgres",
        host=common.host,
        port=common.port,
        at=common.at,
        took=common.took,
        session=common.session,
        name=common.name,
    )


def _after(status: bytes, sql: str, said: list[Any]) -> bytes:
    """The status of a transaction after a statement and its answer."""
    if any("error" in one for one in map(_dict, said)):
        return FAILED if status != IDLE else IDLE
    return after(status, look(sql).text)


def _is_type(oid: Any) -> bool:
    return isinstance(oid, int) and 0 < oid < 1 << 32


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _column(field: Any) -> Column:
    """A field of a row description, in text. Raises Bad."""
    told = _dict(field)
    numbers = [
        told.get(name, usual)
        for name, usual in (
            ("dataTypeOid", 0), ("tableOid", 0), ("tableAttributeNumber", 0), ("dataTypeSize", -1),
            ("typeModifier", -1),
        )
    ]  # fmt: skip
    if not all(isinstance(one, int) for one in numbers):
        raise Bad("a field of a row description has no numbers")
    oid, table, number, size, modifier = numbers
    return Column(
        name=str(told.get("name") or "").replace("\0", ""),
        oid=oid & 0xFFFFFFFF,
        table=table & 0xFFFFFFFF,
        number=number & 0x7FFF,
        size=_signed(size, 16),
        modifier=_signed(modifier, 32),
    )


def _signed(number: int, bits: int) -> int:
    """A number that was told without its sign: 4294967295 is -1."""
    number &= (1 << bits) - 1
    return number - (1 << bits) if number >> (bits - 1) else number


def _asked_as(columns: tuple[Column, ...], codes: Any) -> tuple[Column, ...]:
    """The columns in the formats that Bind has asked for (PostgreSQL's documentation, "Bind")."""
    listed = codes if isinstance(codes, list) else []
    if len(listed) == 1:
        listed = listed * len(columns)
    binary = [bool(one) for one in listed[: len(columns)]]
    binary += [False] * (len(columns) - len(binary))
    return tuple(
        msgspec.structs.replace(column, binary=form)
        for column, form in zip(columns, binary, strict=True)
    )


def _row(columns: tuple[Column, ...], values: list[Any]) -> list[bytes | None] | None:
    """The values of a row; None for what the pair does not keep as it was."""
    if len(values) != len(columns):
        return None
    row: list[bytes | None] = []
    for column, value in zip(columns, values, strict=True):
        told = _dict(value)
        if not told:
            row.append(None)
        elif isinstance(told.get("asBytes"), str):
            try:
                row.append(b64decode(told["asBytes"], validate=True))
            except (binascii.Error, ValueError):
                return None
        elif isinstance(told.get("asString"), str) and not column.binary:
            row.append(told["asString"].encode("utf-8", "replace"))
        else:
            return None
    return row


def _at(value: Any, *path: str) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _text(parameter: Any) -> str | None:
    value = parameter.get("asString") if isinstance(parameter, dict) else None
    return value if isinstance(value, str) else None


def _backend(message: Any) -> bytes | None:
    """A backend message (PostgreSQL's documentation, section 55.7), or None for what is none of
    CommandComplete and ErrorResponse."""
    if not isinstance(message, dict):
        return None
    tag = _at(message, "complete", "tag")
    if isinstance(tag, str):
        return frame(b"C", _zero(tag))
    error = message.get("error")
    if not isinstance(error, dict):
        return None
    fields = {"S": "ERROR", "V": "ERROR", "C": error.get("code"), "M": error.get("msg")}
    told = b"".join(
        key.encode() + _zero(value) for key, value in fields.items() if isinstance(value, str)
    )
    return frame(b"E", told + b"\0")


def _zero(text: str) -> bytes:
    return text.encode("utf-8", "replace").replace(b"\0", b"") + b"\0"
