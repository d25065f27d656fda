"""A login of our own, against a server that a test plays (a real one: tests/e2e/databases)."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode

import pytest

from ci_gate.codecs.postgres.frames import Malformed
from ci_gate.codecs.postgres.scram import Scram

FIRST = b"r=oursTHEIRS,s=" + b64encode(b"salt") + b",i=4096"


def mac(key: bytes, text: bytes) -> bytes:
    """HMAC-SHA-256."""
    return hmac.new(key, text, hashlib.sha256).digest()


def test_both_sides_know_the_password() -> None:
    """The proof is what a server computes from what it stores, and its signature is checked."""
    scram = Scram("ours")
    first = scram.first("\uff50encil".encode())  # a wide p is a p
    assert first == b"n,,n=,r=ours"
    final = scram.final(FIRST)
    bare, _, proof = final.rpartition(b",p=")
    salted = hashlib.pbkdf2_hmac("sha256", b"pencil", b"salt", 4096)
    said = first[3:] + b"," + FIRST + b"," + bare
    key = bytes(
        a ^ b
        for a, b in zip(
            b64decode(proof),
            mac(hashlib.sha256(mac(salted, b"Client Key")).digest(), said),
            strict=True,
        )
    )
    assert key == mac(salted, b"Client Key")
    scram.check(b"v=" + b64encode(mac(mac(salted, b"Server Key"), said)))
    with pytest.raises(Malformed, match="does not know the password"):
        scram.check(b"v=" + b64encode(b"x" * 32))


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (b"r=theirs,s=c2FsdA==,i=4096", "nonce"),
        (b"r=ours,s=c2FsdA==,i=4096", "nonce"),
        (b"r=oursX,s=c2FsdA==,i=99999999999999", "rounds"),
        (b"r=oursX,s=c2FsdA==,i=0", "rounds"),
        (b"r=oursX,s=%%%,i=1", "salt"),
        (b"", "nonce"),
    ],
)
def test_what_no_honest_server_says(first: bytes, why: str) -> None:
    """Neither costs time nor gives anything away."""
    scram = Scram("ours")
    scram.first(b"pencil")
    with pytest.raises(Malformed, match=why):
        scram.final(first)
