"""Values as short text for people: bounded, masked, readable. Never raises, whatever the bytes.

Decoded JSON is what `jsonvalue.decode` gives: a number is a tuple of its lexeme.
"""

from __future__ import annotations

import json

from ci_gate.values.redaction.masks import masked

LIMIT = 200
"""Characters of an expected or actual value in a difference."""

_WINDOW = 8 * 1024
_HARMLESS = 7
"""Characters that no secret is short enough for."""


def clean(text: str, limit: int = LIMIT) -> str:
    """`text` masked, cut to `limit` characters, and encodable (lone surrogates escaped)."""
    if len(text) <= _HARMLESS and text.isascii():
        return text
    window = text
    if len(text) > _WINDOW:
        # A value cut in two would no longer be recognised as secret: end before it begins.
        window = text[:_WINDOW]
        window = window[: max(window.rfind(" "), window.rfind("\n"), window.rfind('"'), 0)]
    window = masked(window.encode("utf-8", "backslashreplace").decode())
    if len(window) > limit or len(text) > _WINDOW:
        return window[: limit - 1] + "…"
    return window


def lexeme(value: object, limit: int = LIMIT) -> str:
    """A decoded JSON value as JSON text, masked and cut."""
    pieces: list[str] = []
    _write(value, pieces, _WINDOW)
    return clean("".join(pieces), limit)


def _write(value: object, pieces: list[str], left: int) -> int:
    """Append JSON text until about `left` characters are written; what is left."""
    if left <= 0:
        return left
    if isinstance(value, dict):
        pieces.append("{")
        for position, (key, member) in enumerate(value.items()):
            if left <= 0:
                break
            name = json.dumps(key[: left + 1], ensure_ascii=False)
            pieces.append(f"{', ' if position else ''}{name}: ")
            left = _write(member, pieces, left - len(name) - 4)
        pieces.append("}")
        return left
    if isinstance(value, list):
        pieces.append("[")
        for position, item in enumerate(value):
            if left <= 0:
                break
            if position:
                pieces.append(", ")
            left = _write(item, pieces, left - 2)
        pieces.append("]")
        return left
    if isinstance(value, tuple):
        text = str(value[0])
    elif isinstance(value, str):
        text = json.dumps(value[: left + 1], ensure_ascii=False)
    else:
        text = json.dumps(value)
    pieces.append(text)
    return left - len(text)


def type_name(value: object) -> str:
    """The JSON type of a decoded value, as people say it."""
    if isinstance(value, tuple):
        return "number"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "null"


def scalar(value: object) -> object:
    """A decoded JSON scalar as `values.kinds` takes it: numbers become int or float."""
    if not isinstance(value, tuple):
        return value
    text = str(value[0])
    if len(text) <= 30 and text.lstrip("-").isdigit():
        return int(text)
    return float(text)  # also NaN and Infinity, which no kind takes for a number of a calendar
