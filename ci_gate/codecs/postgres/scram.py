"""A login of our own at a server: SCRAM-SHA-256 as a client (RFC 5802, RFC 7677).

Needed where a client and a server both speak TLS with us: the client's own login would be bound to
the certificate it sees, which is not the server's.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import unicodedata
from base64 import b64decode, b64encode

from ci_gate.codecs.postgres.frames import Malformed

MECHANISM = b"SCRAM-SHA-256"
ROUNDS_LIMIT = 1_000_000
"""A server that wants more hashing than this is not humoured."""

_GS2 = b"n,,"


class Scram:
    """One login without channel binding. Raises Malformed for what no honest server says."""

    def __init__(self, nonce: str) -> None:
        self._first = b"n=,r=" + nonce.encode("ascii")
        self._nonce = nonce.encode("ascii")
        self._password = b""
        self._signature = b""

    def first(self, password: bytes) -> bytes:
        """client-first-message. PostgreSQL takes the user's name from the startup message."""
        self._password = _prepared(password)
        return _GS2 + self._first

    def final(self, server_first: bytes) -> bytes:
        """client-final-message, in answer to the server's first."""
        told = _attributes(server_first)
        nonce, rounds = told.get(b"r", b""), told.get(b"i", b"")
        if not nonce.startswith(self._nonce) or nonce == self._nonce:
            raise Malformed("the server's nonce does not continue ours")
        if not rounds.isdigit() or not 0 < int(rounds[:12]) <= ROUNDS_LIMIT:
            raise Malformed(f"{rounds[:20]!r} rounds of hashing")
        try:
            salt = b64decode(told.get(b"s", b""), validate=True)
        except binascii.Error as error:
            raise Malformed("the server's salt is not base64") from error
        salted = hashlib.pbkdf2_hmac("sha256", self._password, salt, int(rounds))
        self._password = b""
        key = _hmac(salted, b"Client Key")
        without_proof = b"c=" + b64encode(_GS2) + b",r=" + nonce
        said = b",".join((self._first, server_first, without_proof))
        signature = _hmac(hashlib.sha256(key).digest(), said)
        self._signature = _hmac(_hmac(salted, b"Server Key"), said)
        proof = bytes(left ^ right for left, right in zip(key, signature, strict=True))
        return without_proof + b",p=" + b64encode(proof)

    def check(self, server_final: bytes) -> None:
        """The server has shown that it knows the password, too, or Malformed is raised."""
        shown = _attributes(server_final).get(b"v", b"")
        if not hmac.compare_digest(shown, b64encode(self._signature)):
            raise Malformed("the server does not know the password")


def _prepared(password: bytes) -> bytes:
    """SASLprep as far as it changes anything people type: compatibility forms (RFC 4013)."""
    try:
        text = password.decode()
    except UnicodeDecodeError:
        return password
    return unicodedata.normalize("NFKC", text).encode()


def _attributes(message: bytes) -> dict[bytes, bytes]:
    return {part[:1]: part[2:] for part in message.split(b",") if part[1:2] == b"="}


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")
