"""How recorded connections begin, as conversations: what passes, what is changed, what is refused."""

from __future__ import annotations

from struct import pack

import pytest

from ci_gate.codecs.base import Action, Bytes, Close, Side, StartTLS, Undecodable
from ci_gate.codecs.postgres import handshake as own
from ci_gate.codecs.postgres.frames import frame
from ci_gate.codecs.postgres.handshake import Handshake
from ci_gate.codecs.postgres.mocking import Mocking
from tests.codecs.postgres.said_as_bytes import STARTUP

C, S = Side.CLIENT, Side.SERVER
SSL = pack("!II", 8, 80877103)
GSS = pack("!II", 8, 80877104)
CANCEL = pack("!IIII", 16, 80877102, 1, 2)
OK = frame(b"R", pack("!I", 0))
BOTH = {"tls": "on", "server_tls": "on", "nonce": "ours"}


def offered(*mechanisms: bytes) -> bytes:
    """What a server asks a client to log in by."""
    return frame(b"R", pack("!I", 10) + b"".join(one + b"\0" for one in mechanisms) + b"\0")


PLUS, PLAIN = b"SCRAM-SHA-256-PLUS", b"SCRAM-SHA-256"


def told(actions: list[Action]) -> str:
    """The error that the client gets, which is what the summary says, too."""
    said, closed, noted = actions
    assert isinstance(said, Bytes)
    assert isinstance(noted, Undecodable)
    assert closed == Close(C)
    assert noted.reason.encode() in said.data
    return noted.reason


def test_nothing_is_encrypted_unless_it_is_configured() -> None:
    """Whoever only prefers it goes on in plain; passwords pass, and the end leaves the rest."""
    hands = Handshake({})
    assert hands.feed(C, GSS) == [Bytes(C, b"N")]
    assert hands.feed(C, SSL) == [Bytes(C, b"N")]
    assert hands.feed(C, STARTUP) == [Bytes(S, STARTUP)]
    for asks in (frame(b"R", pack("!I", 3)), frame(b"R", pack("!I", 5) + b"salt"), offered(PLAIN)):
        assert hands.feed(S, asks) == [Bytes(C, asks)]
        assert hands.feed(C, frame(b"p", b"x\0")) == [Bytes(S, frame(b"p", b"x\0"))]
    assert hands.feed(S, OK + frame(b"Z", b"I")) == [Bytes(C, OK)]
    assert hands.over
    assert hands.followed
    assert hands.left(S) == frame(b"Z", b"I")


def test_the_server_is_asked_for_tls_before_it_hears_anything() -> None:
    """A login bound to its certificate is not offered to a client that has none."""
    hands = Handshake({"server_tls": "on"})
    assert hands.feed(C, STARTUP) == [Bytes(S, SSL)]
    assert hands.feed(S, b"S") == [StartTLS(S), Bytes(S, STARTUP)]
    assert hands.feed(S, offered(PLUS, PLAIN)) == [Bytes(C, offered(PLAIN))]


def test_both_sides_encrypted_is_a_login_of_our_own() -> None:
    """The client is asked for its password, over TLS, and the server gets a SCRAM login."""
    hands = Handshake(BOTH)
    assert hands.feed(C, SSL) == [Bytes(C, b"S"), StartTLS(C)]
    hands.feed(C, STARTUP)
    hands.feed(S, b"S")
    assert hands.feed(S, offered(PLUS, PLAIN)) == [Bytes(C, frame(b"R", pack("!I", 3)))]
    (first,) = hands.feed(C, frame(b"p", b"pencil\0"))
    assert isinstance(first, Bytes)
    assert first.data.endswith(b"n,,n=,r=ours")
    (final,) = hands.feed(S, frame(b"R", pack("!I", 11) + b"r=oursX,s=c2FsdA==,i=1"))
    assert isinstance(final, Bytes)
    assert b"pencil" not in first.data + final.data
    assert "does not know the password" in told(
        hands.feed(S, frame(b"R", pack("!I", 12) + b"v=AAAA"))
    )


def test_tls_without_asking() -> None:
    """A ClientHello at once is taken; the startup message comes in it."""
    hands = Handshake({"tls": "on"})
    assert hands.feed(C, b"\x16\x03\x01") == [StartTLS(C, b"\x16\x03\x01")]
    assert hands.feed(C, STARTUP) == [Bytes(S, STARTUP)]
    assert hands.secure


def test_tls_that_is_not_configured() -> None:
    """Said in the client's own TLS; to one that leaves when it is denied only in the summary."""
    hands = Handshake({})
    hands.feed(C, b"\x16\x03\x01")
    assert told(hands.feed(C, STARTUP)) == own.TLS_NOT_CONFIGURED
    hands = Handshake({})
    hands.feed(C, SSL)
    assert hands.feed(C, b"") == [Undecodable(C, own.TLS_NOT_CONFIGURED, left=True)]


