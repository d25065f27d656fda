"""One connection to the service under test: requests out, answers to a lane."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from ci_gate.codecs.base import Action, Bytes, Close, Codec, Role, Side, Whole
from ci_gate.model.message import HttpRequest, Message
from ci_gate.net.connection import Connection
from ci_gate.replayer.samples import Prepared


class Lane(Protocol):
    """Whose requests a connection carries, one at a time."""

    def answered(self, response: Message, at: int) -> None:
        """The answer to the request in flight is complete."""
        ...

    def take(self, action: Action) -> None:
        """Something arrived that is not a whole message."""
        ...

    def failed(self, why: str) -> None:
        """There will be no answer to the request in flight."""
        ...

    def closed_idle(self) -> None:
        """The service closed a connection that had served before, without a word."""
        ...

    def closed(self) -> None:
        """The service closed the connection."""
        ...


class Wire(Connection):
    """A connection to the service under test."""

    __slots__ = ("_conversation", "_heard", "_lane", "_said", "reusable")

    def __init__(self, lane: Lane, codec: Codec) -> None:
        super().__init__()
        self._lane: Lane | None = lane
        self._conversation = codec.converse(Role.REPLAY)
        self._said = 0
        self._heard = False
        self.reusable = True

    @property
    def left(self) -> bool:
        """True when it belongs to no lane any more."""
        return self._lane is None

    @property
    def ready(self) -> bool:
        """True when a request may be sent."""
        return self.reusable and not self.transport.is_closing()

    def say(self, request: Prepared) -> None:
        """Send a request."""
        self._said += 1
        self._heard = False
        for action in self._conversation.say(Side.CLIENT, request.message, request.serialised):
            if isinstance(action, Bytes):
                self.send(action.data)
        if request.chunks is not None:
            self.stream(self._framed(request.chunks(), request.message), _nothing)

    def _framed(self, chunks: Iterator[bytes], message: Message) -> Iterator[bytes]:
        for chunk in chunks:
            yield from _sent(self._conversation.say_more(Side.CLIENT, chunk))
        trailers = message.trailers if isinstance(message, HttpRequest) else ()
        yield from _sent(self._conversation.say_end(Side.CLIENT, trailers))

    def heard(self, data: bytes) -> None:
        """Plaintext from the service."""
        lane = self._lane
        if lane is None:
            return
        if data:
            self._heard = True
        elif not self._heard:
            self._lane = None
            self.close()
            if self._said > 1:  # it was idle, and was closed while a request was on its way
                lane.closed_idle()
            else:
                lane.closed()
            return
        for action in self._conversation.feed(Side.SERVER, data, time.monotonic_ns()):
            if type(action) is Whole:
                self.reusable = self._conversation.reusable
                lane.answered(action.message, action.ended)
            elif isinstance(action, Close):
                self.reusable = False
            elif isinstance(action, Bytes):
                self.send(action.data)
            else:
                lane.take(action)
            if self._lane is None:
                return  # the lane has left; the rest is no answer to what it sends now
        if not data:
            self._lane = None
            self.close()
            lane.closed()

    def tls_failed(self, reason: str) -> None:
        """It does not speak TLS, or we do not trust its certificate."""
        if self._lane is not None:
            self._lane.failed(f"TLS with the service failed ({reason})")

    def failed(self, error: Exception) -> None:
        """A bug of ours, or a body of the snapshot that cannot be read, costs one request."""
        if self._lane is not None:
            self._lane.failed(f"it could not be replayed ({type(error).__name__}: {error})")

    def leave(self) -> None:
        """Close it; what still comes concerns nobody."""
        self._lane = None
        self.abort()


def _sent(actions: Sequence[Action]) -> Iterator[bytes]:
    return (action.data for action in actions if isinstance(action, Bytes))


def _nothing() -> None:
    """The answer tells when the request was taken."""
