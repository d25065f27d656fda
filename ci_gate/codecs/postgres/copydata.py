"""What COPY FROM STDIN sends in text format, as JSON rows ("COPY", File Formats, Text Format)."""

from __future__ import annotations

import json
import re

_COLUMNS = re.compile(r"^\s*COPY\s+[^(]+\(([^)]*)\)", re.IGNORECASE)
_OTHER = re.compile(r"\b(?:BINARY|CSV|DELIMITER|NULL|ENCODING)\b", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_SPELLED = str.maketrans({"\\": "\\\\"} | {char: f"\\{name}" for name, char in _MEANS.items()})


def copy_form(sql: str, data: bytes) -> bytes | None:
    """Rows as JSON, objects where the statement names its columns; None for another format, or for
    data that are not spelled as a server spells them."""
    if _OTHER.search(sql.partition(")")[2] or sql) or not data.endswith(b"\n"):
        return None
    try:
        lines = data.decode()[:-1].split("\n")
    except UnicodeDecodeError:
        return None
    names = _names(sql)
    rows = [[_value(field) for field in line.split("\t")] for line in lines]
    if names and any(len(row) != len(names) for row in rows):
        names = []
    form = [dict(zip(names, row, strict=True)) for row in rows] if names else rows
    text = json.dumps(form, ensure_ascii=False, separators=(",", ":")).encode()
    return text if copy_data(text) == data else None


def copy_data(form: bytes) -> bytes:
    """The inverse of `copy_form`. Raises ValueError."""
    rows = json.loads(form)
    if not isinstance(rows, list):
        raise ValueError("rows are an array")
    lines = [
        "\t".join(map(_spelled, row.values() if isinstance(row, dict) else row)) + "\n"
        for row in rows
    ]
    return "".join(lines).encode()


def _names(sql: str) -> list[str]:
    listed = _COLUMNS.match(sql)
    names = [one.strip().strip('"') for one in listed[1].split(",")] if listed else []
    return names if len(set(names)) == len(names) else []


def _value(field: str) -> str | None:
    if field == "\\N":
        return None
    return _ESCAPED.sub(lambda found: _MEANS.get(found[1], found[1]), field)


def _spelled(value: object) -> str:
    return "\\N" if value is None else str(value).translate(_SPELLED)
