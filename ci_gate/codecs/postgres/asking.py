"""A PostgreSQL client of ours that logs in and asks one statement, on a connection of its own.

What only reads is asked inside of a transaction that may not write, so that a function which writes
all the same is refused by the server. The answer is as a tap would have recorded it.

Sources: "Message Flow" and "SASL Authentication" in PostgreSQL's manual.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from struct import pack, unpack_from

from ci_gate.codecs.base import Action, Bytes, Side, StartTLS, Undecodable, Whole
from ci_gate.codecs.postgres.frames import SSL_REQUEST, Malformed, Reader, frame
from ci_gate.codecs.postgres.handshake import SERVER_PLAIN
from ci_gate.codecs.postgres.replaying import steps
from ci_gate.codecs.postgres.scram import MECHANISM, Scram
from ci_gate.model.message import Headers, Message, PgResult, PgStatement

_SERVER = Side.SERVER
_OK, _PASSWORD, _MD5, _SASL, _SASL_GO_ON, _SASL_FINAL = 0, 3, 5, 10, 11, 12
_OWN = frozenset((b"R", b"S", b"K", b"v", b"A", b"N", b"1", b"2", b"3"))
"""What is about the connection and the protocol's steps, and no part of an answer."""
_LEFT_OUT = {"execute": (b"n",), "portal": (b"t",)}
"""By step, what is no part of its answer: that there are no rows, and what parameters there are."""
_READ_ONLY = b"BEGIN READ ONLY\0"
_WRITES = b"25006"
"""read_only_sql_transaction."""


