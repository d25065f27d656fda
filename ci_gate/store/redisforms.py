"""The JSON form of Redis messages, both ways. Pure.

Commands and replies are shown as JSON (see `codecs.redis.form`). What cannot be shown so, and what
is larger than a body inside may be, is a body like any other: `command_body`, `reply_body`.
"""

from __future__ import annotations

from functools import partial

import msgspec

from ci_gate.codecs.redis.form import (
    Malformed,
    command_body,
    command_form,
    reply_body,
    reply_form,
)
from ci_gate.model.message import Body, RedisCommand, RedisReply
from ci_gate.store.remembered import remembered


def request_form(message: RedisCommand, largest: int) -> dict[str, object]:
    """What stands for a command; without "command" its body must be added as "command_body"."""
    form: dict[str, object] = {"database": message.database} if message.database else {}
    if message.queued:
        form["queued"] = True
    body = message.body
    if isinstance(body, bytes) and len(body) <= largest:
        shown = _shown_command(body)
        if shown is not None:
            form["command"] = msgspec.Raw(shown)
    return form


def response_form(message: RedisReply, largest: int) -> dict[str, object]:
    """What stands for a reply; without "reply" its body must be added as "reply_body"."""
    form: dict[str, object] = {"paired": True} if message.paired else {}
    body = message.body
    if isinstance(body, bytes) and len(body) <= largest:
        shown = _shown_reply[message.paired](body)
        if shown is not None:
            form["reply"] = msgspec.Raw(shown)
    return form


@remembered
def _shown_command(body: bytes) -> bytes | None:
    """A command as JSON from which it can be made again, or None."""
    try:
        shown = command_form(body)
    except Malformed:
        return None
    return shown if command_body(shown) == body else None


def _shown_as(body: bytes, *, paired: bool) -> bytes | None:
    try:
        shown = reply_form(body, paired=paired)
    except Malformed:
        return None
    return shown if reply_body(shown, paired=paired) == body else None


_shown_reply = {one: remembered(partial(_shown_as, paired=one)) for one in (False, True)}
_reply = {one: remembered(partial(reply_body, paired=one)) for one in (False, True)}
_command = remembered(command_body)


def request(
    command: msgspec.Raw, database: int, body: Body | None, *, queued: bool
) -> RedisCommand:
    """The inverse of `request_form`. Raises ValueError."""
    said = _command(bytes(command)) if body is None else body
    return RedisCommand(said, database, queued)


def response(reply: msgspec.Raw, body: Body | None, *, paired: bool) -> RedisReply:
    """The inverse of `response_form`. Raises ValueError."""
    if body is not None:
        return RedisReply(body, paired)
    return RedisReply(_reply[paired](bytes(reply)), paired)
