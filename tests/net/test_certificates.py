"""Our authority and its certificates, checked by OpenSSL, by Python's TLS and by Java's keytool."""

from __future__ import annotations

import datetime
import os
import socket
import ssl
import stat
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.errors import CannotRun, ProtocolError
from ci_gate.net import certificates
from ci_gate.net.certificates import AUTHORITY_FILE, Authority, client_context, host_name


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One authority for all tests that do not look at its making."""
    return Authority.open(str(tmp_path_factory.mktemp("state")))


def trusting(authority: Authority) -> ssl.SSLContext:
    """A strict client that trusts only `authority`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=authority.certificate_pem.decode())
    return context


def handshake(
    server: ssl.SSLContext, client: ssl.SSLContext, name: str
) -> tuple[ssl.SSLObject, bytes]:
    """Join both in memory; the client's end and the certificate it saw (DER)."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        server.wrap_bio(to_server, to_client, server_side=True),
        client.wrap_bio(to_client, to_server, server_hostname=name or None),
    ]
    waiting = list(ends)
    for _ in range(10):
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                continue
    assert not waiting
    seen = ends[1].getpeercert(binary_form=True)
    assert seen is not None
    return ends[1], seen


@pytest.mark.parametrize("host", ["api.example", "127.0.0.1", "::1", "a_b.example", "localhost"])
def test_strict_client_accepts(authority: Authority, host: str) -> None:
    """A client with all of RFC 5280's checks on accepts us as a name and as an address."""
    end, _ = handshake(authority.server_context(host), trusting(authority), host)
    assert end.selected_alpn_protocol() is None


def test_other_host_is_refused(authority: Authority) -> None:
    """A certificate is for its own host only."""
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(authority.server_context("a.example"), trusting(authority), "b.example")


def test_stranger_is_refused(authority: Authority) -> None:
    """Who does not trust our authority does not trust us."""
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(authority.server_context("a.example"), client_context({}), "a.example")


def test_alpn(authority: Authority) -> None:
    """We answer with what we were told to offer, and contexts of different offers are kept apart."""
    client = trusting(authority)
    client.set_alpn_protocols(["h2", "http/1.1"])
    end, _ = handshake(authority.server_context("a.example"), client, "a.example")
    assert end.selected_alpn_protocol() == "http/1.1"
    end, _ = handshake(authority.server_context("a.example", ("h2",)), client, "a.example")
    assert end.selected_alpn_protocol() == "h2"


def test_listener_follows_the_name(authority: Authority) -> None:
    """A listener plays whom the client names, and its own host when it names nobody."""
    listener = authority.listener_context("default.example")
    handshake(listener, trusting(authority), "asked.example")
    nameless = trusting(authority)
    nameless.check_hostname = False
    for name, expected in [("", "default.example"), ("asked.example", "asked.example")]:
        _, seen = handshake(listener, nameless, name)
        names = x509.load_der_x509_certificate(seen).extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
        assert names.value.get_values_for_type(x509.DNSName) == [expected]


def test_listener_survives_a_strange_name(authority: Authority) -> None:
    """A name that cannot be a host gets the default certificate, not a broken server."""
    client = trusting(authority)
    client.check_hostname = False
    handshake(authority.listener_context("default.example"), client, "not!a!host")