class Asking:
    """`wishes`: "user", "password" and "database"; "server_tls": "on" where the server must be asked
    for encryption; "read": "on" where nothing may be written; "nonce", unguessable text."""

    handshaking = False
    reusable = False

    def __init__(self, wishes: Mapping[str, str]) -> None:
        self._wishes = wishes
        self._server = Reader(startup=False)
        self._statement = PgStatement("")
        self._scram: Scram | None = None
        self._encrypting = False
        self._waiting: list[bytes] = []
        """What is said next, each when the server is ready."""
        self._asked = False
        self._body: list[bytes] = []
        self._over = False

    def say(self, side: Side, message: Message, prepared: bytes | None = None) -> Sequence[Action]:
        """Begin the connection; the statement follows when the server is ready."""
        assert isinstance(message, PgStatement)
        self._statement = message
        begin = [frame(b"Q", _READ_ONLY)] if self._wishes.get("read") == "on" else []
        self._waiting = [*begin, _statement(message)]
        if self._wishes.get("server_tls") == "on":
            self._encrypting = True
            return (Bytes(_SERVER, pack("!II", 8, SSL_REQUEST)),)
        return (Bytes(_SERVER, self._startup()),)

    def _startup(self) -> bytes:
        known = {"user": self._wishes.get("user") or "postgres"}
        known["database"] = self._wishes.get("database") or known["user"]
        known["client_encoding"] = "UTF8"
        said = b"".join(f"{key}\0{value}\0".encode() for key, value in known.items()) + b"\0"
        return pack("!II", len(said) + 8, 3 << 16) + said

    def feed(self, side: Side, data: bytes, at: int) -> Sequence[Action]:
        """See `Conversation.feed`. After an Undecodable nothing more comes."""
        if self._over or not data:
            return ()
        if self._encrypting:
            self._encrypting = False
            if data == b"S":
                return (StartTLS(_SERVER), Bytes(_SERVER, self._startup()))
            return self._end(SERVER_PLAIN)
        actions: list[Action] = []
        try:
            for kind, payload in self._server.feed(data):
                actions += self._hear(kind, payload, at)
                if self._over:
                    break
        except Malformed as error:
            actions += self._end(f"not PostgreSQL: {error}")
        return actions

    def _end(self, reason: str) -> Sequence[Action]:
        self._over = True
        return (Undecodable(_SERVER, reason),)

    def _hear(self, kind: bytes, payload: bytes, at: int) -> Sequence[Action]:
        if kind == b"R":
            return self._log_in(payload)
        if kind == b"Z":
            return self._ready(at)
        if kind == b"G":  # nothing is copied to it
            return (Bytes(_SERVER, frame(b"f", b"no data\0")),)
        if kind == b"E" and not self._asked:
            return self._end(f"the server refuses the login: {_field(payload, b'M')}")
        if kind == b"E" and _field(payload, b"C").encode() == _WRITES:
            return self._end(f"it writes ({_field(payload, b'M')}); say --writes to let it")
        if self._asked and kind not in _OWN and kind not in _LEFT_OUT.get(self._statement.step, ()):
            self._body.append(frame(kind, payload))
        return ()

    def _ready(self, at: int) -> Sequence[Action]:
        if self._waiting:
            self._asked = len(self._waiting) == 1
            return (Bytes(_SERVER, self._waiting.pop(0)),)
        self._over = True
        return (Whole(_SERVER, 0, PgResult(b"".join(self._body)), at, at),)

    def _log_in(self, payload: bytes) -> Sequence[Action]:
        code = unpack_from("!I", payload)[0] if len(payload) >= 4 else -1
        user, password = (self._wishes.get(one, "").encode() for one in ("user", "password"))
        if code in (_PASSWORD, _MD5, _SASL) and not password:
            return self._end("the server asks for a password, and none is known")
        if code == _PASSWORD:
            return (Bytes(_SERVER, frame(b"p", password + b"\0")),)
        if code == _MD5:
            return (Bytes(_SERVER, frame(b"p", _md5(user, password, payload[4:8]) + b"\0")),)
        if code == _SASL and MECHANISM in payload[4:].split(b"\0"):
            self._scram = Scram(self._wishes.get("nonce", ""))
            first = self._scram.first(password)
            said = MECHANISM + b"\0" + pack("!I", len(first)) + first
            return (Bytes(_SERVER, frame(b"p", said)),)
        if code == _SASL_GO_ON and self._scram is not None:
            return (Bytes(_SERVER, frame(b"p", self._scram.final(payload[4:]))),)
        if code == _SASL_FINAL and self._scram is not None:
            self._scram.check(payload[4:])
        elif code != _OK:
            return self._end("the server wants a login that is not known here")
        return ()

    def say_more(self, side: Side, data: bytes) -> Sequence[Action]:
        """A statement is said as a whole."""
        raise TypeError("a PostgreSQL statement is said as a whole")

    def say_end(self, side: Side, trailers: Headers = ()) -> Sequence[Action]:
        """A statement is said as a whole."""
        raise TypeError("a PostgreSQL statement is said as a whole")


def _statement(message: PgStatement) -> bytes:
    """All that asks it; rows come with their description. A portal's is that of its statement, for
    which no values are needed."""
    sql = message.sql.encode("utf-8", "surrogateescape") + b"\0"
    if message.step == "query":
        return frame(b"Q", sql)
    if message.step == "execute":
        bind, execute = steps(message)
        said = [bind, frame(b"D", b"P\0"), execute]
    else:
        said = [frame(b"D", b"S\0")]
    return b"".join((frame(b"P", b"\0" + sql + b"\0\0"), *said, frame(b"S")))


def _md5(user: bytes, password: bytes, salt: bytes) -> bytes:
    """ "md5" and the digest that the server asks for; it is no protection, and said so nowhere."""
    inner = hashlib.md5(password + user, usedforsecurity=False).hexdigest().encode()
    return b"md5" + hashlib.md5(inner + salt, usedforsecurity=False).hexdigest().encode()


def _field(payload: bytes, code: bytes) -> str:
    """A field of an ErrorResponse, on one line."""
    found = next((one[1:] for one in payload.split(b"\0") if one[:1] == code), b"")
    return " ".join(found.decode("utf-8", "replace").split())[:200]
