"""The document that JMESPath conditions are asked of: the result before the verdict, with the
metrics by group at its top (`requests."per-second"`), and its schema."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect

from ci_gate.model.result import Result
from ci_gate.policy.fields import ANY, Schema
from ci_gate.policy.metrics import NAMES, nested


def builtins(result: Result) -> dict[str, Any]:
    """Every field of the result but its verdict, as the plain data that result.json holds: JMESPath
    knows lists, no tuples."""
    fields: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(result))
    del fields["verdict"]
    return fields


def schema() -> dict[str, Schema]:
    """The fields of the document (see `policy.fields`)."""
    fields = _schema_of(inspect.type_info(Result))
    assert isinstance(fields, dict)
    del fields["verdict"]
    groups: dict[str, Schema] = {}
    for group, names in nested(dict.fromkeys(NAMES)).items():
        groups[group] = dict.fromkeys(names)
    return {**groups, **fields}


def _schema_of(kind: inspect.Type) -> Schema:
    if isinstance(kind, inspect.StructType):
        return {field.encode_name: _schema_of(field.type) for field in kind.fields}
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return [_schema_of(kind.item_type)]
    if isinstance(kind, inspect.DictType):
        return {"*": _schema_of(kind.value_type)}
    return ANY if isinstance(kind, inspect.AnyType) else None
