"""What is wrong with a peer's message, and the status that tells it so."""

from __future__ import annotations

from ci_gate.errors import ProtocolError


class Malformed(ProtocolError):
    """Bytes that are not HTTP/1.x; `status` is what a server answers to them."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
