"""Parameters as JSON: an object where the text names a column for one of them, else an array."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from ci_gate.codecs.postgres.columns import form_text
from ci_gate.codecs.postgres.sql import parameter_names

Value = str | bytes | None
Params = Sequence[Value]
Lists = Sequence[Sequence[int]]
"""Indexes of values that may stand in any order, in ascending order."""


def in_one_order(params: Params, lists: Lists) -> tuple[Value, ...]:
    """The values, those of each list sorted among its places."""
    return tuple(params[at] for at in order(params, lists))


def as_they_were(params: Params, values: Params, lists: Lists) -> tuple[Value, ...]:
    """`values`, which stand as `in_one_order` has them, in the order of `params`."""
    if len(values) != len(params):
        return tuple(values)
    found = dict(zip(order(params, lists), values, strict=True))
    return tuple(found[at] for at in range(len(params)))


def order(params: Params, lists: Lists) -> list[int]:
    """For each place the index of the value that stands there in one order. A list that names more
    values than there are counts for nothing."""
    found = list(range(len(params)))
    for places in lists:
        if places[0] >= 0 and places[-1] < len(params):
            for place, at in zip(
                places, sorted(places, key=lambda at: _rank(params[at])), strict=True
            ):
                found[place] = at
    return found


def _rank(value: Value) -> tuple[int, str | bytes]:
    return (0, "") if value is None else (1 + isinstance(value, bytes), value)


def params_form(sql: str, params: Params) -> bytes:
    """The parameters of a statement as JSON, by the column where the text tells it: a place then
    says `request.params.$.email`; others by their position, "$2"."""
    values = [_form(one) for one in params]
    by_name = names(parameter_names(sql), len(values))
    form: object = dict(zip(by_name, values, strict=True)) if by_name else values
    return json.dumps(form, ensure_ascii=False, separators=(",", ":")).encode()


def params_of(form: bytes) -> tuple[str | bytes | None, ...]:
    """The inverse of `params_form`. Raises ValueError."""
    loaded = json.loads(form)
    values = list(loaded.values()) if isinstance(loaded, dict) else loaded
    if not isinstance(values, list):
        raise ValueError("parameters are an array or an object")
    return tuple(map(form_text, values))


def _form(value: str | bytes | None) -> object:
    if isinstance(value, bytes):
        return {"$b64": base64.b64encode(value).decode()}
    return value


def names(columns: Sequence[str], count: int) -> list[str]:
    """A name for each of `count` values: its column where that is known and no other's, else its
    position; none at all when the text tells of no column."""
    known = columns[:count]
    if not any(known):
        return []
    padded = [*known, *[""] * (count - len(known))]
    return [
        name if name and padded.count(name) == 1 and name[:1] != "$" else f"${index}"
        for index, name in enumerate(padded, 1)
    ]
