"""PostgreSQL in proxymock pairs: one pair a protocol step, of which Execute is the statement.

A pair tells no row descriptions, so that rows cannot be given back as the server sent them: what
was executed without rows, or refused, comes over, and rows are told as what cannot be carried.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ci_gate.model.message import PgResult, PgStatement
from ci_gate.store.formats.found import Found, Skipped

STEP = "a step of PostgreSQL's protocol, which the codec takes by itself"
ROWS = "PostgreSQL rows without their description"


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """What every pair tells, whatever its protocol."""

    inbound: bool
    at: float | None
    took: float
    name: str
    host: str
    port: int
    session: str


def found(postgres: dict[str, Any], where: str, common: Common) -> Found | Skipped:
    """The statement that a pair executes, or why there is none."""
    asked = _at(postgres, "request", "execute", "bindRequest")
    if not isinstance(asked, dict):
        return Skipped(where, STEP)
    sql = _at(asked, "parseRequest", "query")
    said = _at(postgres, "response", "execute", "messages")
    if not isinstance(sql, str) or not isinstance(said, list):
        return Skipped(where, STEP)
    parameters = asked.get("parameters")
    body = b""
    for one in said:
        piece = _backend(one)
        if piece is None:
            return Skipped(where, ROWS)
        body += piece
    return Found(
        where=where,
        inbound=common.inbound,
        request=PgStatement(
            sql=sql,
            params=tuple(map(_text, parameters if isinstance(parameters, list) else ())),
            step="execute",
        ),
        response=PgResult(body=body),
        scheme="postgres",
        host=common.host,
        port=common.port,
        at=common.at,
        took=common.took,
        session=common.session,
        name=common.name,
    )


def _at(value: Any, *path: str) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _text(parameter: Any) -> str | None:
    value = parameter.get("asString") if isinstance(parameter, dict) else None
    return value if isinstance(value, str) else None


def _backend(message: Any) -> bytes | None:
    """A backend message (PostgreSQL's documentation, section 55.7), or None for what is none of
    CommandComplete and ErrorResponse."""
    if not isinstance(message, dict):
        return None
    tag = _at(message, "complete", "tag")
    if isinstance(tag, str):
        return _framed(b"C", _zero(tag))
    error = message.get("error")
    if not isinstance(error, dict):
        return None
    fields = {"S": "ERROR", "V": "ERROR", "C": error.get("code"), "M": error.get("msg")}
    told = b"".join(
        key.encode() + _zero(value) for key, value in fields.items() if isinstance(value, str)
    )
    return _framed(b"E", told + b"\0")


def _zero(text: str) -> bytes:
    return text.encode("utf-8", "replace").replace(b"\0", b"") + b"\0"


def _framed(kind: bytes, payload: bytes) -> bytes:
    return kind + (len(payload) + 4).to_bytes(4, "big") + payload
