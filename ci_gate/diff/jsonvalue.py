"""JSON decoded for comparing: number lexemes kept, duplicate keys noticed, depth bounded."""

from __future__ import annotations

import json

_LONGEST = 64 * 1024 * 1024
"""Bytes; a longer body is compared as text, so that decoding it stays within bounds."""


class NotJson(Exception):
    """The body cannot be compared by structure."""


def _number(text: str) -> tuple[str]:
    """A number by its lexeme, as a tuple: no JSON text decodes to one, and two are equal exactly
    when they are written alike (1 is not 1.0, and neither is true)."""
    return (text,)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NotJson("an object has a key twice: readers disagree on which one counts")
    return made


_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_number, parse_float=_number, parse_constant=_number
).decode


def decode(body: bytes) -> object:
    """The value of a JSON body: dict, list, str, bool, None, and numbers as tuples of one lexeme.

    Raises NotJson when it is not JSON (RFC 8259), is nested deeper than the interpreter's stack
    allows, or has a key twice in an object: such bodies are compared as text.
    """
    if len(body) > _LONGEST:
        raise NotJson("too large to be compared by structure")
    try:
        return _decode(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise NotJson("not JSON") from error
