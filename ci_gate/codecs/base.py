"""The one interface of every protocol: a conversation hears bytes and speaks messages, free of I/O.

A `Conversation` sees both sides of one connection. It is fed what is heard, says what is played,
and answers with actions. It has no clock (times are given), no randomness and no logging.

    record  hears both sides; the caller has already forwarded the bytes
    mock    hears the client, speaks as the server
    replay  hears the server, speaks as the client
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec

from ci_gate.model.exchange import Exchange, Facts
from ci_gate.model.message import Headers, Key, Message, Part


class Side(enum.IntEnum):
    """Who says something on a connection."""

    CLIENT = 0
    SERVER = 1


class Role(enum.IntEnum):
    """What we are doing on a connection."""

    RECORD = 0
    MOCK = 1
    REPLAY = 2


class Whole(msgspec.Struct, frozen=True, gc=False):
    """A whole message arrived. `number` counts the requests of this connection from 0 and pairs
    a response with its request; times are nanoseconds as given to `feed`."""

    side: Side
    number: int
    message: Message
    started: int
    ended: int


class Begun(msgspec.Struct, frozen=True):
    """The head of a message that will come in parts: its body is larger than the conversation
    keeps (`codecs.base.LARGE`), or it is a stream. `message` has an empty body."""

    side: Side
    number: int
    message: Message
    started: int
    stream: bool
    """True: an event stream or an upgrade, to be kept as parts with their times."""


class More(msgspec.Struct, frozen=True):
    """A part of a begun message's body: transfer-decoded, not content-decoded."""

    side: Side
    number: int
    data: bytes
    at: int


class Ended(msgspec.Struct, frozen=True):
    """A begun message is over; `complete` is False when its sender went away in the middle."""

    side: Side
    number: int
    trailers: Headers
    at: int
    complete: bool


class Bytes(msgspec.Struct, frozen=True, gc=False):
    """Bytes to send to a side."""

    side: Side
    data: bytes


class StartTLS(msgspec.Struct, frozen=True):
    """Upgrade the connection to a side to TLS now. `heard`: what of its TLS was heard already."""

    side: Side
    heard: bytes = b""


class Close(msgspec.Struct, frozen=True):
    """Close the connection to a side once everything was sent."""

    side: Side


class Undecodable(msgspec.Struct, frozen=True):
    """This connection is not (or no longer) the codec's protocol: an upgrade it does not know, or
    a peer's error. Everything from here on is raw. `reason` is one line for the summary."""

    side: Side
    reason: str
    upgrade: bool = False
    """True: both sides agreed to speak something else (101, CONNECT); False: a protocol error."""
    left: bool = False
    """True: the client left when it was told what it does not get. Clients that can do without come
    again, so that it counts only where nothing was understood on any other connection."""


class Withdrawn(msgspec.Struct, frozen=True):
    """A request that was heard whole is none: the server has ignored it after an error."""

    number: int


class Session(msgspec.Struct, frozen=True):
    """What the handshake has told of the server, for `Dependency.session`."""

    facts: dict[str, str]


class Published(msgspec.Struct, frozen=True):
    """A client has published something to whoever listens to `topic` (Redis PUBLISH, PostgreSQL
    NOTIFY). The mock tells its other connections, see `Listener`."""

    topic: bytes
    data: bytes


class Pushed(msgspec.Struct, frozen=True):
    """A server has told a client what was published to `topic`, by whomever (record)."""

    topic: bytes
    data: bytes
    by: bytes = b""
    """The pattern that the client had subscribed to; it may hear the same by its topic, too."""
    at: int = 0
    """When it was heard, in monotonic nanoseconds; 0 where nobody records."""


Action = (
    Whole
    | Begun
    | More
    | Ended
    | Bytes
    | StartTLS
    | Close
    | Undecodable
    | Withdrawn
    | Session
    | Published
    | Pushed
)

LARGE = 1 << 20
"""Bodies up to this many bytes come as one `Whole`, larger ones as Begun, More…, Ended."""


