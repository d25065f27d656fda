"""Literals of a statement as JSON, and back: many drivers write values into the text themselves.

A place then says `request.literals.$.email`, as it would of a parameter: redaction, noise and values
that travel reach one literal and not the whole text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from ci_gate.codecs.postgres.inlists import LITERALS, literal_order
from ci_gate.codecs.postgres.params import names
from ci_gate.codecs.postgres.sql import LONGEST, parameter_names, tokens

MARK = "?"
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?\Z")
"""A number whose JSON text is its SQL text."""
_SQL = "$sql"
"""Member that holds a literal as it was written: bit strings, dollar quotes, 1e5."""


class Lifted(msgspec.Struct, frozen=True):
    """A text and its literals."""

    between: tuple[str, ...]
    """The text before, between and after the literals."""
    literals: tuple[str, ...]
    """As they were written."""
    order: tuple[int, ...] = ()
    """Which of them each place of the JSON form has, see `inlists`."""

    @property
    def text(self) -> str:
        """With a mark for each literal."""
        return MARK.join(self.between)


@lru_cache(maxsize=2048)
def lifted(sql: str) -> Lifted:
    """A statement's literals lifted out of it; what is too long to be read, or no text, has none."""
    if len(sql) > LONGEST or not _is_text(sql):
        return Lifted((sql,), ())
    between: list[str] = []
    literals: list[str] = []
    copied = 0
    found = list(tokens(sql))
    for kind, start, end in found:
        if kind in LITERALS:
            between.append(sql[copied:start])
            literals.append(sql[start:end])
            copied = end
    order = literal_order((kind, sql[start:end]) for kind, start, end in found)
    return Lifted((*between, sql[copied:]), tuple(literals), order)


def literals_form(sql: str) -> bytes:
    """The literals as JSON, by column where the text tells it, others by their position, "$2"."""
    found = lifted(sql)
    forms = [_form(found.literals[at]) for at in found.order]
    columns = parameter_names(_as_parameters(found))
    by_name = names(columns, len(forms))
    form: object = dict(zip(by_name, forms, strict=True)) if by_name else forms
    return json.dumps(form, ensure_ascii=False, separators=(",", ":")).encode()


def with_literals(sql: str, text: str, form: bytes) -> str:
    """`text`, which is `sql` without its literals, with those of a JSON form. Raises ValueError
    where they are not as many."""
    found = lifted(sql)
    loaded = json.loads(form)
    values = list(loaded.values()) if isinstance(loaded, dict) else loaded
    if not isinstance(values, list) or len(values) != len(found.literals):
        raise ValueError("literals are as many as the statement has")
    literals = list(found.literals)
    for value, at in zip(values, found.order, strict=True):
        if value != _form(literals[at]):
            literals[at] = _literal(value)
    between = found.between if text == found.text else _split(found, text)
    return "".join(part + literal for part, literal in zip(between, [*literals, ""], strict=True))


def _split(found: Lifted, text: str) -> Sequence[str]:
    """A changed text between its literals: the marks are where they were among all marks."""
    pieces = text.split(MARK)
    if len(pieces) != found.text.count(MARK) + 1:
        raise ValueError("the text has other marks than the statement")
    between: list[str] = []
    for part in found.between:
        own = part.count(MARK) + 1
        between.append(MARK.join(pieces[:own]))
        pieces = pieces[own:]
    return between


def _as_parameters(found: Lifted) -> str:
    """The text with its literals as parameters, its own parameters without a number."""
    texts = [part.replace("$", "$0") for part in found.between]
    return "".join(
        part + (f"${index}" if index < len(texts) else "") for index, part in enumerate(texts, 1)
    )


def _is_text(sql: str) -> bool:
    """False for bytes that are no UTF-8."""
    return sql.isascii() or not any("\ud800" <= char <= "\udfff" for char in sql)


def _form(literal: str) -> object:
    if literal.startswith("'") and literal.endswith("'") and len(literal) > 1:
        return literal[1:-1].replace("''", "'")
    if _NUMBER.match(literal):
        value = float(literal) if "." in literal else int(literal)
        if str(value) == literal:
            return value
    return {_SQL: literal}


def _literal(value: object) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, dict) and isinstance(value.get(_SQL), str):
        return str(value[_SQL])
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError('a literal is a text, a number, or {"$sql": …}')
