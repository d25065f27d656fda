"""What a client has said on one connection so far, and what every command of it means.

Nothing here is about replies or bytes on the wire: recording, mocking and replaying share it.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

import msgspec

from ci_gate.codecs.redis.commands import SESSION, SUBSCRIPTIONS, UNFOLLOWED, names_servers
from ci_gate.codecs.redis.resp import command
from ci_gate.model.message import RedisCommand

_NEVER_QUEUED = {
    b"MULTI": "MULTI calls can not be nested",
    b"WATCH": "WATCH inside MULTI is not allowed",
}
"""What is refused in a transaction, which goes on, and why."""


class Means(enum.Enum):
    """What a command is to us."""

    CALL = enum.auto()
    """A message of its own; so is the EXEC of a transaction, for all of it."""
    QUEUED = enum.auto()
    """A part of a transaction, answered with QUEUED unless it is refused."""
    SESSION = enum.auto()
    """About the connection: a mock answers it, nothing of it is recorded."""
    SUBSCRIPTION = enum.auto()
    """The same, with a reply for each channel."""
    UNFOLLOWED = enum.auto()
    """From here on the connection speaks what we do not."""


class Heard(msgspec.Struct, frozen=True, gc=False):
    """A command and what it means; `message` is there for a CALL, and for what is to be QUEUED."""

    means: Means
    args: Sequence[bytes]
    message: RedisCommand | None = None
    wrong: str = ""
    """Why a server refuses what is said about the connection, "" = it does not."""


class Said:
    """The state of one client's connection."""

    __slots__ = ("_queued", "channels", "client", "database", "protocol")

    def __init__(self) -> None:
        self.database = 0
        self.protocol = 2
        self.channels: dict[bytes, None] = {}
        """What it is subscribed to, patterns as b"p:" and shard channels as b"s:" before the name."""
        self.client = b""
        """What the client calls itself."""
        self._queued: list[bytes] | None = None
        """The commands since MULTI; None outside of a transaction."""

    @property
    def plain(self) -> bool:
        """As a connection is at first: version 2, no transaction, no subscription, database 0."""
        special = self.protocol != 2 or self.database or self.channels
        return not special and self._queued is None

    def hear(self, args: Sequence[bytes]) -> Heard:
        """The next command: name in capitals, arguments."""
        name = args[0]
        silent = name == b"CLIENT" and _silences(args)
        if name in UNFOLLOWED or silent or names_servers(args):
            return Heard(Means.UNFOLLOWED, args)
        if self._queued is not None and name not in (b"DISCARD", b"RESET", b"QUIT"):
            return self._in_transaction(name, args)
        if name in SUBSCRIPTIONS:
            return Heard(Means.SUBSCRIPTION, args)
        if name in SESSION:
            wrong = "DISCARD without MULTI" if name == b"DISCARD" and self._queued is None else ""
            self._session(name, args)
            return Heard(Means.SESSION, args, wrong=wrong)
        return Heard(Means.CALL, args, RedisCommand(command(tuple(args)), self.database))

    def _in_transaction(self, name: bytes, args: Sequence[bytes]) -> Heard:
        assert self._queued is not None
        if name in _NEVER_QUEUED:
            return Heard(Means.SESSION, args, wrong=_NEVER_QUEUED[name])
        if name != b"EXEC":
            body = command(tuple(args))
            self._queued.append(body)
            return Heard(Means.QUEUED, args, RedisCommand(body, self.database, queued=True))
        body = b"".join((command((b"MULTI",)), *self._queued, command((b"EXEC",))))
        self._queued = None
        return Heard(Means.CALL, args, RedisCommand(body, self.database))

    def _session(self, name: bytes, args: Sequence[bytes]) -> None:
        if name == b"MULTI":
            self._queued = []
        elif name == b"DISCARD":
            self._queued = None
        elif name == b"SELECT" and len(args) == 2 and args[1].isdigit() and len(args[1]) < 6:
            self.database = int(args[1])
        elif name == b"HELLO" and len(args) > 1 and args[1] in (b"2", b"3"):
            self.protocol = int(args[1])
            self.client = _called(args) or self.client
        elif name == b"CLIENT" and len(args) == 3 and args[1].upper() == b"SETNAME":
            self.client = args[2]
        elif name == b"RESET":
            self.database, self.protocol, self._queued, self.client = 0, 2, None, b""
            self.channels.clear()


def _called(args: Sequence[bytes]) -> bytes:
    """The name in HELLO … SETNAME name."""
    words = [one.upper() for one in args[2:-1]]
    return args[words.index(b"SETNAME") + 3] if b"SETNAME" in words else b""


def _silences(args: Sequence[bytes]) -> bool:
    """CLIENT REPLY OFF or SKIP: replies would not pair with commands any more."""
    return len(args) > 2 and args[1].upper() == b"REPLY" and args[2].upper() != b"ON"
