"""How a Redis connection begins: TLS from the first byte on, or none. Nobody asks for it."""

from __future__ import annotations

from collections.abc import Mapping

from ci_gate.codecs.base import Action, Bytes, Close, Session, Side, StartTLS, Undecodable
from ci_gate.codecs.redis.resp import error_line

TLS_NOT_CONFIGURED = (
    "a client speaks TLS (rediss://), which this dependency's listener does not: set "
    "`tls: {client: true}` for it"
)
_TLS_RECORD = b"\x16"
_CLIENT, _SERVER = Side.CLIENT, Side.SERVER


class Handshake:
    """Takes what a client says first; when `over`, there is TLS where it is wanted.

    `wishes`: see `Codec.converse`.
    """

    def __init__(self, wishes: Mapping[str, str]) -> None:
        self._wishes = wishes
        self._secure = False
        self.over = False
        self.refused = False

    @property
    def refusing(self) -> bool:
        """The client speaks TLS and will hear that it is not configured."""
        return self._secure and self._wishes.get("tls") != "on"

    def feed(self, data: bytes) -> list[Action]:
        """Hear the client; b"" = it closed. What it says is for the caller once this is over."""
        if not self._secure and data[:1] == _TLS_RECORD:
            # One that is not configured hears it in its own TLS: elsewhere it could not read it.
            self._secure = True
            return [StartTLS(_CLIENT, data)]
        self.over = True
        if not self._secure:
            return []
        if data and self.refusing:
            self.refused = True
            said = Bytes(_CLIENT, error_line(f"ci-gate: {TLS_NOT_CONFIGURED}"))
            return [said, Close(_CLIENT), Undecodable(_CLIENT, TLS_NOT_CONFIGURED)]
        return [Session({"tls": "on"})]

    def passed_on(self, data: bytes) -> list[Action]:
        """What makes a server hear what a client has said first."""
        begun: list[Action] = []
        if self._wishes.get("server_tls") == "on":
            begun.append(StartTLS(_SERVER))
        return [*begun, Bytes(_SERVER, data)] if data else []
