"""One HTTP/1.x connection in each of our three roles.

The readers (`incoming`) find the messages; what is here is the order of things on a connection:
who answers whom, when 100 (Continue) is due, and when a connection ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from ci_gate.codecs.base import Action, Bytes, Close, Side, Undecodable
from ci_gate.codecs.http1.framing import is_bodiless
from ci_gate.codecs.http1.head import RequestHead
from ci_gate.codecs.http1.incoming import RequestReader, ResponseReader
from ci_gate.codecs.http1.malformed import Malformed
from ci_gate.codecs.http1.serialise import (
    as_recorded,
    head_bytes,
    prepare,
    refusal,
    streamed_length,
    until_close,
    whole,
)
from ci_gate.codecs.http1.speech import Speech
from ci_gate.model.message import Headers, HttpRequest, HttpResponse, Message

_CLIENT = Side.CLIENT
_SERVER = Side.SERVER

_CONTINUE = Bytes(_CLIENT, b"HTTP/1.1 100 Continue\r\n\r\n")


class Recording:
    """Hears both sides, says nothing. Responses pair with requests by `number`; one may come
    before its request was finished."""

    handshaking = False
    __slots__ = ("_client", "_over", "_server")

    def __init__(self) -> None:
        methods: deque[str] = deque()
        self._client = RequestReader(lambda head: methods.append(head.message.method))
        self._server = ResponseReader(methods)
        self._over = False

    @property
    def reusable(self) -> bool:
        """Never: a tap sends no requests."""
        return False

    def feed(self, side: Side, data: bytes, at: int) -> Sequence[Action]:
        """See `Conversation.feed`. After an Undecodable nothing more comes."""
        if self._over:
            return ()
        reader = self._client if side is _CLIENT else self._server
        actions: list[Action] = []
        try:
            message = reader.whole(data, at)
            if message is not None:
                return (message,)
            if data:
                reader.feed(data, at, actions)
            else:
                reader.close(at, actions)
        except Malformed as error:
            self._end(at, actions)
            actions.append(Undecodable(side, str(error)))
        if self._server.over:
            self._end(at, actions)
            if self._server.upgraded:
                actions.append(Undecodable(_SERVER, self._server.upgraded, upgrade=True))
        return actions

    def say(self, side: Side, message: Message, prepared: bytes | None = None) -> Sequence[Action]:
        """A tap says nothing."""
        raise TypeError("a recording conversation only listens")

    def say_more(self, side: Side, data: bytes) -> Sequence[Action]:
        """A tap says nothing."""
        raise TypeError("a recording conversation only listens")

    def say_end(self, side: Side, trailers: Headers = ()) -> Sequence[Action]:
        """A tap says nothing."""
        raise TypeError("a recording conversation only listens")

    def _end(self, at: int, actions: list[Action]) -> None:
        self._over = True
        self._client.abandon(at, actions)
        self._server.abandon(at, actions)


class Mocking:
    """Hears the client, speaks as the server. Answers must be said in the order of the requests."""

    handshaking = False
    __slots__ = ("_client", "_closing", "_refusal", "_speech", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[RequestHead] = deque()
        """Heads of the requests not yet answered."""
        self._client = RequestReader(self._waiting.append, obeys=True)
        self._closing = False
        """Nothing more is heard; the connection ends after the last answer."""
        self._refusal: tuple[Action, ...] = ()
        """What garbage gets, once the requests before it are answered."""
        self._speech: Speech | None = None

    @property
    def reusable(self) -> bool:
        """Whether nothing is pending: what comes next begins a request."""
        return (
            not self._waiting
            and not self._closing
            and self._speech is None
            and self._client.at_rest
        )

    def feed(self, side: Side, data: bytes, at: int) -> Sequence[Action]:
        """See `Conversation.feed`. Garbage gives an Undecodable, then a 400 answer and Close."""
        reader = self._client
        if self._closing:
            return ()
        actions: list[Action] = []
        try:
            message = reader.whole(data, at)
            if message is not None:
                self._closing = reader.over
                return (message,)
            if not data:
                return self._hear_end(at, actions)
            reader.feed(data, at, actions)
        except Malformed as error:
            return self._refuse(error, at, actions)
        self._closing = reader.over
        return self._invite(actions) if reader.expecting else actions

    def say(self, side: Side, message: Message, prepared: bytes | None = None) -> Sequence[Action]:
        """Answer the oldest unanswered request. A body that is not bytes is only begun."""
        head = self._waiting.popleft()
        assert isinstance(message, HttpResponse)
        if head.common and message.status != 101 and isinstance(message.body, bytes):
            said = Bytes(_CLIENT, prepare(message) if prepared is None else prepared)
            if not self._closing and not self._client.expecting:
                return (said,)
            return self._wind_up([said])
        if isinstance(message.body, bytes):
            return self._say_whole(head, message)
        return self._say_head(head, message)

    def say_more(self, side: Side, data: bytes) -> Sequence[Action]:
        """Go on with the answer that was begun."""
        assert self._speech is not None
        return self._speech.more(data)

    def say_end(self, side: Side, trailers: Headers = ()) -> Sequence[Action]:
        """End the answer that was begun."""
        assert self._speech is not None
        actions = self._speech.end(trailers)
        self._speech = None
        return self._wind_up(actions)

    def _say_whole(self, head: RequestHead, message: HttpResponse) -> Sequence[Action]:
        old = head.message.version == "1.0"
        method = head.message.method
        switching = message.status == 101 or (method == "CONNECT" and message.status < 300)
        data = whole(
            message,
            connection=b"" if switching else _connection(head),
            head_only=method == "HEAD" or switching,
            chunks=not old,
        )
        if switching:  # what both sides would speak now was not recorded
            self._closing = True
        return self._wind_up([Bytes(_CLIENT, data)])

    def _say_head(self, head: RequestHead, message: HttpResponse) -> Sequence[Action]:
        connection = _connection(head)
        length = streamed_length(message)
        if head.message.method == "HEAD" or is_bodiless(message.status):
            data = as_recorded(message, connection)
            self._speech = Speech(_CLIENT, "silent", "")
        elif length is None and head.message.version == "1.0":
            data = until_close(message)
            self._closing = True
            self._speech = Speech(_CLIENT, "plain", message.coding)
        else:
            data = head_bytes(message, length, connection)
            self._speech = Speech(_CLIENT, "chunked" if length is None else "plain", message.coding)
        return (Bytes(_CLIENT, data),)

    def _hear_end(self, at: int, actions: list[Action]) -> Sequence[Action]:
        self._closing = True
        if self._client.in_body and self._waiting:
            self._waiting.pop()  # half a request gets no answer
        self._client.close(at, actions)
        return self._wind_up(actions)

    def _invite(self, actions: list[Action]) -> list[Action]:
        """100 (Continue), when the request that waits for it is the next to be answered."""
        if not self._waiting:  # it was answered without its body
            self._client.expecting = False
        elif len(self._waiting) == 1 and self._speech is None:
            self._client.expecting = False
            actions.append(_CONTINUE)
        return actions

    def _refuse(self, error: Malformed, at: int, actions: list[Action]) -> Sequence[Action]:
        if self._client.in_body and self._waiting:
            self._waiting.pop()  # what went wrong in its body is refused, not answered
        self._client.abandon(at, actions)
        self._closing = True
        self._refusal = (Bytes(_CLIENT, refusal(error.status, str(error))),)
        actions.append(Undecodable(_CLIENT, str(error)))
        return self._wind_up(actions)

    def _wind_up(self, actions: list[Action]) -> Sequence[Action]:
        """What follows an answer: an invitation to go on, or the end of the connection."""
        if self._client.expecting:
            return self._invite(actions)
        if self._closing and not self._waiting and self._speech is None:
            actions += self._refusal
            actions.append(Close(_CLIENT))
        return actions


class Replaying:
    """Hears the server, speaks as the client."""

    handshaking = False
    __slots__ = ("_methods", "_over", "_server", "_speech")

    def __init__(self) -> None:
        self._methods: deque[str] = deque()
        self._server = ResponseReader(self._methods)
        self._over = False
        self._speech: Speech | None = None

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another request now, all earlier ones answered."""
        server = self._server
        if self._over or server.closing or self._methods or self._speech is not None:
            return False
        return server.at_rest

    def feed(self, side: Side, data: bytes, at: int) -> Sequence[Action]:
        """See `Conversation.feed`. A server that goes away inside a response gives an Ended that is
        not complete, one that says nothing to a request or garbage an Undecodable."""
        if self._over:
            return ()
        actions: list[Action] = []
        server = self._server
        try:
            message = server.whole(data, at)
            if message is not None:
                return (message,)
            if data:
                server.feed(data, at, actions)
            else:
                self._over = True
                server.close(at, actions)
                if self._methods and not actions:
                    actions.append(Undecodable(_SERVER, "closed before the response"))
        except Malformed as error:
            self._over = True
            server.abandon(at, actions)
            actions.append(Undecodable(_SERVER, str(error)))
            if data:
                actions.append(Close(_SERVER))
        if server.over:
            self._over = True
            if server.upgraded:
                actions.append(Undecodable(_SERVER, server.upgraded, upgrade=True))
        return actions

    def say(self, side: Side, message: Message, prepared: bytes | None = None) -> Sequence[Action]:
        """Send a request. A body that is not bytes is only begun."""
        assert isinstance(message, HttpRequest)
        self._methods.append(message.method)
        if isinstance(message.body, bytes):
            return (Bytes(_SERVER, prepare(message) if prepared is None else prepared),)
        length = streamed_length(message)
        self._speech = Speech(_SERVER, "chunked" if length is None else "plain", message.coding)
        return (Bytes(_SERVER, head_bytes(message, length)),)

    def say_more(self, side: Side, data: bytes) -> Sequence[Action]:
        """Go on with the request that was begun."""
        assert self._speech is not None
        return self._speech.more(data)

    def say_end(self, side: Side, trailers: Headers = ()) -> Sequence[Action]:
        """End the request that was begun."""
        assert self._speech is not None
        actions = self._speech.end(trailers)
        self._speech = None
        return actions


def _connection(head: RequestHead) -> bytes:
    """The Connection option that the answer to this request needs."""
    if head.close:
        return b"close"
    return b"keep-alive" if head.message.version == "1.0" else b""
