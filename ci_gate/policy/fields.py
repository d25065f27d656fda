"""Checks that every field a JMESPath expression names exists: a mistyped one would be null, and a
condition on null never holds, which is green for the wrong reason.

A schema is one of
    {"name": schema, …}   an object with exactly these fields
    {"*": schema}         an object with any fields, all alike
    [schema]              a list
    None                  a value without fields
    ANY                   anything goes from here on (a body)
"""

from __future__ import annotations

import difflib
from typing import Any

import jmespath
from jmespath import exceptions

from ci_gate.errors import UsageError

ANY = "any"
Schema = dict[str, Any] | list[Any] | str | None
Node = dict[str, Any]

_SAME = ("sort", "sort_by", "reverse", "to_array")
_ELEMENT = ("max_by", "min_by", "max", "min")
_DEEPEST = 100


def check_fields(expression: str, schema: Schema, what: str) -> Any:
    """The compiled expression. UsageError, beginning with `what`, when it is no JMESPath or names
    a field that the schema lacks: it says which are there, and the nearest spelling."""
    try:
        compiled: Any = jmespath.compile(expression)
        _value_of(compiled.parsed, schema, 0)
    except exceptions.JMESPathError as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{what}: {reason}") from error
    except RecursionError as error:
        raise UsageError(f"{what}: nested too deep") from error
    except _UnknownFieldError as error:
        raise UsageError(f"{what}: {error}") from error
    return compiled


class NoAnswerError(Exception):
    """An expression met values that it cannot be asked of."""


def ask(compiled: Any, data: Any) -> Any:
    """The value of a compiled expression. NoAnswerError, with one line of reason, when a function
    is unknown or met another type, or a text was ordered against a number."""
    try:
        return compiled.search(data)
    except exceptions.JMESPathError as error:
        raise NoAnswerError(str(error).splitlines()[0]) from error
    except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
        # The library lets these through: it orders texts and numbers with Python's operators.
        raise NoAnswerError("the two sides cannot be compared") from error


class _UnknownFieldError(Exception):
    pass


def _value_of(node: Node, schema: Schema, depth: int) -> Schema:
    """The schema of what `node` yields on a value of `schema`; raises for unknown fields."""
    if depth > _DEEPEST:
        raise RecursionError
    kind, children = node["type"], node.get("children", [])

    def of(child: Node, base: Schema = schema) -> Schema:
        return _value_of(child, base, depth + 1)

    if kind == "field":
        return _field(node["value"], schema)
    if kind in ("identity", "current"):
        return schema
    if kind in ("subexpression", "pipe", "index_expression"):
        for child in children:
            schema = of(child, schema)
        return schema
    if kind == "index":
        return _element(schema)
    if kind == "slice":
        return schema
    if kind in ("projection", "value_projection", "filter_projection"):
        element = _element(of(children[0]), values=kind == "value_projection")
        for child in children[2:]:
            of(child, element)
        return [of(children[1], element)]
    if kind == "flatten":
        inner = of(children[0])
        element = _element(inner)
        return element if isinstance(element, list) else inner
    if kind == "multi_select_list":
        made = [of(child) for child in children]
        return [made[0] if len(made) == 1 else ANY]
    if kind == "multi_select_dict":
        return {child["value"]: of(child["children"][0]) for child in children}
    if kind == "function_expression":
        return _function(node["value"], children, schema, depth)
    for child in children:
        of(child)
    # Either side of || and && may be the value, a literal may be anything; a comparison is none.
    return ANY if kind in ("or_expression", "and_expression", "literal") else None


def _function(name: str, children: list[Node], schema: Schema, depth: int) -> Schema:
    element: Schema = ANY
    first: Schema = ANY
    for position, child in enumerate(children):
        if child["type"] == "expref":
            # `map(&expression, list)` has the list after the expression.
            if position == 0 and len(children) > 1:
                found = _value_of(children[1], schema, depth + 1)
                element = found[0] if isinstance(found, list) else ANY
            _value_of(child["children"][0], element, depth + 1)
            continue
        found = _value_of(child, schema, depth + 1)
        if position == 0:
            first = found
            element = found[0] if isinstance(found, list) else ANY
    if name in _SAME:
        return first
    return element if name in _ELEMENT else ANY


def _element(schema: Schema, *, values: bool = False) -> Schema:
    """The schema of a list's items, or of an object's `values`."""
    if schema == ANY:
        return ANY
    if values and isinstance(schema, dict):
        found: Schema = schema.get("*", ANY)
        return found
    if isinstance(schema, list) and not values:
        item: Schema = schema[0]
        return item
    wanted = "an object" if values else "a list"
    raise _UnknownFieldError(f"an index or projection is asked of a field that is not {wanted}")


def _field(name: str, schema: Schema) -> Schema:
    if schema == ANY:
        return ANY
    if isinstance(schema, dict):
        if name in schema or "*" in schema:
            found: Schema = schema.get(name, schema.get("*"))
            return found
        close = difflib.get_close_matches(name, schema, 1, 0.5)
        meant = f"did you mean {close[0]}? " if close else ""
        raise _UnknownFieldError(
            f"there is no field {name}; {meant}There are {', '.join(sorted(schema))}"
        )
    if isinstance(schema, list):
        raise _UnknownFieldError(f"{name} is asked of a list: put [*] or [0] before it")
    raise _UnknownFieldError(f"{name} is asked of a value that has no fields")
