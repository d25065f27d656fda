"""How a client begins with a mock: TLS or none, the protocol's version, and who it says it is."""

from __future__ import annotations

from struct import unpack_from

from ci_gate.codecs.base import Action, Bytes, Side, StartTLS, Undecodable
from ci_gate.codecs.postgres import session as own
from ci_gate.codecs.postgres.frames import CANCEL_REQUEST, GSS_REQUEST, SSL_REQUEST
from ci_gate.codecs.postgres.handshake import TLS_NOT_CONFIGURED, unspoken
from ci_gate.codecs.postgres.remedies import LET_IN

_CLIENT = Side.CLIENT


class Opening:
    """One connection until its client is let in, which it is whatever its password.

    `session`: what was recorded of the handshake; "tls": "on" where clients may have TLS.
    """

    __slots__ = ("_denied", "_session", "over", "refusal", "secure", "silent", "started")

    def __init__(self, session: dict[str, str]) -> None:
        self._session = session
        self.secure = False
        """The client speaks TLS."""
        self._denied = False
        """It asked for TLS and was told that there is none."""
        self.started = False
        """It was let in."""
        self.silent = True
        """It has said nothing since."""
        self.over = False
        """There will be no connection: it only wants to cancel."""
        self.refusal = ""
        """Why it is not let in, with the remedy."""

    @property
    def fresh(self) -> bool:
        """Nothing was agreed on yet: TLS may begin without being asked for."""
        return not (self.started or self.secure)

    def hear(self, payload: bytes, actions: list[Action]) -> None:
        """A packet before the connection's messages."""
        code = unpack_from("!I", payload)[0] if len(payload) >= 4 else 0
        offered = self._session.get("tls") == "on"
        if code == SSL_REQUEST and offered and not self.secure:
            self.secure = True
            actions += [Bytes(_CLIENT, b"S"), StartTLS(_CLIENT)]
        elif code in (SSL_REQUEST, GSS_REQUEST):
            self._denied = self._denied or code == SSL_REQUEST
            actions.append(Bytes(_CLIENT, b"N"))
        elif code == CANCEL_REQUEST:
            self.over = True
        elif self.secure and not offered:
            self.refusal = TLS_NOT_CONFIGURED
        elif code >> 16 == 3:
            self.started = True
            facts = {name: value for name, value in self._session.items() if name != "tls"}
            greeting = own.greeting(facts, own.asked_for(payload), code & 0xFFFF)
            actions.append(Bytes(_CLIENT, greeting))
        else:
            self.refusal = unspoken(code)

    def left(self) -> list[Action]:
        """What it may mean that the client has closed the connection."""
        if self._denied and not self.started:
            return [Undecodable(_CLIENT, TLS_NOT_CONFIGURED, left=True)]
        if self.started and self.silent:
            return [Undecodable(_CLIENT, LET_IN, left=True)]
        return []