def test_a_mock_says_the_same() -> None:
    """Offered where it is configured, also without asking; denied with the remedy elsewhere."""
    mock = Mocking({"tls": "on"})
    assert mock.feed(C, SSL, 0) == [Bytes(C, b"S"), StartTLS(C)]
    assert isinstance(mock.feed(C, STARTUP, 0)[0], Bytes)
    assert Mocking({"tls": "on"}).feed(C, b"\x16\x03", 0) == [StartTLS(C, b"\x16\x03")]
    mock = Mocking({})
    mock.feed(C, b"\x16\x03", 0)
    noted, said, closed = mock.feed(C, STARTUP, 0)
    assert isinstance(noted, Undecodable)
    assert noted.reason == own.TLS_NOT_CONFIGURED
    assert isinstance(said, Bytes)
    assert own.TLS_NOT_CONFIGURED.encode() in said.data
    assert closed == Close(C)
    mock = Mocking({})
    assert mock.feed(C, SSL, 0) == [Bytes(C, b"N")]
    left = mock.feed(C, b"", 0)[0]
    assert isinstance(left, Undecodable)
    assert left.reason == own.TLS_NOT_CONFIGURED


@pytest.mark.parametrize(
    ("heard", "why"),
    [(frame(b"Q", b"select 1\0"), own.JOINED), (pack("!IHH", 8, 4, 0), "version 4.0")],
)
def test_a_mock_refuses_with_the_remedy(heard: bytes, why: str) -> None:
    """A connection that was joined in the middle, and a protocol of the future."""
    noted, said, closed = Mocking({}).feed(C, heard, 0)
    assert isinstance(noted, Undecodable)
    assert why in noted.reason
    assert isinstance(said, Bytes)
    assert noted.reason.encode() in said.data
    assert closed == Close(C)


def test_something_slipped_in_before_tls() -> None:
    """What follows a request for TLS unencrypted is nobody's."""
    assert "unencrypted" in told(Handshake({"tls": "on"}).feed(C, SSL + STARTUP)[-3:])
    hands = Handshake({"server_tls": "on"})
    hands.feed(C, STARTUP)
    assert "unencrypted" in told(hands.feed(S, b"S" + OK))


@pytest.mark.parametrize(
    ("wishes", "heard", "why"),
    [
        ({}, [(C, frame(b"Q", b"select 1\0"))], own.JOINED),
        ({"server_tls": "on"}, [(C, STARTUP), (S, b"N")], own.SERVER_PLAIN),
        ({"server_tls": "on"}, [(C, STARTUP), (S, b"S"), (S, offered(PLUS))], own.ONLY_BOUND),
        ({}, [(C, STARTUP), (S, frame(b"T"))], "before the connection is ready"),
    ],
)
def test_refused_with_the_remedy(
    wishes: dict[str, str], heard: list[tuple[Side, bytes]], why: str
) -> None:
    """The client's error and the summary say the same."""
    hands = Handshake(wishes)
    for side, data in heard[:-1]:
        hands.feed(side, data)
    assert why in told(hands.feed(*heard[-1]))
    assert hands.over
    assert not hands.followed


def test_a_server_that_demands_tls() -> None:
    """Its own error reaches the client, the remedy the summary."""
    hands = Handshake({})
    hands.feed(C, STARTUP)
    refused = frame(b"E", b"SFATAL\0C28000\0Mno pg_hba.conf entry for host, no encryption\0\0")
    assert hands.feed(S, refused) == [Bytes(C, refused), Undecodable(S, own.SERVER_TLS)]


def test_a_client_that_demands_channel_binding() -> None:
    """It leaves when it is asked for anything else: the summary says why that may be."""
    hands = Handshake({})
    hands.feed(C, STARTUP)
    hands.feed(S, offered(PLAIN))
    assert hands.feed(C, b"") == [Undecodable(C, own.BINDING)]


def test_cancelling_and_other_versions_pass() -> None:
    """The server answers for itself; nothing of them is recorded."""
    hands = Handshake({"server_tls": "on"})
    assert hands.feed(C, CANCEL) == [Bytes(S, SSL)]
    assert hands.feed(S, b"S") == [StartTLS(S), Bytes(S, CANCEL)]
    assert (hands.over, hands.followed) == (True, False)
    hands = Handshake({})
    future = pack("!IHH", 8, 4, 1)
    passed, noted = hands.feed(C, future)
    assert passed == Bytes(S, future)
    assert isinstance(noted, Undecodable)
    assert "4.1" in noted.reason
    minor = pack("!IHH", 9, 3, 2) + b"\0"
    hands = Handshake({})
    assert hands.feed(C, minor) == [Bytes(S, minor)]
    less = frame(b"v", pack("!II", 196608, 0))
    assert hands.feed(S, less + OK) == [Bytes(C, less), Bytes(C, OK)]
