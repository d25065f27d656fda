"""LISTEN and NOTIFY: what one connection of a mock listens to, has published, and is to hear.

What the service notifies is heard by those of its own connections that listen, once the transaction is
over (SQL commands "NOTIFY", "LISTEN"); what others notified while it was recorded comes again, see
`recorder.pushes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_gate.codecs.base import Published
from ci_gate.codecs.postgres.frames import frame
from ci_gate.codecs.postgres.sql import tokens

Token = tuple[str, str]
_PID = b"\0\0\0\1"
"""Of whoever notified: the process that `session.greeting` names."""


class Listening:
    """One connection's part in it."""

    __slots__ = ("_channels", "_pending", "_published")

    def __init__(self) -> None:
        self._channels: dict[bytes, None] = {}
        self._pending: list[Published] = []
        """Of the transaction that is open."""
        self._published: list[Published] = []

    def ran(self, sql: str, params: Sequence[str | bytes | None]) -> None:
        """A text was executed."""
        if "LISTEN" in (upper := sql[:200].upper()) or "DISCARD" in upper or "ROLLBACK" in upper:
            for told in _statements(_tokens(sql)):
                self._own(told)
        if "NOTIFY" in sql.upper():
            self._pending += notified(sql, params)

    def _own(self, told: Sequence[Token]) -> None:
        words = [text.upper() for _, text in told[:2]]
        if words[:1] == ["LISTEN"] and len(told) > 1:
            self._channels[_name(told[1])] = None
        elif words == ["UNLISTEN", "*"] or words == ["DISCARD", "ALL"]:
            self._channels.clear()
        elif words[:1] == ["UNLISTEN"] and len(told) > 1:
            self._channels.pop(_name(told[1]), None)
        elif words[:1] == ["ROLLBACK"] and "TO" not in [text.upper() for _, text in told[1:3]]:
            self.failed()

    def failed(self) -> None:
        """Nothing of the open transaction happens."""
        self._pending.clear()

    def committed(self) -> None:
        """The transaction is over."""
        self._published += self._pending
        self._pending.clear()

    def published(self) -> Sequence[Published]:
        """What others are to hear, once."""
        told, self._published = self._published, []
        return told

    def heard(self, topic: bytes, data: bytes) -> bytes:
        """NotificationResponse; nothing where the connection does not listen."""
        return frame(b"A", _PID + topic + b"\0" + data + b"\0") if topic in self._channels else b""


def notified(sql: str, params: Sequence[str | bytes | None]) -> list[Published]:
    """What a text notifies: NOTIFY, and calls of pg_notify with literals or parameters."""
    told = _tokens(sql)
    found: list[Published] = []
    for index, (kind, text) in enumerate(told):
        if kind != "word":
            continue
        rest = told[index + 1 : index + 6]
        if text.upper() == "NOTIFY" and rest and (index == 0 or told[index - 1][1] == ";"):
            said = _value(rest[2], params) if rest[1:2] == [("sign", ",")] and rest[2:] else b""
            found.append(Published(_name(rest[0]), said or b""))
        elif text.lower() == "pg_notify" and [one for _, one in rest[::2]] == ["(", ",", ")"]:
            channel, said = _value(rest[1], params), _value(rest[3], params)
            if channel is not None and said is not None:
                found.append(Published(channel, said))
    return found


def _statements(told: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Each statement of a text."""
    begins = 0
    for index, (_, text) in enumerate(told):
        if text == ";":
            yield told[begins:index]
            begins = index + 1
    yield told[begins:]


def _tokens(sql: str) -> list[Token]:
    return [(kind, sql[start:end]) for kind, start, end in tokens(sql)]


def _name(token: Token) -> bytes:
    kind, text = token
    name = text[1:-1].replace('""', '"') if kind == "name" else text.lower()
    return name.encode("utf-8", "surrogateescape")


def _value(token: Token, params: Sequence[str | bytes | None]) -> bytes | None:
    """A literal, or what a parameter holds; None for anything else."""
    kind, text = token
    if kind == "string" and text.startswith("'"):
        return text[1:-1].replace("''", "'").encode("utf-8", "surrogateescape")
    if kind != "parameter" or not 0 < int(text[1:]) <= len(params):
        return None
    value = params[int(text[1:]) - 1]
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
