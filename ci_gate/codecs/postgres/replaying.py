"""A PostgreSQL client of ours: says statements in simple or extended form, hears their results."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from struct import pack

from ci_gate.codecs.base import Action, Bytes, Side, Undecodable, Whole
from ci_gate.codecs.postgres.frames import Malformed, Reader, frame, value
from ci_gate.model.message import Headers, Message, PgResult, PgStatement

_SERVER = Side.SERVER
_STARTUP = b"user\0ci-gate\0\0"


class Replaying:
    """Hears the server, speaks as the client. Parameters go as text, results come as text."""

    handshaking = False

    def __init__(self) -> None:
        self._server = Reader(startup=False)
        self._asked: deque[PgStatement] = deque()
        self._started = False
        self._greeted = False
        self._body: list[bytes] = []
        self._number = 0
        self._over = False

    @property
    def reusable(self) -> bool:
        """Nothing is pending."""
        return not self._asked and not self._over and self._server.at_rest

    def feed(self, side: Side, data: bytes, at: int) -> Sequence[Action]:
        """See `Conversation.feed`."""
        if self._over or not data:
            return ()
        actions: list[Action] = []
        try:
            for kind, payload in self._server.feed(data):
                self._hear(kind, payload, at, actions)
        except Malformed as error:
            self._over = True
            actions.append(Undecodable(_SERVER, f"not PostgreSQL: {error}"))
        return actions

    def _hear(self, kind: bytes, payload: bytes, at: int, actions: list[Action]) -> None:
        if kind == b"Z" and not self._greeted:
            self._greeted = True
        elif kind == b"Z":
            if not self._asked:
                raise Malformed("an answer that nobody asked for")
            asked = self._asked.popleft()
            body = b"".join(self._body)
            self._body.clear()
            actions.append(Whole(_SERVER, self._number, PgResult(body), at, at))
            self._number += 1
            del asked
        elif kind not in (b"R", b"S", b"K", b"v", b"A", b"1", b"2", b"3", b"p"):
            self._body.append(frame(kind, payload))

    def say(self, side: Side, message: Message, prepared: bytes | None = None) -> Sequence[Action]:
        """Say a statement; the startup message goes before the first."""
        assert isinstance(message, PgStatement)
        out: list[bytes] = []
        if not self._started:
            self._started = True
            out.append(pack("!II", len(_STARTUP) + 8, 3 << 16) + _STARTUP)
        sql = message.sql.encode("utf-8", "surrogateescape") + b"\0"
        if message.step == "query":
            out.append(frame(b"Q", sql))
        else:
            out.append(frame(b"P", b"\0" + sql + b"\0\0"))
            out += steps(message)
            out.append(frame(b"S"))
        self._asked.append(message)
        return (Bytes(_SERVER, b"".join(out)),)

    def say_more(self, side: Side, data: bytes) -> Sequence[Action]:
        """A statement is said as a whole."""
        raise TypeError("a PostgreSQL statement is said as a whole")

    def say_end(self, side: Side, trailers: Headers = ()) -> Sequence[Action]:
        """A statement is said as a whole."""
        raise TypeError("a PostgreSQL statement is said as a whole")


def steps(message: PgStatement) -> list[bytes]:
    """What asks for a statement that was parsed: Bind and Execute, or Describe."""
    if message.step in ("describe", "parse"):
        return [frame(b"D", b"S\0")] if message.step == "describe" else []
    formats = [int(isinstance(one, bytes)) for one in message.params]
    values = [one.encode() if isinstance(one, str) else one for one in message.params]
    count = len(values)
    bind = b"\0\0" + pack(f"!H{count}H", count, *formats) + pack("!H", count)
    bind += b"".join(map(value, values)) + b"\0\0"
    asked = frame(b"D", b"P\0") if message.step == "portal" else frame(b"E", b"\0\0\0\0\0")
    return [frame(b"B", bind), asked]
