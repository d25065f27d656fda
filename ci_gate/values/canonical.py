"""Canonical forms: what two parts have in common when they mean the same, as hashable data.

For match keys and for comparing. Order of JSON object keys and of differently named fields does
not count; order of array items and of fields of one name does. Numbers keep their class (1 and
1.0 differ), and no number equals a text.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Collection, Hashable
from typing import Any

from ci_gate.model.message import Part, Pieces
from ci_gate.values.jsontext import DEPTH, step
from ci_gate.values.leaves import read_text
from ci_gate.values.places import leaves

Blank = Callable[[str, object], str | None]
"""(place, value) -> the placeholder to put instead of the value ("‹uuid›"), None to keep it."""

_TRUE, _FALSE = ("true",), ("false",)
_EXACT_DIGITS = 17
"""Significant digits that a double holds for sure, sign and point included in the count."""


class _Members(list[tuple[str, Any]]):
    """A JSON object as its members in order, duplicates included."""


class _Lexeme(str):
    """A number that a double does not hold exactly, as it is written."""


class _NotJsonError(ValueError):
    """The text is not JSON, or not as deep as we read."""


def canonical(part: Part, blank: Blank, names: Collection[str] | None = None) -> Hashable:
    """The canonical form of a part; equal forms mean the same under `blank`.

    `names` (lower case) limits a part of headers to those; None takes all. `blank` is asked for
    every value with its place as `walk` gives it. Bodies that are not at hand stand for themselves.
    """
    value = part.value
    if part.media == "json":
        data = _bytes(value)
        if data is not None:
            try:
                return _of(_parsed(data), part.place + ".$", blank)
            except _NotJsonError:
                pass
    if part.media in ("query", "form", "headers", "path", "multipart", "json"):
        return _fields(part, blank, names)
    return _whole(part, blank)


def _bytes(value: object) -> bytes | None:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, Pieces):
        return b"".join(piece.data for piece in value.items)
    return None


def _whole(part: Part, blank: Blank) -> Hashable:
    data = _bytes(part.value)
    if data is None:
        return _put(blank(part.place, part.value), part.value)
    if part.media == "binary":
        return _put(blank(part.place, data), data)
    text = read_text(data, part.parameter)[0]
    return _put(blank(part.place, text), text)


def _put(placeholder: str | None, value: Hashable) -> Hashable:
    return value if placeholder is None else ("blank", placeholder)


def _fields(part: Part, blank: Blank, names: Collection[str] | None) -> Hashable:
    """Places carry the order among fields of one name, so sorting by place keeps just that."""
    found = leaves(part)
    if not found and part.value:
        return _whole(part, blank)
    if names is not None:
        found = [leaf for leaf in found if leaf.name in names]
    return tuple(
        sorted(
            (
                (leaf.place, _put(blank(leaf.place, leaf.value), _scalar(leaf.value)))
                for leaf in found
            ),
            key=_place,
        )
    )


def _place(item: tuple[str, Hashable]) -> str:
    return item[0]


def _parsed(data: bytes) -> Any:
    # The parser recurses; texts with few brackets cannot be deep, the rest is measured first.
    if data.count(b"[") + data.count(b"{") > DEPTH and _depth(data) > DEPTH:
        raise _NotJsonError
    try:
        return _DECODER.decode(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _NotJsonError from error


_BRACKETS = bytes(set(range(256)) - set(b'[]{}"\\'))
_CHANGE = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def _depth(data: bytes) -> int:
    """Deepest nesting, strings left out; may count too much in what is not JSON."""
    outside = data.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _BRACKETS)
    deltas = (_CHANGE.get(sign, 0) for run in outside.split(b'"')[::2] for sign in run)
    return max(itertools.accumulate(deltas, initial=0))


def _number(lexeme: str) -> float | _Lexeme:
    value = float(lexeme)
    exact = len(lexeme) <= _EXACT_DIGITS and value != 0 and math.isfinite(value)
    return value if exact or lexeme in ("0.0", "-0.0") else _Lexeme(lexeme)


def _constant(lexeme: str) -> float:
    raise _NotJsonError(lexeme)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Members, parse_float=_number, parse_constant=_constant
)


def _scalar(value: object) -> Hashable:
    if value is True:
        return _TRUE
    if value is False:
        return _FALSE
    if isinstance(value, float):
        return ("float", value)
    if isinstance(value, _Lexeme):
        return ("float", str(value))
    return value


def _of(value: Any, place: str, blank: Blank) -> Hashable:
    if isinstance(value, _Members):
        members = [(key, _of(inner, place + step(key), blank)) for key, inner in value]
        members.sort(key=_place)
        return ("object", *members)
    if isinstance(value, list):
        return (
            "array",
            *(_of(inner, f"{place}[{index}]", blank) for index, inner in enumerate(value)),
        )
    known = float(value) if isinstance(value, _Lexeme) else value
    return _put(blank(place, known), _scalar(value))
