"""The codec of last resort, and the one to read before writing another.

A connection that no codec understands is still a conversation: each side says one long thing that
ends when that side closes. So there are two messages, numbered 0, and each comes in parts as it is
heard: Begun, More…, Ended. Whoever hears them decides what to keep (sizes and keyed hashes, unless
`raw: keep`).

A codec is two things. A *conversation* is the state of one connection, and turns bytes into
messages (`feed`) and messages into bytes (`say`). A *codec* makes conversations and answers
questions about messages, without state: what makes two requests the same, what a call is called,
where values sit in it. Neither does any I/O, knows the time, or raises for what a peer sent.
"""

from __future__ import annotations

from collections.abc import Sequence

from ci_gate.codecs.base import (
    Action,
    Begun,
    Bytes,
    Close,
    Conversation,
    Ended,
    More,
    Role,
    Side,
)
from ci_gate.model.exchange import Exchange, Facts
from ci_gate.model.message import Headers, Key, Message, Part, Pieces, Raw


class RawConversation:
    """One connection: what each side says is one message, over when that side closes."""

    handshaking = False

    def __init__(self) -> None:
        self._begun: set[Side] = set()
        self._over: set[Side] = set()

    @property
    def reusable(self) -> bool:
        """Never: a side's one message ends with the connection."""
        return False

    def feed(self, side: Side, data: bytes, at: int) -> Sequence[Action]:
        """Hear some bytes, or that the side closed (b"")."""
        if side in self._over:
            return ()
        actions: list[Action] = []
        if side not in self._begun:
            self._begun.add(side)
            actions.append(Begun(side, 0, Raw(), at, stream=True))
        if data:
            actions.append(More(side, 0, data, at))
        else:
            self._over.add(side)
            actions.append(Ended(side, 0, (), at, complete=True))
        return actions

    def say(self, side: Side, message: Message, prepared: bytes | None = None) -> Sequence[Action]:
        """Say all that `side` says, and close. A body that is not bytes comes by `say_more`."""
        assert isinstance(message, Raw)
        if not isinstance(message.body, bytes):
            return ()
        return [*self.say_more(side, message.body), *self.say_end(side)]

    def say_more(self, side: Side, data: bytes) -> Sequence[Action]:
        """Say some bytes as `side`: they go to the other one."""
        return (Bytes(_other(side), data),) if data else ()

    def say_end(self, side: Side, trailers: Headers = ()) -> Sequence[Action]:
        """`side` has said everything."""
        return (Close(_other(side)),)


class RawCodec:
    """Bytes without meaning: any two calls to one dependency are the same if their bytes are."""

    name = "raw"
    alpn: tuple[str, ...] = ()

    def converse(self, role: Role, session: dict[str, str] | None = None) -> Conversation:
        """The same conversation in every role: nothing in it depends on who we are."""
        return RawConversation()

    def refusal(self, reason: str) -> bytes:
        """No bytes: the connection closes."""
        return b""

    def full(self, request: Message) -> tuple[object, ...]:
        """Equal bytes are the same call."""
        body = request.body
        return ("raw", body if isinstance(body, bytes) else str(body))

    def key(self, request: Message) -> Key:
        """One coarse key for all."""
        return Key(("raw",), self.full(request))

    def local(self, request: Message, shared: dict[str, object]) -> Message | None:
        """Nothing."""
        return None

    def about_session(self, request: Message) -> bool:
        """Nothing is."""
        return False

    def miss(self, request: Message, reason: str) -> Message:
        """No bytes: saying it closes the connection, the one error every protocol knows."""
        return Raw()

    def fit(self, recorded: Message, request: Message) -> Message:
        """As recorded."""
        return recorded

    def places(self, message: Message) -> tuple[Part, ...]:
        """One part, the body."""
        return (Part("body", message.body, "binary"),)

    def with_places(self, message: Message, parts: dict[str, Part]) -> Message:
        """The message with another body."""
        if "body" not in parts:
            return message
        body = parts["body"].value
        assert isinstance(body, bytes | Pieces)
        return Raw(body)

    def route(self, request: Message) -> str:
        """The same for all."""
        return "RAW connection"

    def label(self, request: Message) -> str:
        """The same for all: bytes have no name."""
        return "RAW connection"

    def facts(self, exchange: Exchange) -> Facts:
        """A write, for want of knowing better: a missing or repeated one is red."""
        return Facts(effect="write", targets=(exchange.dependency,))

    def prepare(self, message: Message) -> bytes:
        """The bytes themselves."""
        assert isinstance(message.body, bytes)
        return message.body


def _other(side: Side) -> Side:
    return Side.SERVER if side is Side.CLIENT else Side.CLIENT
