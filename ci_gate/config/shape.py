"""Does the data have the shape of the schema? Complaints name the exact place and what is allowed.

msgspec's own errors stop at the first fault and cannot say which key of a mapping they are about;
so the schema is walked here once, and `msgspec.convert` runs on what is known to fit.
"""

from __future__ import annotations

from typing import Any

from msgspec import NODEFAULT, inspect

from ci_gate.config.lines import Data, Path
from ci_gate.config.problems import Problems, hint

_NAMES: tuple[tuple[type[inspect.Type], str], ...] = (
    (inspect.BoolType, "true or false"),
    (inspect.IntType, "a whole number"),
    (inspect.FloatType, "a number"),
    (inspect.StrType, "text"),
    (inspect.DictType, "a mapping"),
    (inspect.StructType, "a mapping"),
    (inspect.VarTupleType, "a list"),
)


def check_shape(data: Data, schema: type, problems: Problems) -> Data:
    """Check `data` against `schema`; returns it without empty optional keys (`rules:` alone)."""
    return _check(data, inspect.type_info(schema), (), problems)


def _check(data: Data, wanted: inspect.Type, path: Path, problems: Problems) -> Data:
    if isinstance(wanted, inspect.UnionType):
        wanted = _member(data, wanted)
    if isinstance(wanted, inspect.StructType) and isinstance(data, dict):
        return _struct(data, wanted, path, problems)
    if isinstance(wanted, inspect.DictType) and isinstance(data, dict):
        return {k: _check(v, wanted.value_type, (*path, k), problems) for k, v in data.items()}
    if isinstance(wanted, inspect.VarTupleType) and isinstance(data, list):
        return [_check(v, wanted.item_type, (*path, i), problems) for i, v in enumerate(data)]
    if not _fits(data, wanted):
        problems.add(path, f"{shown(data)} is not {_described(wanted)}{_remedy(data, wanted)}")
    return data


def _struct(
    data: dict[str, Data], wanted: inspect.StructType, path: Path, problems: Problems
) -> Data:
    fields = {field.encode_name: field for field in wanted.fields}
    result: dict[str, Data] = {}
    for key, value in data.items():
        field = fields.get(key)
        if field is None:
            allowed = ", ".join(fields)
            problems.add((*path, key), f"unknown key; allowed: {allowed}{hint(key, fields)}")
        elif value is not None or field.required:
            result[key] = _check(value, field.type, (*path, key), problems)
    for name, field in fields.items():
        if field.required and name not in data:
            problems.add(path, f"{name} is missing")
    return result


def _member(data: Data, union: inspect.UnionType) -> inspect.Type:
    """The member of a union that the data is meant to be; the union itself when none fits."""
    for member in union.types:
        if _container(data, member) or _fits(data, member):
            return member
    return union


def _container(data: Data, wanted: inspect.Type) -> bool:
    if isinstance(data, dict):
        return isinstance(wanted, inspect.DictType | inspect.StructType)
    return isinstance(data, list) and isinstance(wanted, inspect.VarTupleType)


def _fits(data: Data, wanted: inspect.Type) -> bool:
    if isinstance(wanted, inspect.AnyType):
        return True
    if isinstance(wanted, inspect.LiteralType):
        return data in wanted.values and not isinstance(data, bool)
    if isinstance(data, bool):
        return isinstance(wanted, inspect.BoolType)
    if isinstance(data, int):
        return isinstance(wanted, inspect.IntType | inspect.FloatType)
    if isinstance(data, float):
        return isinstance(wanted, inspect.FloatType)
    return isinstance(data, str) and isinstance(wanted, inspect.StrType)


def _described(wanted: inspect.Type) -> str:
    if isinstance(wanted, inspect.UnionType):
        members = (one for one in wanted.types if not isinstance(one, inspect.NoneType))
        return " or ".join(_described(member) for member in members)
    if isinstance(wanted, inspect.LiteralType):
        words = [str(value) for value in wanted.values if value != ""]
        return words[0] if len(words) == 1 else f"one of {', '.join(words)}"
    return next((text for kind, text in _NAMES if isinstance(wanted, kind)), "allowed here")


def _remedy(data: Data, wanted: inspect.Type) -> str:
    if isinstance(wanted, inspect.StrType) and isinstance(data, bool | int | float):
        return "; put it in quotes"
    if isinstance(wanted, inspect.LiteralType) and isinstance(data, str):
        return hint(data, [str(value) for value in wanted.values])
    return ""


def shown(data: Any) -> str:
    """A value as a complaint quotes it: short, one line."""
    if data is None or data is NODEFAULT:
        return "nothing"
    if isinstance(data, dict):
        return "a mapping"
    if isinstance(data, list):
        return "a list"
    if isinstance(data, bool):
        return "true" if data else "false"
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(data)[:61])
    return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'
