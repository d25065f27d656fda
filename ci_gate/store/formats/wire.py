"""HTTP/1 as it went over a wire: bytes of a request and of its answer, heard by our own codec."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ci_gate.codecs.base import Action, Begun, Ended, More, Role, Side, Undecodable, Whole
from ci_gate.codecs.http1.head import REQUESTS, RESPONSES
from ci_gate.codecs.registry import codec
from ci_gate.model.message import HttpRequest, HttpResponse, Message
from ci_gate.store.formats.messages import Bad, undone


def heard(request: bytes, response: bytes | None) -> tuple[HttpRequest, HttpResponse | None]:
    """Both messages, content-decoded; None for an answer that was not kept. Raises Bad."""
    tap = codec("http").converse(Role.RECORD)
    asked = _Side(Side.CLIENT)
    answered = _Side(Side.SERVER)
    asked.take(tap.feed(Side.CLIENT, request, 0))
    if asked.message is None:
        asked.take(tap.feed(Side.CLIENT, b"", 0))
    if not isinstance(asked.message, HttpRequest):
        raise Bad(asked.reason or "the request is not whole")
    if response is None:
        return asked.message, None
    answered.take(tap.feed(Side.SERVER, response, 0))
    if answered.message is None:
        # It may end with the connection (RFC 9112 section 6.3).
        answered.take(tap.feed(Side.SERVER, b"", 0))
    if not isinstance(answered.message, HttpResponse):
        raise Bad(answered.reason or "the response is not whole")
    return asked.message, answered.message


def forget() -> None:
    """Give back the memory of heads heard: a recording that has been read is not read again."""
    REQUESTS.forget()
    RESPONSES.forget()


class _Side:
    """One side's message, put together."""

    def __init__(self, side: Side) -> None:
        self.message: Message | None = None
        self.reason = ""
        self._side = side
        self._begun: Message | None = None
        self._parts: list[bytes] = []

    def take(self, actions: Sequence[Action]) -> None:
        for action in actions:
            self._take(action)

    def _take(self, action: Action) -> None:
        if isinstance(action, Undecodable):
            self.reason = self.reason or action.reason
        elif getattr(action, "side", None) is not self._side:
            return
        elif isinstance(action, Whole):
            self.message = self.message or action.message
        elif isinstance(action, Begun):
            self._begun = self._begun or action.message
        elif isinstance(action, More):
            self._parts.append(action.data)
        elif isinstance(action, Ended) and self.message is None:
            self._ended(action)

    def _ended(self, action: Ended) -> None:
        begun = self._begun
        if not isinstance(begun, HttpRequest | HttpResponse) or not action.complete:
            self.reason = self.reason or "it is cut off"
            return
        plain = undone(begun.headers, b"".join(self._parts), coded=True)
        self.message = msgspec.structs.replace(
            begun, body=plain.body, coding=plain.coding, trailers=action.trailers
        )