class Conversation(Protocol):
    """One connection of one protocol."""

    @property
    def reusable(self) -> bool:
        """Nothing is pending: replay may send another request, a mock hears the next one begin."""
        ...

    @property
    def handshaking(self) -> bool:
        """Record: what is heard now is not passed on as it is; what `feed` answers with (Bytes,
        StartTLS, Close) is done instead. False for good once it was False."""
        ...

    def feed(self, side: Side, data: bytes, at: int) -> Sequence[Action]:
        """Hear `data` from `side` at `at` (monotonic nanoseconds); b"" = that side closed.

        Never raises for what a peer sent: a protocol error is an `Undecodable` (record) or, when
        we play a server, an `Undecodable` for the report, the protocol's own error answer and
        `Close`.
        """
        ...

    def say(self, side: Side, message: Message, prepared: bytes | None = None) -> Sequence[Action]:
        """Say `message` as `side` (mock: SERVER, replay: CLIENT).

        `prepared` is what `Codec.prepare` made of the same message; it is used as it is when the
        connection is in the common state, else the message is serialised for this state. Answers
        are said in the order of their requests.

        A message whose body is not bytes is only begun: its head goes out now, its body by
        `say_more` and `say_end`, coded and framed as that head announced.
        """
        ...

    def say_more(self, side: Side, data: bytes) -> Sequence[Action]:
        """Go on with the message that was begun: some more of its (content-decoded) body."""
        ...

    def say_end(self, side: Side, trailers: Headers = ()) -> Sequence[Action]:
        """End the message that was begun."""
        ...


@runtime_checkable
class Listener(Protocol):
    """A conversation whose client may listen to what others publish (mock)."""

    def tell(self, topic: bytes, data: bytes) -> Sequence[Action]:
        """`data` was published to `topic`, by this connection or another one."""
        ...


@runtime_checkable
class Recalling(Protocol):
    """A conversation whose state tells what bytes mean, and that may know them all the same when
    they are heard again (mock). The caller keeps what it is told, one for all connections."""

    def premise(self, data: bytes, answer: Message, said: bytes) -> object | None:
        """`data` came in one piece where nothing was pending, asked one thing, and `said` was said
        of its answer: what that rests on; None = these bytes are to be read each time."""
        ...

    def holds(self, premise: object) -> bool:
        """The bytes of this premise mean now what they meant then; asked while `reusable`."""
        ...

    def asked(self, request: Message) -> Message:
        """`request`, which the bytes of a premise that holds asked then, as they ask it now."""
        ...

    def again(self, premise: object, answer: Message) -> bytes:
        """The bytes of a premise that holds were heard again and are answered so: what is said,
        and the state is as `feed` and `say` would have left it. b"" = both are to be called."""
        ...


class Codec(Protocol):
    """A protocol: conversations, and pure functions over its messages."""

    name: str
    alpn: tuple[str, ...]
    """What TLS connections of this protocol call it (RFC 7301); () = nothing."""

    def converse(self, role: Role, session: dict[str, str] | None = None) -> Conversation:
        """A conversation for one new connection. `session`: what was recorded of the handshake;
        "tls": "on" where clients may have TLS. Recording, "server_tls": "on" where the server must
        be asked for it, and "nonce", unguessable text for a login of our own. Replaying against a
        real server: "user", "password" and "database" of the login, and "read": "on" where nothing
        may be written."""
        ...

    def refusal(self, reason: str) -> bytes:
        """The protocol's own error for a connection on which nothing can be answered."""
        ...

    def full(self, request: Message) -> tuple[object, ...]:
        """`Key.full` alone: all that the hot path needs."""
        ...

    def key(self, request: Message) -> Key:
        """What makes a request the same as a recorded one."""
        ...

    def local(self, request: Message, shared: dict[str, object]) -> Message | None:
        """The answer a mock gives by itself (session statements, pings), or None.

        `shared` is one object per dependency, the codec's to use."""
        ...

    def about_session(self, request: Message) -> bool:
        """True for what is asked about the connection or its statements, whose answer is the same
        for everybody: it belongs to no request, and is neither counted nor compared."""
        ...

    def miss(self, request: Message, reason: str) -> Message:
        """The protocol's own error for a call that nothing was recorded for (HTTP: 501 and JSON)."""
        ...

    def fit(self, recorded: Message, request: Message) -> Message:
        """The recorded answer as this client's request asked for it."""
        ...

    def places(self, message: Message) -> tuple[Part, ...]:
        """The parts of a message in reading order."""
        ...

    def with_places(self, message: Message, parts: dict[str, Part]) -> Message:
        """The message with some parts (by `Part.place`) replaced."""
        ...

    def route(self, request: Message) -> str:
        """Method and path with variable segments folded by their own text: "GET /orders/{id}"."""
        ...

    def label(self, request: Message) -> str:
        """The call as people write it: "POST /charges?dry=1"."""
        ...

    def facts(self, exchange: Exchange) -> Facts:
        """Effect, targets, transaction and order scope."""
        ...

    def prepare(self, message: Message) -> bytes:
        """Serialise ahead for the common connection state (HTTP: keep-alive, not HEAD)."""
        ...
