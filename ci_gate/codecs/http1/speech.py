"""A message that is said in parts: its head is out, its body follows."""

from __future__ import annotations

from typing import Literal

from ci_gate.codecs.base import Action, Bytes, Side
from ci_gate.codecs.http1.coding import Encoder
from ci_gate.codecs.http1.serialise import chunk, last_chunk
from ci_gate.model.message import Headers

Framing = Literal["chunked", "plain", "silent"]
"""plain: as it is (a length was announced, or the connection ends it); silent: nothing is sent."""


class Speech:
    """Frames and codes the parts of one body, sent to `side`."""

    __slots__ = ("_encoder", "_framing", "_side")

    def __init__(self, side: Side, framing: Framing, coding: str) -> None:
        self._side = side
        self._framing = framing
        self._encoder = Encoder(coding) if coding else None

    def more(self, data: bytes) -> list[Action]:
        """The next bytes of the body."""
        return self._send(self._encoder.more(data) if self._encoder else data)

    def end(self, trailers: Headers) -> list[Action]:
        """The end of the body; trailers go out only where they can, in chunked."""
        actions = self._send(self._encoder.end()) if self._encoder else []
        if self._framing == "chunked":
            actions.append(Bytes(self._side, last_chunk(trailers)))
        return actions

    def _send(self, data: bytes) -> list[Action]:
        if not data or self._framing == "silent":
            return []
        return [Bytes(self._side, chunk(data) if self._framing == "chunked" else data)]
