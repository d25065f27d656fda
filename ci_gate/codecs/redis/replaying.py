"""A Redis connection on which we are the client."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from ci_gate.codecs.base import Action, Bytes, Side, Undecodable, Whole
from ci_gate.codecs.redis import session as own
from ci_gate.codecs.redis.commands import is_paired
from ci_gate.codecs.redis.resp import Malformed, Reader, arguments, command
from ci_gate.model.message import Headers, Message, RedisCommand, RedisReply

_SERVER = Side.SERVER


class _Due:
    """Replies that are due: the last of them answers message `number`."""

    __slots__ = ("left", "number", "paired")

    def __init__(self, number: int, left: int, *, paired: bool) -> None:
        self.number = number
        self.left = left
        self.paired = paired


class Replaying:
    """Hears the server, speaks as the client. `wishes`: "password" and "user" of a login, which
    goes before the first command."""

    handshaking = False
    __slots__ = ("_database", "_due", "_login", "_number", "_over", "_server")

    def __init__(self, wishes: Mapping[str, str] | None = None) -> None:
        known = wishes or {}
        who = [known[one].encode() for one in ("user", "password") if known.get(one)]
        self._login = command((b"AUTH", *who)) if known.get("password") else b""
        self._server = Reader(inline=False)
        self._due: deque[_Due] = deque()
        self._number = 0
        self._database = 0
        self._over = False

    @property
    def reusable(self) -> bool:
        """Nothing is pending."""
        return not self._due and not self._over and self._server.at_rest

    def feed(self, side: Side, data: bytes, at: int) -> Sequence[Action]:
        """See `Conversation.feed`."""
        if self._over or not data:
            return ()
        actions: list[Action] = []
        try:
            for whole in self._server.feed(data):
                if not self._due:
                    raise Malformed("a reply that nobody asked for")
                due = self._due[0]
                due.left -= 1
                if not due.left:
                    self._due.popleft()
                    reply = RedisReply(whole, due.paired and whole.startswith(b"*"))
                    actions.append(Whole(_SERVER, due.number, reply, at, at))
        except Malformed as error:
            self._over = True
            actions.append(Undecodable(_SERVER, own.garbled("server", error)))
        return actions

    def say(self, side: Side, message: Message, prepared: bytes | None = None) -> Sequence[Action]:
        """Say a command, or a transaction; SELECT goes before it where it is due."""
        assert isinstance(message, RedisCommand)
        assert isinstance(message.body, bytes)
        commands = [arguments(one) for one in Reader(inline=False).feed(message.body)]
        data, left = message.body, len(commands)
        if message.database != self._database:
            self._database = message.database
            data, left = command((b"SELECT", b"%d" % message.database)) + data, left + 1
        if self._login:
            data, left, self._login = self._login + data, left + 1, b""
        paired = is_paired(commands[-1]) if commands else False
        self._due.append(_Due(self._number, left, paired=paired))
        self._number += 1
        return (Bytes(_SERVER, data),)

    def say_more(self, side: Side, data: bytes) -> Sequence[Action]:
        """A command is said as a whole."""
        raise TypeError("a Redis command is said as a whole")

    def say_end(self, side: Side, trailers: Headers = ()) -> Sequence[Action]:
        """A command is said as a whole."""
        raise TypeError("a Redis command is said as a whole")
