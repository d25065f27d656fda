"""TLS over memory: from any byte, in both directions, and what goes wrong."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from ci_gate.net.certificates import Authority
from ci_gate.net.tls import TlsLayer, begins_tls


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority of ours."""
    return Authority.open(str(tmp_path_factory.mktemp("state")))


def trusting(authority: Authority) -> ssl.SSLContext:
    """A client's context that trusts it."""
    return ssl.create_default_context(cadata=authority.certificate_pem.decode())


def pair(authority: Authority, context: ssl.SSLContext | None = None) -> tuple[TlsLayer, TlsLayer]:
    """Client and server, nothing exchanged yet."""
    client = TlsLayer(context or trusting(authority), server_side=False, hostname="api.test")
    return client, TlsLayer(authority.server_context("api.test"), server_side=True)


def carry(client: TlsLayer, server: TlsLayer, size: int = 1 << 20) -> tuple[bytes, bytes]:
    """Carry bytes both ways, `size` at a time, until nothing more comes; what (client, server) heard."""
    heard = [b"", b""]
    while True:
        quiet = True
        for at, (sender, receiver) in enumerate(((server, client), (client, server))):
            data = sender.outgoing()
            quiet = quiet and not data
            for start in range(0, len(data), size):
                heard[at] += receiver.receive(data[start : start + size])
        if quiet:
            return heard[0], heard[1]


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_what_is_said_before_the_handshake_arrives_after_it(
    authority: Authority, size: int
) -> None:
    """Data said at once waits for the handshake, however the bytes are cut."""
    client, server = pair(authority)
    client.send(b"question ")
    client.send(b"two")
    server.send(b"answer")
    assert carry(client, server, size) == (b"answer", b"question two")
    assert client.established
    assert server.established


def test_many_records_in_one_go(authority: Authority) -> None:
    """A megabyte, and the goodbye behind it, in one piece of ciphertext."""
    client, server = pair(authority)
    carry(client, server)
    data = bytes(range(256)) * 4096
    client.send(data)
    client.close()
    assert server.receive(client.outgoing()) == data
    assert server.closed
    assert server.failure == ""


def test_a_goodbye_alone(authority: Authority) -> None:
    """A close_notify with no data before it ends the peer's side; ours may still speak."""
    client, server = pair(authority)
    carry(client, server)
    client.close()
    assert server.receive(client.outgoing()) == b""
    assert server.closed
    server.send(b"the rest")
    server.close()
    assert client.receive(server.outgoing()) == b"the rest"
    assert client.closed


def test_data_after_the_end_is_dropped(authority: Authority) -> None:
    """What a peer sends after its goodbye, and what we say after ours, goes nowhere."""
    client, server = pair(authority)
    carry(client, server)
    client.send(b"late")
    late = client.outgoing()
    client.close()
    server.receive(client.outgoing())
    assert server.receive(late) == b""
    client.send(b"later")
    assert client.outgoing() == b""


def test_a_client_that_does_not_trust_us(authority: Authority) -> None:
    """Both sides know why it failed, and the peer is told by an alert."""
    client, server = pair(authority, ssl.create_default_context(cadata=None))
    carry(client, server)
    assert "issuer certificate" in client.failure or "self-signed" in client.failure
    assert "UNKNOWN_CA" in server.failure
    assert client.closed
    assert server.closed
    server.send(b"x")
    assert server.outgoing() == b""


def test_what_is_no_tls(authority: Authority) -> None:
    """Plain HTTP where a handshake was to begin fails and raises nothing."""
    _, server = pair(authority)
    assert server.receive(b"GET / HTTP/1.1\r\n\r\n") == b""
    assert server.closed
    assert server.failure
    assert server.receive(b"more") == b""


def test_a_broken_record(authority: Authority) -> None:
    """What came before a damaged record is heard, then the connection has failed."""
    client, server = pair(authority)
    carry(client, server)
    client.send(b"good")
    good = client.outgoing()
    client.send(b"bad")
    bad = bytearray(client.outgoing())
    bad[-1] ^= 1
    assert server.receive(good + bytes(bad)) == b"good"
    assert server.failure


def test_begins_tls() -> None:
    """Only a handshake record begins TLS."""
    assert begins_tls(b"\x16\x03\x01")
    assert not begins_tls(b"GET /")
    assert not begins_tls(b"")


def test_a_name_that_cannot_be_one(authority: Authority) -> None:
    """A host that is no name is told at once."""
    with pytest.raises(ValueError, match="label"):
        TlsLayer(trusting(authority), server_side=False, hostname="x" * 300 + ".test")


def test_nothing_is_written_next_to_the_state(authority: Authority, tmp_path: Path) -> None:
    """A handshake leaves no file behind."""
    carry(*pair(authority))
    assert list(tmp_path.iterdir()) == []
