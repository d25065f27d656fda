"""The JSON form of Redis messages, both ways. Pure.

Commands and replies are shown as JSON (see `codecs.redis.form`). What cannot be shown so, and what
is larger than a body inside may be, is a body like any other: `command_body`, `reply_body`.
"""

from __future__ import annotations

import msgspec

from ci_gate.codecs.redis.form import (
    Malformed,
    command_body,
    command_form,
    reply_body,
    reply_form,
)
from ci_gate.model.message import Body, RedisCommand, RedisReply


def request_form(message: RedisCommand, largest: int) -> dict[str, object]:
    """What stands for a command; without "command" its body must be added as "command_body"."""
    form: dict[str, object] = {"database": message.database} if message.database else {}
    body = message.body
    if isinstance(body, bytes) and len(body) <= largest:
        try:
            shown = command_form(body)
        except Malformed:
            return form
        if command_body(shown) == body:
            form["command"] = msgspec.Raw(shown)
    return form


def response_form(message: RedisReply, largest: int) -> dict[str, object]:
    """What stands for a reply; without "reply" its body must be added as "reply_body"."""
    form: dict[str, object] = {"paired": True} if message.paired else {}
    body = message.body
    if isinstance(body, bytes) and len(body) <= largest:
        try:
            shown = reply_form(body, paired=message.paired)
        except Malformed:
            return form
        if reply_body(shown, paired=message.paired) == body:
            form["reply"] = msgspec.Raw(shown)
    return form


def request(command: msgspec.Raw, database: int, body: Body | None) -> RedisCommand:
    """The inverse of `request_form`. Raises ValueError."""
    if body is not None:
        return RedisCommand(body, database)
    return RedisCommand(command_body(bytes(command)), database)


def response(reply: msgspec.Raw, body: Body | None, *, paired: bool) -> RedisReply:
    """The inverse of `response_form`. Raises ValueError."""
    if body is not None:
        return RedisReply(body, paired)
    return RedisReply(reply_body(bytes(reply), paired=paired), paired)
