"""One Redis connection as a tap hears it, and as a mock answers it.

Commands are answered in their order. What a connection says of itself (HELLO, SELECT, MULTI…) is
no message: a tap leaves it out, a mock answers it at once or right after the answers before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from ci_gate.codecs.base import Action, Bytes, Close, Published, Side, Undecodable, Whole
from ci_gate.codecs.redis import session as own
from ci_gate.codecs.redis.commands import is_paired
from ci_gate.codecs.redis.handshake import Handshake
from ci_gate.codecs.redis.published import published, pushed, told
from ci_gate.codecs.redis.reply import as_asked
from ci_gate.codecs.redis.resp import Malformed, Reader, arguments, error_line
from ci_gate.codecs.redis.said import Heard, Means, Said
from ci_gate.model.message import Headers, Message, RedisCommand, RedisReply

_CLIENT = Side.CLIENT
_SERVER = Side.SERVER

_PUBLISHED = (b"message", b"pmessage", b"smessage")
_REFUSED = (b"-ERR ", b"-NOPERM ")
"""How a server refuses to queue a command that is wrong at any time; for other reasons (its memory is
full) it takes the same command another time, and EXEC tells enough."""


class _Due:
    """A reply that is due: to which command, and whether anybody waits for it."""

    __slots__ = ("at", "left", "number", "paired", "queued", "subscription")

    def __init__(
        self,
        number: int,
        left: int,
        at: int,
        queued: RedisCommand | None,
        *,
        paired: bool,
        subscription: bool,
    ) -> None:
        self.number = number
        """Of the message it answers, -1 = of none."""
        self.left = left
        """Replies until the last one."""
        self.at = at
        self.queued = queued
        """The command that is to be queued, which is a message only when it is refused."""
        self.paired = paired
        self.subscription = subscription


def _due(said: Said, heard: Heard, number: int, at: int) -> _Due:
    args = heard.args
    subscription = heard.means is Means.SUBSCRIPTION
    queued = heard.means is Means.QUEUED
    return _Due(
        number if heard.message is not None and not queued else -1,
        max(len(own.confirmations(said, args)), 1) if subscription else 1,
        at,
        heard.message if queued else None,
        paired=is_paired(args),
        subscription=subscription,
    )


class Recording:
    """Hears both sides, and says nothing once the connection has begun. `wishes`: see
    `Codec.converse`."""

    __slots__ = (
        "_began",
        "_client",
        "_due",
        "_handshake",
        "_number",
        "_over",
        "_said",
        "_server",
        "_subscribed",
    )

    def __init__(self, wishes: Mapping[str, str] | None = None) -> None:
        self._handshake: Handshake | None = Handshake(wishes or {})
        self._client = Reader(inline=True)
        self._server = Reader(inline=False)
        self._said = Said()
        self._due: deque[_Due] = deque()
        self._number = 0
        self._over = False
        self._subscribed = False
        self._began: dict[Side, int] = {}
        """When the first byte came of what is not whole yet."""

    @property
    def reusable(self) -> bool:
        """Never: a tap sends nothing."""
        return False

    @property
    def handshaking(self) -> bool:
        """Until the client has said something that is no TLS."""
        return self._handshake is not None

    def feed(self, side: Side, data: bytes, at: int) -> Sequence[Action]:
        """See `Conversation.feed`. After an Undecodable nothing more comes."""
        if self._handshake is None:
            return self._follow(side, data, at)
        if side is _CLIENT:
            return self._begin(self._handshake, data, at)
        # It speaks first to say that it will not talk to us.
        if self._handshake.refusing:  # which will be told, and ends the connection
            return [Bytes(_CLIENT, data)] if data else ()
        return [Bytes(_CLIENT, data), *self._follow(side, data, at)] if data else ()

    def _follow(self, side: Side, data: bytes, at: int) -> list[Action]:
        if self._over or not data:
            return []
        reader = self._client if side is _CLIENT else self._server
        began = self._began.setdefault(side, at)
        actions: list[Action] = []
        try:
            for whole in reader.feed(data):
                self._hear(side, whole, began, at, actions)
                began = at
        except Malformed as error:
            self._over = True
            who = "client" if side is _CLIENT else "server"
            actions.append(Undecodable(side, own.garbled(who, error)))
        if reader.at_rest:
            self._began.pop(side, None)
        else:
            self._began[side] = began
        return actions

    def _begin(self, handshake: Handshake, data: bytes, at: int) -> Sequence[Action]:
        actions = handshake.feed(data)
        if handshake.over:
            self._handshake = None
            self._over = self._over or handshake.refused
            if not handshake.refused:
                actions += [*handshake.passed_on(data), *self._follow(_CLIENT, data, at)]
        return actions

    def _hear(self, side: Side, whole: bytes, began: int, at: int, actions: list[Action]) -> None:
        if self._over:
            return
        if side is _SERVER:
            self._answer(whole, began, at, actions)
            return
        args = arguments(whole)
        if not args:
            return
        heard = self._said.hear(args)
        if heard.means is Means.UNFOLLOWED:
            self._over = True
            actions.append(Undecodable(_CLIENT, own.unfollowed(args), upgrade=True))
            return
        self._due.append(_due(self._said, heard, self._number, began))
        self._subscribed = self._subscribed or heard.means is Means.SUBSCRIPTION
        if heard.message is not None and heard.means is not Means.QUEUED:
            actions.append(Whole(_CLIENT, self._number, heard.message, began, at))
            self._number += 1
            if args[0] in (b"PUBLISH", b"SPUBLISH", b"EXEC"):
                assert isinstance(heard.message.body, bytes)
                actions += published(heard.message.body)

    def _answer(self, whole: bytes, began: int, at: int, actions: list[Action]) -> None:
        if self._is_out_of_band(whole):
            actions += pushed(whole, at)
            return
        if not self._due:
            raise Malformed("a reply that nobody asked for")
        due = self._due[0]
        due.left -= 1
        if not due.left:
            self._due.popleft()
            if due.number >= 0:
                reply = RedisReply(whole, due.paired and whole.startswith(b"*"))
                actions.append(Whole(_SERVER, due.number, reply, began, at))
            elif due.queued is not None and whole.startswith(_REFUSED):
                actions.append(Whole(_CLIENT, self._number, due.queued, due.at, due.at))
                actions.append(Whole(_SERVER, self._number, RedisReply(whole), began, at))
                self._number += 1

    def _is_out_of_band(self, whole: bytes) -> bool:
        """A message of a subscription, or another push that answers nothing."""
        due = self._due[0] if self._due else None
        first = whole.split(b"\r\n", 3)[2:3]
        published = bool(first) and first[0] in _PUBLISHED
        if whole.startswith(b">"):
            return published or due is None or not due.subscription
        return published and self._subscribed and (due is None or due.number < 0)

    def say(self, side: Side, message: Message, prepared: bytes | None = None) -> Sequence[Action]:
        """A tap says nothing."""
        raise TypeError("a recording conversation only listens")

    def say_more(self, side: Side, data: bytes) -> Sequence[Action]:
        """A tap says nothing."""
        raise TypeError("a recording conversation only listens")

    def say_end(self, side: Side, trailers: Headers = ()) -> Sequence[Action]:
        """A tap says nothing."""
        raise TypeError("a recording conversation only listens")


class _Asked:
    """A call that waits for its answer, and what is said by ourselves right after it."""

    __slots__ = ("after", "closing", "protocol", "published")

    def __init__(self, protocol: int, published: Sequence[Published]) -> None:
        self.protocol = protocol
        self.published = published
        """Told to others unless the answer is an error."""
        self.after: list[bytes] = []
        self.closing = False


class Mocking:
    """Hears the client, speaks as the server."""

    handshaking = False
    __slots__ = ("_asked", "_client", "_closing", "_handshake", "_number", "_said", "_session")

    def __init__(self, session: dict[str, str]) -> None:
        self._handshake: Handshake | None = Handshake(session)
        self._client = Reader(inline=True)
        self._said = Said()
        self._session = session
        self._asked: deque[_Asked] = deque()
        self._number = 0
        self._closing = False

    @property
    def reusable(self) -> bool:
        """Nothing is pending, and the connection is as it was at first."""
        return not self._asked and not self._closing and self._said.plain and self._client.at_rest

    def feed(self, side: Side, data: bytes, at: int) -> Sequence[Action]:
        """See `Conversation.feed`. Garbage gives an Undecodable, an error reply and Close."""
        if self._closing:
            return ()
        actions: list[Action] = []
        if self._handshake is not None:
            begun = self._handshake.feed(data)
            self._closing = self._handshake.refused
            if not self._handshake.over or self._closing:
                return begun
            self._handshake = None
        if not data:
            self._close(actions)
            return actions
        try:
            for whole in self._client.feed(data):
                args = arguments(whole)
                if args and not self._closing:
                    self._hear(self._said.hear(args), at, actions)
        except Malformed as error:
            reason = own.garbled("client", error)
            actions.append(Undecodable(_CLIENT, reason))
            self._say_own(error_line(f"Protocol error: ci-gate: {reason}"), actions)
            self._close(actions)
        return actions

    def _hear(self, heard: Heard, at: int, actions: list[Action]) -> None:
        if heard.message is not None:
            body = heard.message.body
            assert isinstance(body, bytes)
            told = () if heard.means is Means.QUEUED else published(body)
            self._asked.append(_Asked(self._said.protocol, told))
            actions.append(Whole(_CLIENT, self._number, heard.message, at, at))
            self._number += 1
        elif heard.means is Means.SUBSCRIPTION:
            self._say_own(own.subscription(self._said, heard.args), actions)
        elif heard.wrong:
            self._say_own(error_line(heard.wrong), actions)
        elif heard.means is Means.UNFOLLOWED:
            reason = own.unfollowed(heard.args)
            actions.append(Undecodable(_CLIENT, reason))
            self._say_own(error_line(f"ci-gate: {reason}"), actions)
        else:
            reason = own.unspoken(heard.args)
            if reason:
                actions.append(Undecodable(_CLIENT, reason))
            self._say_own(own.reply(self._said, heard.args, self._session), actions)
            if heard.args[0] == b"QUIT":
                self._close(actions)

    def _say_own(self, reply: bytes, actions: list[Action]) -> None:
        if self._asked:
            self._asked[-1].after.append(reply)
        elif reply:
            actions.append(Bytes(_CLIENT, reply))

    def _close(self, actions: list[Action]) -> None:
        self._closing = True
        if self._asked:
            self._asked[-1].closing = True
        else:
            actions.append(Close(_CLIENT))

    def say(self, side: Side, message: Message, prepared: bytes | None = None) -> Sequence[Action]:
        """Answer the oldest unanswered call, in the RESP version that it was asked in."""
        asked = self._asked.popleft()
        assert isinstance(message, RedisReply)
        if prepared is None or asked.protocol != 2:
            prepared = as_asked(message, asked.protocol)
        actions: list[Action] = [Bytes(_CLIENT, b"".join((prepared, *asked.after)))]
        if asked.published and not prepared.startswith(b"-"):
            actions += asked.published
        if asked.closing:
            actions.append(Close(_CLIENT))
        return actions

    def tell(self, topic: bytes, data: bytes) -> Sequence[Action]:
        """See `Listener.tell`."""
        heard = told(self._said, topic, data) if self._said.channels else b""
        return (Bytes(_CLIENT, heard),) if heard and not self._closing else ()

    def say_more(self, side: Side, data: bytes) -> Sequence[Action]:
        """A reply is said as a whole."""
        raise TypeError("a Redis reply is said as a whole")

    def say_end(self, side: Side, trailers: Headers = ()) -> Sequence[Action]:
        """A reply is said as a whole."""
        raise TypeError("a Redis reply is said as a whole")
