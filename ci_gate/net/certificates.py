"""Our certificate authority and the certificates it signs for the hosts a service calls.

The authority is made once per user and lies in the state directory; it is valid from 2000 to 2100,
so that a service whose clock is set to the day of the recording still trusts it. What it signs is
made anew by each boot, for 40 days either side of the clock that boot shows, with one key shared
by all hosts, because making keys is what costs.

Sources: RFC 5280 (profile), RFC 6066 section 3 (server names), RFC 7301 (ALPN).
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
import tempfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ci_gate.errors import CannotRun, ProtocolError
from ci_gate.net.trust import TrustFiles, certificates_in, root_certificates, write_trust

AUTHORITY_FILE = "ca.pem"
LEAF_DAYS = datetime.timedelta(days=40)
MAXIMUM_HOSTS = 1024
"""Contexts kept; hosts come from the traffic, so there must be a bound."""

_FIRST_DAY = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
_LAST_DAY = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
_HTTP_1 = ("http/1.1",)


class Authority:
    """Signs certificates for any host and makes the TLS contexts of our listeners and clients.

    Safe to share between threads that only ask for contexts.
    """

    def __init__(
        self,
        key: ec.EllipticCurvePrivateKey,
        certificate: x509.Certificate,
        now: datetime.datetime,
    ) -> None:
        self._key = key
        self._certificate = certificate
        self._sees: tuple[datetime.datetime, ...] = (now,)
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._contexts: OrderedDict[tuple[str, tuple[str, ...]], ssl.SSLContext] = OrderedDict()

    @classmethod
    def open(cls, state_folder: str, now: datetime.datetime | None = None) -> Authority:
        """Read the authority in `state_folder`, making folder and authority when absent.

        `now` (aware; default the real time) is the clock the service sees: certificates are valid
        for 40 days either side of it. Two processes that start together end with the same
        authority. Raises CannotRun naming the file when it cannot be read or written.
        """
        path = Path(state_folder) / AUTHORITY_FILE
        try:
            if not path.exists():
                _create(path)
            os.chmod(path, 0o600)
            key, certificate = _parse(path.read_bytes())
        except OSError as error:
            raise CannotRun(
                f"{path}: the certificate authority cannot be kept there "
                f"({error.strerror or error}); make the folder writable"
            ) from error
        except ValueError as error:
            raise CannotRun(
                f"{path}: not a certificate authority of ours; delete it and a new one is made"
            ) from error
        return cls(key, certificate, now or datetime.datetime.now(datetime.UTC))

    def shown(self, *clocks: datetime.datetime) -> None:
        """From now on certificates are valid 40 days either side of all these times (aware), which
        processes of the service may see. Call it before any context is asked for."""
        self._sees = clocks

    @property
    def certificate_pem(self) -> bytes:
        """The authority's certificate, without its key."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def server_context(self, host: str, alpn: tuple[str, ...] = _HTTP_1) -> ssl.SSLContext:
        """The context in which we play `host`: a name or an IP address, with or without [].

        Kept for the next connection. Raises ProtocolError when `host` is neither.
        """
        name = host_name(host)
        wanted = (name, alpn)
        context = self._contexts.get(wanted)
        if context is not None:
            self._contexts.move_to_end(wanted)
            return context
        context = self._new_context(self._leaf(name), alpn)
        self._contexts[wanted] = context
        while len(self._contexts) > MAXIMUM_HOSTS:
            self._contexts.popitem(last=False)
        return context

    def listener_context(self, host: str, alpn: tuple[str, ...] = _HTTP_1) -> ssl.SSLContext:
        """A context of its own that plays whatever host a client names, and `host` for a client
        that names none (or names something that cannot be a host).
        """
        context = self._new_context(self._leaf(host_name(host)), alpn)

        def choose(
            connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext
        ) -> None:
            if name is None:
                return
            try:
                connection.context = self.server_context(name, alpn)
            except ProtocolError:
                return

        context.sni_callback = choose
        return context

    def write_trust(self, folder: str, env: Mapping[str, str]) -> TrustFiles:
        """Write what clients need to trust us into `folder`; see `ci_gate.net.trust`."""
        return write_trust(folder, self.certificate_pem, env)

    def _new_context(self, chain: bytes, alpn: tuple[str, ...]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if alpn:
            context.set_alpn_protocols(list(alpn))
        with _file_of(chain) as path:
            context.load_cert_chain(path)
        return context

    def _leaf(self, name: str) -> bytes:
        """Key and certificate for `name`, as one PEM text."""
        alternative: x509.GeneralName
        try:
            alternative = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            alternative = x509.DNSName(name)
        public = self._leaf_key.public_key()
        # No common name: clients look at the alternative names only, and a CN ends at 64 letters.
        subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ci-gate service mock")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._certificate.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(max(min(self._sees) - LEAF_DAYS, _FIRST_DAY))
            .not_valid_after(min(max(self._sees) + LEAF_DAYS, _LAST_DAY))
            .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        return _key_pem(self._leaf_key) + certificate.public_bytes(serialization.Encoding.PEM)


def client_context(
    env: Mapping[str, str], alpn: tuple[str, ...] = _HTTP_1, ca: str = ""
) -> ssl.SSLContext:
    """The context in which we call real hosts: the system's roots and those that `env` names, or
    only those of the file `ca`.

    Certificates and host names are always checked. Takes some milliseconds: keep it. Raises
    CannotRun for a file that cannot be read or holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for certificate in _given(ca) if ca else root_certificates(env):
        try:
            context.load_verify_locations(cadata=certificate)
        except ssl.SSLError:
            continue  # one strange root must not take the others away
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def _given(ca: str) -> list[bytes]:
    """DER of the certificates in a file that somebody has named."""
    try:
        found = certificates_in(Path(ca).read_text("ascii", "replace"))
    except OSError as error:
        raise CannotRun(f"{ca}: {error.strerror}; tls.ca names a file of certificates") from error
    if not found:
        raise CannotRun(f"{ca}: no certificate in it; tls.ca names a file of certificates (PEM)")
    return found


def host_name(host: str) -> str:
    """`host` as certificates spell it: lower case, IDNA, no brackets, no final dot.

    Raises ProtocolError when it is neither a DNS name nor an IP address.
    """
    name = host.strip("[]").removesuffix(".").lower()
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        ascii_name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ProtocolError(f"{host[:100]!r} is not the name of a host") from error
    letters = ascii_name.replace(".", "").replace("-", "").replace("_", "")
    labels = ascii_name.split(".")
    if not letters.isalnum() or len(ascii_name) > 253 or not all(0 < len(x) < 64 for x in labels):
        raise ProtocolError(f"{host[:100]!r} is not the name of a host")
    return ascii_name


def _create(path: Path) -> None:
    """Make an authority at `path` unless another process is faster."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp makes files that only we can read.
    handle, temporary = tempfile.mkstemp(prefix=".ca-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_new_authority())
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link, other than a rename, never replaces what another process has put there.
            os.link(temporary, path)
        except FileExistsError:
            return
        except OSError:
            # A file system without links: the last of two simultaneous first starts wins.
            os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _new_authority() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    # The serial in the name keeps authorities apart that were made on different machines: clients
    # find an issuer by its name.
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ci-gate"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"ci-gate local CA {serial % 2**32:08x}"),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(_FIRST_DAY)
        .not_valid_after(_LAST_DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _key_pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


def _parse(text: bytes) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = serialization.load_pem_private_key(text, password=None)
    certificate = x509.load_pem_x509_certificate(text)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not an elliptic curve key")
    if certificate.public_key() != key.public_key():
        raise ValueError("key and certificate do not belong together")
    return key, certificate


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@contextmanager
def _file_of(content: bytes) -> Iterator[str]:
    """A path from which OpenSSL can read `content`; in memory where there is such a thing, so that
    a killed process leaves no key on a disk."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("ci-gate-leaf")
        path = f"/proc/self/fd/{handle}"
    else:
        handle, path = tempfile.mkstemp(prefix="ci-gate-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            yield path
    finally:
        if not path.startswith("/proc/"):
            Path(path).unlink(missing_ok=True)
