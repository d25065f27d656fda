"""The shape of a body without its values: what tells one kind of answer from another. Pure."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import msgspec

_DEEPEST = 20
_WIDEST = 2000
"""Items of one list or object that are looked at."""
_VARIABLE = re.compile(r"\d|\A[0-9a-f-]{8,}\Z", re.IGNORECASE)
"""A member's name with a digit in it is one of many: a map by id, not a field."""


def outline(data: bytes | str | None) -> Hashable:
    """Equal for bodies that differ in values only: in JSON names and types count, lists as the
    set of what is in them. None = a body that is not at hand."""
    if data is None:
        return "elsewhere"
    if not data:
        return ""
    first = data[:1]
    if first not in (b"{", b"[", "{", "["):
        return "text"
    try:
        return _shape(msgspec.json.decode(data), 0)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return "text"


def _shape(value: Any, depth: int) -> Hashable:
    kind = type(value)
    if kind is dict:
        if depth >= _DEEPEST:
            return "object"
        return frozenset(
            [
                ("*" if _VARIABLE.search(name) else name, _shape(item, depth + 1))
                for name, item in list(value.items())[:_WIDEST]
            ]
        )
    if kind is list:
        if depth >= _DEEPEST:
            return "array"
        return ("array", frozenset([_shape(item, depth + 1) for item in value[:_WIDEST]]))
    return "number" if kind is int or kind is float else kind.__name__
