"""How clients begin with a mock (what it says of TLS and of versions: see test_handshake)."""

from __future__ import annotations

from struct import pack

from ci_gate.codecs.base import Action, Bytes, Close, Side, Undecodable
from ci_gate.codecs.postgres.mocking import Mocking
from ci_gate.codecs.postgres.opening import Opening
from ci_gate.codecs.postgres.remedies import LET_IN
from tests.codecs.postgres.said_as_bytes import STARTUP

C = Side.CLIENT


def test_whoever_asks_is_let_in() -> None:
    """With the database's facts and the client's own settings."""
    opening = Opening({"server_version": "16.1", "tls": "on"})
    actions: list[Action] = []
    opening.hear(STARTUP[4:], actions)
    (said,) = actions
    assert isinstance(said, Bytes)
    assert b"server_version\0" + b"16.1" in said.data
    assert b"tls" not in said.data
    assert opening.started


def test_a_client_that_leaves_when_it_is_let_in() -> None:
    """It may demand a login that the mock does not have: the report says so. One that has said
    anything, if only goodbye, does not."""
    server = Mocking({})
    server.feed(C, STARTUP, 0)
    assert server.feed(C, b"", 0) == [Undecodable(C, LET_IN, left=True), Close(C)]
    server = Mocking({})
    server.feed(C, STARTUP, 0)
    assert server.feed(C, b"X" + pack("!I", 4), 0) == [Close(C)]
    assert not server.feed(C, b"", 0)


def test_cancelling_is_no_connection() -> None:
    """It is closed without a word."""
    cancel = pack("!IIII", 16, 80877102, 1, 2)
    assert Mocking({}).feed(C, cancel, 0) == [Close(C)]
