"""Parameters as JSON: an object where the text names a column for one of them, else an array."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from ci_gate.codecs.postgres.columns import form_text
from ci_gate.codecs.postgres.sql import parameter_names

Params = Sequence[str | bytes | None]


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
