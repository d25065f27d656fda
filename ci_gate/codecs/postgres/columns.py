"""Row descriptions, and the values of rows as JSON scalars (protocol: RowDescription, DataRow)."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence

import msgspec

from ci_gate.codecs.postgres.frames import Malformed, Payload, value
from ci_gate.codecs.postgres.remedies import unfit
from ci_gate.codecs.postgres.types import NAMES, OIDS, shown, to_binary, to_text

_SIZES = {16: 1, 18: 1, 19: 64, 20: 8, 21: 2, 23: 4, 26: 4, 700: 4, 701: 8, 1082: 4, 1083: 8,
          1114: 8, 1184: 8, 1186: 16, 1266: 12, 2278: 4, 2950: 16}  # fmt: skip
"""What a description says of fixed-size types; others say -1."""
_INTEGERS = frozenset((20, 21, 23, 26))
_FIELD = struct.Struct("!IhIhih")


class Unfit(Malformed):
    """A recorded result cannot be said as it is asked for; the text names column and remedy."""


class Column(msgspec.Struct, frozen=True):
    """One column of a row description."""

    name: str
    oid: int
    binary: bool = False
    table: int = 0
    number: int = 0
    size: int = -1
    modifier: int = -1


def read_columns(payload: bytes) -> tuple[Column, ...]:
    """The columns of a RowDescription. Raises Malformed."""
    data = Payload(payload)
    columns: list[Column] = []
    for _ in range(data.short()):
        name = data.string().decode("utf-8", "surrogateescape")
        table, number, oid, size, modifier, form = _FIELD.unpack(data.take(_FIELD.size))
        columns.append(Column(name, oid, form == 1, table, number, size, modifier))
    return tuple(columns)


def write_columns(columns: Sequence[Column]) -> bytes:
    """The payload of a RowDescription."""
    out = [struct.pack("!H", len(columns))]
    for one in columns:
        out.append(one.name.encode("utf-8", "surrogateescape") + b"\0")
        fields = (one.table, one.number, one.oid, one.size, one.modifier, int(one.binary))
        out.append(_FIELD.pack(*fields))
    return b"".join(out)


def column_form(column: Column) -> list[object]:
    """[name, type] and, where it is not what follows from these, an object with the rest."""
    form: list[object] = [column.name, NAMES.get(column.oid, column.oid)]
    usual = Column(column.name, column.oid, size=_SIZES.get(column.oid, -1))
    rest = {
        name: getattr(column, name)
        for name in ("binary", "table", "number", "size", "modifier")
        if getattr(column, name) != getattr(usual, name)
    }
    return [*form, rest] if rest else form


def column_of(form: object) -> Column:
    """The inverse of `column_form`. Raises ValueError."""
    if not isinstance(form, list) or len(form) not in (2, 3):
        raise ValueError("a column is its name, its type and perhaps more")
    name, kind = form[:2]
    oid = type_of(kind)
    rest = form[2] if len(form) == 3 else {}
    return msgspec.convert({"name": name, "oid": oid, "size": _SIZES.get(oid, -1)} | rest, Column)


def type_name(oid: int) -> object:
    """A type as people know it, or its number."""
    return NAMES.get(oid, oid)


def type_of(form: object) -> int:
    """The inverse of `type_name`. Raises ValueError."""
    oid = OIDS.get(form, -1) if isinstance(form, str) else form
    if not isinstance(oid, int) or not 0 <= oid < 1 << 32:
        raise ValueError(f"{form!r} is no type")
    return oid


def read_row(payload: bytes) -> list[bytes | None]:
    """The values of a DataRow. Raises Malformed."""
    data = Payload(payload)
    return [data.value() for _ in range(data.short())]


def write_row(values: Sequence[bytes | None]) -> bytes:
    """The payload of a DataRow."""
    return struct.pack("!H", len(values)) + b"".join(map(value, values))


def scalar(column: Column | None, data: bytes | None) -> object:
    """A value as JSON: null, true, 12, "text", {"$b64": …}; {"$binary": …} for a binary form that
    cannot be told exactly."""
    if data is None:
        return None
    if column is not None and column.binary:
        text = to_text(column.oid, data)
        if text is None:
            return {"$binary": base64.b64encode(data).decode()}
    else:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return {"$b64": base64.b64encode(data).decode()}
    return text_form(column.oid if column is not None else 0, text)


def text_form(oid: int, text: str) -> object:
    """The text of a value as JSON."""
    if oid == 16 and text in ("t", "f"):
        return text == "t"
    if (
        oid in _INTEGERS
        and text.lstrip("-").isdigit()
        and len(text) < 20
        and str(int(text)) == text
    ):
        return int(text)
    return text


def form_text(form: object) -> str | bytes | None:
    """The text, bytes or NULL that a JSON scalar stands for. Raises ValueError."""
    if isinstance(form, bool):
        return "t" if form else "f"
    if form is None or isinstance(form, str):
        return form
    if isinstance(form, int | float):
        return str(form)
    if isinstance(form, dict) and len(form) == 1:
        tag, inner = next(iter(form.items()))
        if tag in ("$b64", "$binary") and isinstance(inner, str):
            try:
                return base64.b64decode(inner, validate=True)
            except binascii.Error as error:
                raise ValueError(f"broken base64 ({error})") from error
    raise ValueError(f"{form!r} stands for no value")


def wire(column: Column | None, form: object) -> bytes | None:
    """The inverse of `scalar`. Raises ValueError for what the column's type cannot hold."""
    text = form_text(form)
    if text is None or isinstance(text, bytes):
        return text
    if column is None or not column.binary:
        return text.encode("utf-8", "surrogatepass")
    data = to_binary(column.oid, text)
    if data is None:
        raise ValueError(f"{text!r} is no {type_name(column.oid)}")
    return data


def converted(column: Column, data: bytes | None, *, binary: bool) -> bytes | None:
    """A value in the other format. Raises Unfit when it cannot be told."""
    if data is None or column.binary == binary:
        return data
    if binary:
        found = to_binary(column.oid, data.decode("utf-8", "surrogateescape"))
    else:
        text = shown(column.oid, data)
        found = None if text is None else text.encode()
    if found is None:
        was, asked = ("text", "binary") if binary else ("binary", "text")
        why = f"holds what is no {type_name(column.oid)} that we know"
        raise Unfit(unfit(column.name, f"{why} ({was} was recorded, {asked} is asked for)"))
    return found
