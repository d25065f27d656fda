"""Stand-ins that do not fit: a database's column holds no text like that, and no original is kept.

A stand-in looks like what it stands for, but not every type has room for one: there is no `date`
that could stand for a password. Such a value becomes NULL, and its place is told.
"""

from __future__ import annotations

import json
from typing import Any

from ci_gate.codecs.postgres.columns import Column, column_of, form_text
from ci_gate.codecs.postgres.form import error
from ci_gate.codecs.postgres.frames import frame
from ci_gate.codecs.postgres.types import to_binary
from ci_gate.codecs.redis.resp import command, error_line
from ci_gate.model.message import (
    HttpRequest,
    HttpResponse,
    Message,
    Part,
    PgResult,
    PgStatement,
    Raw,
    RedisCommand,
    RedisReply,
)
from ci_gate.values.jsontext import step

_WITHHELD = "withheld: it could not be redacted"


def fitted(message: Message, before: Part, after: Part) -> tuple[Part, tuple[str, ...]]:
    """`after`, which is the part `before` with stand-ins in it, with NULL for every one that its
    type cannot hold, and the places of these: ("results.$[0].rows[3].pin",)."""
    if not isinstance(message, PgResult | PgStatement) or after.media != "json":
        return after, ()
    assert isinstance(before.value, bytes)
    assert isinstance(after.value, bytes)
    was, now = json.loads(before.value), json.loads(after.value)
    unfit: list[str] = []
    if before.place == "results":
        for index, (old, new) in enumerate(zip(was, now, strict=True)):
            _outcome(old, new, f"results.$[{index}]", unfit)
    elif before.place == "params":
        _values(was, now, [], "params.$", unfit)
    if not unfit:
        return after, ()
    text = json.dumps(now, ensure_ascii=False, separators=(",", ":")).encode()
    return Part(after.place, text, after.media), tuple(unfit)


def _outcome(was: dict[str, object], now: dict[str, object], place: str, unfit: list[str]) -> None:
    """One outcome of a result: its rows, in place."""
    columns, old, new = now.get("columns"), was.get("rows"), now.get("rows")
    if not isinstance(old, list) or not isinstance(new, list):
        return
    known = [column_of(one) for one in columns] if isinstance(columns, list) else []
    for index, (before, after) in enumerate(zip(old, new, strict=True)):
        if before != after:
            _values(before, after, known, f"{place}.rows[{index}]", unfit)


def _values(was: Any, now: Any, columns: list[Column], place: str, unfit: list[str]) -> None:
    """The values of one row, or the parameters of a statement, in place."""
    keys = list(was) if isinstance(was, dict) else list(range(len(was)))
    kinds = [*columns, *[None] * (len(keys) - len(columns))]
    for key, column in zip(keys, kinds, strict=True):
        if was[key] != now[key] and not _fits(column, was[key], now[key]):
            now[key] = None
            unfit.append(place + (step(key) if isinstance(key, str) else f"[{key}]"))


def _fits(column: Column | None, before: object, after: object) -> bool:
    """True when the type of `before` holds `after`, as far as that is known."""
    try:
        old, new = form_text(before), form_text(after)
    except ValueError:
        return False
    if column is None or not isinstance(old, str) or not isinstance(new, str):
        return True
    return to_binary(column.oid, old) is None or to_binary(column.oid, new) is not None


def withheld(message: Message) -> Message:
    """What is kept of a message that could not be made anew without its secrets: that there was
    one. It matches nothing, and an answer says so."""
    if isinstance(message, PgStatement):
        return PgStatement(f"-- {_WITHHELD}", (), message.step, message.transaction)
    if isinstance(message, PgResult):
        return PgResult(frame(b"E", error({"severity": "ERROR", "message": _WITHHELD})))
    if isinstance(message, RedisCommand):
        said = command((b"ECHO", _WITHHELD.encode()))
        return RedisCommand(said, message.database, message.queued)
    if isinstance(message, RedisReply):
        return RedisReply(error_line(_WITHHELD))
    if isinstance(message, HttpRequest):
        return HttpRequest(message.method, b"/")
    return HttpResponse(message.status) if isinstance(message, HttpResponse) else Raw()
