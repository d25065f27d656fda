"""Choosing exchanges of a snapshot: ids, beginnings of ids, or JMESPath over one exchange each.

A field that the schema of `documents` lacks is an error, whatever the exchanges hold; what a body,
header or query lacks is null. An exchange is selected when the expression's value is true in
JMESPath's sense (not null, false, or empty).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from jmespath import exceptions

from ci_gate.config.problems import hint
from ci_gate.errors import UsageError
from ci_gate.gate.documents import SCHEMA, document
from ci_gate.model.exchange import Exchange
from ci_gate.model.snapshot import Snapshot
from ci_gate.policy.fields import check_fields
from ci_gate.recorder.routing import routed

_ID = re.compile(r"[0-9a-f]{4,64}(?:-[0-9]*)?\Z")
_ID_CHARACTERS = re.compile(r"[0-9A-Za-z-]+\Z")

MAX_SHOWN = 120


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
        raise UsageError(
            f"{text}: the snapshot has no exchange whose id is or begins so{hint(text, ids)}"
        )
    return found


def _matching(snapshot: Snapshot, exchanges: list[Exchange], expression: str) -> list[str]:
    shown = expression if len(expression) <= MAX_SHOWN else expression[:MAX_SHOWN] + "…"
    compiled = check_fields(expression, SCHEMA, f"{shown}: neither an id nor JMESPath")
    # Bodies may be large; most expressions do without.
    bodies = any(word in expression for word in ("body", "@", "*"))
    try:
        return [
            exchange.id
            for exchange in exchanges
            if _true(compiled, document(exchange, snapshot.folder, bodies=bodies))
        ]
    except exceptions.JMESPathError as error:
        reason = str(error).partition("\n")[0]
        raise UsageError(f"{shown}: {reason}") from error


def _true(compiled: Any, data: dict[str, Any]) -> bool:
    try:
        value = compiled.search(data)
    except exceptions.JMESPathTypeError:
        # A function met null or another type in this exchange: it does not hold there.
        return False
    return value is not None and value is not False and value not in ("", [], {})
