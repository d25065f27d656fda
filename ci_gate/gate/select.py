"""Choosing exchanges of a snapshot: ids, beginnings of ids, or JMESPath over one exchange each.

A field that the schema of `documents` lacks is an error, whatever the exchanges hold; what a body,
header or query lacks is null. An exchange is selected when the expression's value is true in
JMESPath's sense (not null, false, or empty).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import jmespath
import msgspec
from jmespath import exceptions

from ci_gate.config.problems import hint
from ci_gate.errors import UsageError
from ci_gate.gate.documents import SCHEMA, Schema, document
from ci_gate.model.exchange import Exchange
from ci_gate.model.snapshot import Snapshot
from ci_gate.recorder.routing import routed

_ID = re.compile(r"[0-9a-f]{4,64}(?:-[0-9]*)?\Z")
_ID_CHARACTERS = re.compile(r"[0-9A-Za-z-]+\Z")

Node = dict[str, Any]
"""A node of jmespath's syntax tree: type, value, children."""


def select(snapshot: Snapshot, expressions: Sequence[str]) -> tuple[str, ...]:
    """Ids of the exchanges that any of the expressions selects, in recorded order.

    No expressions select everything. Raises UsageError for an id that is not there, an expression
    that is not JMESPath, and a field that exchanges do not have.
    """
    exchanges = recorded_order(snapshot)
    if not expressions:
        return tuple(exchange.id for exchange in exchanges)
    found: set[str] = set()
    for expression in expressions:
        found.update(_by_id(exchanges, expression) or _matching(snapshot, exchanges, expression))
    return tuple(exchange.id for exchange in exchanges if exchange.id in found)


def inbound_of(snapshot: Snapshot, ids: Iterable[str]) -> tuple[str, ...]:
    """The inbound exchanges among `ids`, and those that caused the outbound ones among them."""
    wanted = set(ids)
    for exchange in snapshot.outbound:
        if exchange.id in wanted:
            wanted.update(exchange.groups)
    return tuple(exchange.id for exchange in snapshot.inbound if exchange.id in wanted)


def with_routes(snapshot: Snapshot, patterns: tuple[str, ...]) -> Snapshot:
    """The snapshot with its inbound routes as the configuration names them now."""
    if not patterns:
        return snapshot
    return msgspec.structs.replace(snapshot, inbound=routed(snapshot.inbound, patterns))


def recorded_order(snapshot: Snapshot) -> list[Exchange]:
    """All exchanges by the time they began."""
    return sorted((*snapshot.inbound, *snapshot.outbound), key=_began)


def _began(exchange: Exchange) -> float:
    return exchange.at


def _by_id(exchanges: list[Exchange], text: str) -> list[str]:
    if not _ID_CHARACTERS.match(text):
        return []
    ids = [exchange.id for exchange in exchanges]
    exact = [one for one in ids if one == text]
    found = exact or [one for one in ids if one.startswith(text) and len(text) >= 4]
    if not found and _ID.match(text):
        raise UsageError(f"{text}: the snapshot has no exchange whose id is or begins so")
    return found


def _matching(snapshot: Snapshot, exchanges: list[Exchange], expression: str) -> list[str]:
    try:
        compiled = jmespath.compile(expression)
        tree: Any = compiled.parsed
        _check(tree, SCHEMA)
        # Bodies may be large; most expressions do without.
        bodies = "body" in expression or "@" in expression or "*" in expression
        return [
            exchange.id
            for exchange in exchanges
            if _true(compiled, document(exchange, snapshot.folder, bodies=bodies))
        ]
    except exceptions.JMESPathError as error:
        reason = str(error).partition("\n")[0]
        raise UsageError(f"{_shown(expression)}: not an id and not JMESPath: {reason}") from error
    except RecursionError as error:
        raise UsageError(f"{_shown(expression)}: nested too deeply") from error
    except _UnknownField as error:
        raise UsageError(f"{_shown(expression)}: {error}") from error


def _true(compiled: Any, data: dict[str, Any]) -> bool:
    try:
        value = compiled.search(data)
    except exceptions.JMESPathTypeError:
        # A function met null or another type in this exchange: it does not hold there.
        return False
    return value is not None and value is not False and value not in ("", [], {})


class _UnknownField(Exception):
    """A field that no exchange can have."""


def _check(node: Node, schema: Schema) -> Schema:
    """Follow the fields of a syntax tree through the schema; returns that of the node's value."""
    kind: str = node["type"]
    children: list[Node] = node.get("children", [])
    if kind == "field":
        return _field(node["value"], schema)
    if kind in ("identity", "current"):
        return schema
    if kind in ("subexpression", "pipe", "index_expression"):
        for child in children:
            schema = _check(child, schema)
        return schema
    if kind in ("projection", "value_projection", "filter_projection", "flatten"):
        # What is projected over are elements, of which the schema says nothing.
        _check(children[0], schema)
        for child in children[1:]:
            _check(child, None)
        return None
    if kind == "expref":
        return None
    for child in children:
        _check(child, schema)
    return None


def _field(name: str, schema: Schema) -> Schema:
    if schema is None:
        return None
    if name not in schema:
        raise _UnknownField(
            f"there is no field {name}; there are {', '.join(schema)}{hint(name, schema)}"
        )
    return schema[name]


def _shown(expression: str) -> str:
    return expression if len(expression) <= 120 else expression[:120] + "…"
