"""How a recorded PostgreSQL connection begins: encryption with either side, protocol version, login.

Until the server lets the client in, nothing is passed on as it is: each side has its encryption
with us, or none, and what a login binds to a certificate cannot go through two of them.

Sources: "Message Flow", "SASL Authentication" and "Direct SSL Session" in PostgreSQL's manual.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import pack, unpack, unpack_from

from ci_gate.codecs.base import LARGE, Action, Bytes, Close, Side, StartTLS, Undecodable
from ci_gate.codecs.postgres.form import error
from ci_gate.codecs.postgres.frames import (
    CANCEL_REQUEST,
    GSS_REQUEST,
    SSL_REQUEST,
    Malformed,
    Reader,
    frame,
)
from ci_gate.codecs.postgres.scram import MECHANISM, Scram

TLS_RECORD = b"\x16"
"""First byte of a ClientHello: TLS without asking for it."""

TLS_NOT_CONFIGURED = (
    "a client demands TLS, which this dependency's listener does not speak: set "
    "`tls: {client: true}` for it"
)
BINDING = (
    "a client left when it was asked to log in: if it demands channel binding "
    "(channel_binding=require) or a way to log in (require_auth), take that out, because the "
    "certificate it sees is ours"
)
JOINED = (
    "a connection does not begin with a startup message: it was joined in the middle, or is not "
    "PostgreSQL's; start the service after its listeners are up"
)
SERVER_PLAIN = "the server does not speak TLS: take `tls: {server: true}` out"
SERVER_TLS = "the server refuses a connection without TLS: set `tls: {server: true}` for it"
ONLY_BOUND = (
    "the server takes only logins bound to its certificate (SCRAM-SHA-256-PLUS), which cannot "
    "pass: let it offer SCRAM-SHA-256, too"
)

_CLIENT, _SERVER = Side.CLIENT, Side.SERVER
_OK, _PASSWORD, _SASL, _SASL_GO_ON, _SASL_FINAL = 0, 3, 10, 11, 12


class Handshake:
    """Begins a connection; when `over`, the rest is passed on unread by us.

    `wishes`: see `Codec.converse`. What was heard beyond the handshake's end is `left(side)`.
    """

    def __init__(self, wishes: Mapping[str, str]) -> None:
        self._wishes = wishes
        self._client = Reader(startup=True)
        self._server = Reader(startup=False)
        self.over = False
        self.followed = True
        """False: nothing of the connection can be recorded."""
        self.secure = False
        """The client speaks TLS with us."""
        self._denied = False
        """It asked for TLS and was told that there is none."""
        self._refusing = ""
        """What the startup message will be answered with."""
        self._held = b""
        """The startup message, until the server has agreed to TLS."""
        self.early = b""
        """What the client has said already to the server that will have let it in."""
        self._started = False
        self._asked = False
        """The server waits for a login."""
        self._scram: Scram | None = None
        """A login of our own, which the client knows nothing of."""

    def feed(self, side: Side, data: bytes) -> list[Action]:
        """Hear some bytes; b"" = that side closed."""
        actions: list[Action] = []
        try:
            if not data:
                self._gone(side, actions)
            elif side is _CLIENT:
                self._hear_client(data, actions)
            else:
                self._hear_server(data, actions)
        except Malformed as malformed:
            self._refuse(f"not PostgreSQL: {malformed}", actions)
        return actions

    def left(self, side: Side) -> bytes:
        """What came after the handshake's last message."""
        return (self._client if side is _CLIENT else self._server).taken()

    def _refuse(self, reason: str, actions: list[Action]) -> None:
        self.over, self.followed = True, False
        actions += [
            Bytes(_CLIENT, fatal(reason, "08006")),
            Close(_CLIENT),
            Undecodable(_CLIENT, reason),
        ]

    def _gone(self, side: Side, actions: list[Action]) -> None:
        self.over, self.followed = True, False
        if side is _SERVER:
            return
        if self._denied and not self._started:
            actions.append(Undecodable(_CLIENT, TLS_NOT_CONFIGURED, left=True))
        elif self._asked:
            actions.append(Undecodable(_CLIENT, BINDING))

    # What the client says.

    def _hear_client(self, data: bytes, actions: list[Action]) -> None:
        fresh = not (self.secure or self._started) and self._client.at_rest
        if fresh and data[:1] == TLS_RECORD:
            self.secure = True
            if not self._offers_tls:
                self._refusing = TLS_NOT_CONFIGURED
            actions.append(StartTLS(_CLIENT, data))
            return
        upgraded = False
        try:
            for kind, payload in self._client.feed(data):
                if kind:
                    self._login(kind, payload, actions)
                elif self._begin(payload, actions):
                    upgraded = True
                if self.over or upgraded:
                    break
        except Malformed as malformed:
            if self._started:
                raise
            raise Malformed(JOINED) from malformed
        if upgraded and not self._client.at_rest:
            raise Malformed("something unencrypted follows a request for TLS")

    @property
    def _offers_tls(self) -> bool:
        return self._wishes.get("tls") == "on"

    def _begin(self, payload: bytes, actions: list[Action]) -> bool:
        """A packet before the connection's messages; True when TLS is next."""
        code = unpack_from("!I", payload)[0] if len(payload) >= 4 else 0
        if code == SSL_REQUEST and self._offers_tls and not self.secure:
            self.secure = True
            actions += [Bytes(_CLIENT, b"S"), StartTLS(_CLIENT)]
            return True
        if code in (SSL_REQUEST, GSS_REQUEST):
            self._denied = self._denied or code == SSL_REQUEST
            actions.append(Bytes(_CLIENT, b"N"))
            return False
        if self._refusing:
            self._refuse(self._refusing, actions)
            return False
        self._started = True
        self._start(code, pack("!I", len(payload) + 4) + payload, actions)
        return False

    def _start(self, code: int, packet: bytes, actions: list[Action]) -> None:
        spoken = code >> 16 == 3
        self.followed = spoken
        if spoken:
            self._client.started()
        if self._wishes.get("server_tls") == "on":
            self._held = packet
            packet = pack("!II", 8, SSL_REQUEST)
        else:
            self.over = not self.followed
        actions.append(Bytes(_SERVER, packet))
        if not spoken and code != CANCEL_REQUEST:
            actions.append(Undecodable(_CLIENT, unspoken(code)))

    def _login(self, kind: bytes, payload: bytes, actions: list[Action]) -> None:
        scram = self._scram
        if kind != b"p":
            self.early += frame(kind, payload)
            if len(self.early) > LARGE:
                raise Malformed("too much is said before the server has let the client in")
            actions.append(Bytes(_SERVER, frame(kind, payload)))
            return
        self._asked = False
        if scram is None:
            actions.append(Bytes(_SERVER, frame(kind, payload)))
            return
        first = scram.first(payload.rstrip(b"\0"))
        answer = MECHANISM + b"\0" + pack("!I", len(first)) + first
        actions.append(Bytes(_SERVER, frame(b"p", answer)))

    # What the server says.

    def _hear_server(self, data: bytes, actions: list[Action]) -> None:
        if self._held:
            packet, self._held = self._held, b""
            if data == b"S":
                actions += [StartTLS(_SERVER), Bytes(_SERVER, packet)]
                self.over = not self.followed
                return
            if data[:1] == b"N":
                self._refuse(SERVER_PLAIN, actions)
                return
            if data[:1] == b"S":
                raise Malformed("the server says something unencrypted before TLS")
        for kind, payload in self._server.feed(data):
            self._hear(kind, payload, actions)
            if self.over:
                return

    def _hear(self, kind: bytes, payload: bytes, actions: list[Action]) -> None:
        if kind == b"R" and len(payload) >= 4:
            self._authenticate(unpack_from("!I", payload)[0], payload, actions)
        elif kind in (b"E", b"N", b"v"):
            actions.append(Bytes(_CLIENT, frame(kind, payload)))
            if kind == b"E":
                self.over, self.followed = True, False
                if b"no encryption" in payload and b"C28000\0" in payload:
                    actions.append(Undecodable(_SERVER, SERVER_TLS))
        else:
            raise Malformed(f"{kind!r} before the connection is ready")

    def _authenticate(self, code: int, payload: bytes, actions: list[Action]) -> None:
        scram = self._scram
        if code == _SASL_GO_ON and scram is not None:
            actions.append(Bytes(_SERVER, frame(b"p", scram.final(payload[4:]))))
            return
        if code == _SASL_FINAL and scram is not None:
            scram.check(payload[4:])
            return
        self.over = code == _OK
        self._asked = code not in (_OK, _SASL_FINAL)
        if code == _SASL:
            offered = [one for one in payload[4:].split(b"\0") if one]
            unbound = [one for one in offered if not one.endswith(b"-PLUS")]
            if not unbound:
                self._refuse(ONLY_BOUND, actions)
                return
            if unbound != offered and self.secure:
                # This client would find its login tampered with if it were offered less.
                self._scram = Scram(self._wishes.get("nonce", ""))
                payload = pack("!I", _PASSWORD)
            else:
                payload = payload[:4] + b"".join(one + b"\0" for one in unbound) + b"\0"
        actions.append(Bytes(_CLIENT, frame(b"R", payload)))


def unspoken(code: int) -> str:
    """A protocol version that is none of ours."""
    major, minor = unpack("!HH", pack("!I", code))
    return (
        f"a client asks for protocol version {major}.{minor}, and 3 is what ci-gate speaks: update "
        "ci-gate, or let the driver ask for version 3"
    )


def fatal(reason: str, code: str) -> bytes:
    """ErrorResponse after which the connection closes."""
    values = {"severity": "FATAL", "level": "FATAL", "code": code, "message": f"ci-gate: {reason}"}
    return frame(b"E", error(values))
