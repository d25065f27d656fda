"""A JSON Schema (2020-12) that a set of values fulfils: what OpenAPI 3.1 describes bodies with. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ci_gate.values.kinds import is_kind

_FORMATS = (("uuid", "uuid"), ("timestamp", "date-time"), ("email", "email"), ("url", "uri"))
"""Kinds of ours -> formats of JSON Schema, where every value is of the kind."""
_DEEPEST = 30


def schema(values: Iterable[Any], depth: int = 0) -> dict[str, Any]:
    """What holds of all of `values`."""
    found = list(values)
    if depth > _DEEPEST or not found:
        return {}
    kinds = sorted({_type(one) for one in found})
    form: dict[str, Any] = {}
    if "integer" in kinds and "number" in kinds:
        kinds.remove("integer")
    form["type"] = kinds[0] if len(kinds) == 1 else kinds
    objects = [one for one in found if isinstance(one, dict)]
    if objects:
        names = dict.fromkeys(name for one in objects for name in one)
        form["properties"] = {
            name: schema((one[name] for one in objects if name in one), depth + 1) for name in names
        }
        required = [name for name in names if all(name in one for one in objects)]
        if required:
            form["required"] = required
    lists = [one for one in found if isinstance(one, list)]
    if lists:
        form["items"] = schema((item for one in lists for item in one), depth + 1)
    texts = [one for one in found if isinstance(one, str)]
    if texts:
        form |= _format(texts)
    return form


def _type(value: Any) -> str:
    if value is None:
        return "null"
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string")):
        if isinstance(value, kind):
            return name
    return "array" if isinstance(value, list) else "object"


def _format(texts: Sequence[str]) -> dict[str, str]:
    for kind, name in _FORMATS:
        if all(is_kind(text, kind) for text in texts):
            return {"format": name}
    return {}


def of_text(texts: Iterable[str]) -> dict[str, Any]:
    """A schema of values that came as text: of a path or a query."""
    found = list(texts)
    if found and all(
        one.isascii() and one.lstrip("-").isdigit() and len(one) < 16 for one in found
    ):
        return {"type": "integer"}
    if found and all(one in ("true", "false") for one in found):
        return {"type": "boolean"}
    return {"type": "string", **_format(found)}
