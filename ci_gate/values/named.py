"""Whole messages with our own addresses as names, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from ci_gate.model.message import (
    Body,
    Headers,
    HttpRequest,
    HttpResponse,
    Message,
    PgResult,
    PgStatement,
    Piece,
    Pieces,
    RedisCommand,
    RedisReply,
)
from ci_gate.values.addresses import Addresses

M = TypeVar("M", bound=Message)


def with_names(message: M, addresses: Addresses) -> M:
    """`message` with live addresses as names: `{service}`, `{payments}`."""
    return changed(message, addresses.to_names)


def with_live(message: M, addresses: Addresses) -> M:
    """`message` with names as live addresses."""
    return changed(message, addresses.to_live)


def changed(message: M, change: Callable[[bytes], bytes]) -> M:
    """`message` with `change` applied to its target, header values and body.

    A protocol that says how long its strings are is not for this: see `codecs.addressed`.
    """
    if isinstance(message, RedisCommand | RedisReply | PgStatement | PgResult):
        return message
    body = _body(message.body, change)
    if isinstance(message, HttpRequest):
        return msgspec.structs.replace(
            message,
            target=change(message.target),
            headers=_headers(message.headers, change),
            body=body,
        )
    if isinstance(message, HttpResponse):
        return msgspec.structs.replace(
            message, headers=_headers(message.headers, change), body=body
        )
    return msgspec.structs.replace(message, body=body)


def _headers(headers: Headers, change: Callable[[bytes], bytes]) -> Headers:
    return tuple((name, change(value)) for name, value in headers)


def _body(body: Body, change: Callable[[bytes], bytes]) -> Body:
    if isinstance(body, bytes):
        return change(body)
    if isinstance(body, Pieces):
        return Pieces(
            tuple(Piece(piece.at, change(piece.data)) for piece in body.items), body.complete
        )
    return body