def test_contexts_are_kept(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """One context per host, however it is spelt, and a bound on how many."""
    context = authority.server_context("Kept.Example.")
    assert authority.server_context("kept.example") is context
    monkeypatch.setattr(certificates, "MAXIMUM_HOSTS", 3)
    for number in range(5):
        authority.server_context(f"h{number}.example")
    assert authority.server_context("kept.example") is not context


def test_validity(tmp_path: Path) -> None:
    """The authority lasts from 2000 to 2100, a certificate 40 days either side of the clock."""
    clock = datetime.datetime(2031, 5, 1, tzinfo=datetime.UTC)
    authority = Authority.open(str(tmp_path), clock)
    ours = x509.load_pem_x509_certificate(authority.certificate_pem)
    assert (ours.not_valid_before_utc.year, ours.not_valid_after_utc.year) == (2000, 2100)
    client = trusting(authority)
    client.verify_mode, client.check_hostname = ssl.CERT_REQUIRED, False
    with pytest.raises(ssl.SSLCertVerificationError, match="not yet valid"):
        handshake(authority.server_context("a.example"), client, "a.example")
    leaf = x509.load_pem_x509_certificate(authority._leaf("a.example"))
    assert leaf.not_valid_before_utc == clock - datetime.timedelta(days=40)
    assert leaf.not_valid_after_utc == clock + datetime.timedelta(days=40)


def test_validity_at_several_times(tmp_path: Path) -> None:
    """What a moved clock does not reach goes by the machine's: a certificate holds for both."""
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    old = datetime.datetime(2023, 5, 6, tzinfo=datetime.UTC)
    authority = Authority.open(str(tmp_path))
    authority.shown(old, now)
    leaf = x509.load_pem_x509_certificate(authority._leaf("a.example"))
    assert leaf.not_valid_before_utc == old - datetime.timedelta(days=40)
    assert leaf.not_valid_after_utc == now + datetime.timedelta(days=40)


def test_made_once(tmp_path: Path) -> None:
    """The second start finds the first one's authority; nobody else may read it."""
    first = Authority.open(str(tmp_path / "state"))
    path = tmp_path / "state" / AUTHORITY_FILE
    os.chmod(path, 0o644)
    assert Authority.open(str(tmp_path / "state")).certificate_pem == first.certificate_pem
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == [AUTHORITY_FILE]


def test_made_by_many_at_once(tmp_path: Path) -> None:
    """Processes that start together end with one authority and no other file."""
    program = (
        "import sys; from ci_gate.net.certificates import Authority\n"
        "sys.stdin.read(1)\nprint(Authority.open(sys.argv[1]).certificate_pem.hex())"
    )
    state = tmp_path / "state"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(state)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin
        process.stdin.write("x")
        process.stdin.flush()
    assert len({process.communicate(timeout=60)[0] for process in started}) == 1
    assert os.listdir(state) == [AUTHORITY_FILE]


@pytest.mark.parametrize("content", ["", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_damaged_authority(tmp_path: Path, content: str) -> None:
    """A file that is no authority is named, with what to do about it."""
    (tmp_path / AUTHORITY_FILE).write_text(content)
    with pytest.raises(CannotRun, match=rf"{AUTHORITY_FILE}.*delete it"):
        Authority.open(str(tmp_path))


def test_state_folder_that_cannot_be(tmp_path: Path) -> None:
    """A state folder that cannot be made is named."""
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotRun, match="make the folder writable"):
        Authority.open(str(tmp_path / "file" / "state"))


@given(st.text(max_size=300))
def test_any_text_is_a_host_or_an_error(text: str) -> None:
    """What a peer names as host is either spelt as certificates want it, or refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            name = host_name(text)
        except ProtocolError:
            return
    assert name.isascii()
    assert host_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("API.Example.", "api.example"),
        ("[::1]", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_host_names(text: str, name: str) -> None:
    """Spellings of one host are one host."""
    assert host_name(text) == name


def test_tls_over_real_sockets(authority: Authority) -> None:
    """Python's own client reaches a server of ours over a socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with authority.server_context("127.0.0.1").wrap_socket(
                connection, server_side=True
            ) as secure:
                secure.sendall(secure.recv(100))

        thread = threading.Thread(target=serve)
        thread.start()
        with (
            socket.create_connection(listener.getsockname()) as plain,
            trusting(authority).wrap_socket(plain, server_hostname="127.0.0.1") as client,
        ):
            client.sendall(b"echo")
            assert client.recv(100) == b"echo"
        thread.join()


def test_real_hosts_are_checked(authority: Authority, tmp_path: Path) -> None:
    """We trust whom the user's variables name, and check the name of the host."""
    bundle = tmp_path / "extra.pem"
    bundle.write_bytes(authority.certificate_pem)
    client = client_context({"SSL_CERT_FILE": str(bundle)})
    handshake(authority.server_context("a.example"), client, "a.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(authority.server_context("a.example"), client, "b.example")
