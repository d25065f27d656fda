"""The files that make a client trust our authority without losing the roots it had.

A bundle that holds only our certificate would cut a service off from everything else, so each
file is the system's roots, plus those its user has configured, plus ours.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import ssl
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

CA_VARIABLES = (
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "AWS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "PGSSLROOTCERT",
)
"""Variables by which users give clients a file of roots; what they name enters our bundle."""

SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)

_JAVA_PASSWORD = "changeit"  # noqa: S105 - Java's own default; a trust store holds no secret
_MAXIMUM_BUNDLE = 16_000_000
_BEGIN = "-----BEGIN CERTIFICATE-----"
_END = "-----END CERTIFICATE-----"


class TrustFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Paths of the files that `write_trust` wrote."""

    bundle: str
    """PEM: all roots and ours; replaces a client's roots."""
    ca: str
    """PEM: only ours; for settings that add to a client's roots."""
    java_truststore: str
    """JKS: the same roots as `bundle`."""
    java_password: str = _JAVA_PASSWORD


def write_trust(folder: str, authority_pem: bytes, env: Mapping[str, str]) -> TrustFiles:
    """Write bundle, certificate and Java trust store into the existing `folder`.

    `env` is the user's environment: the files its variables name are merged in. Raises OSError
    when `folder` cannot be written.
    """
    ours = base64.b64decode(
        b"".join(line for line in authority_pem.split(b"\n") if not line.startswith(b"-----"))
    )
    certificates = [ours, *(der for der in root_certificates(env) if der != ours)]
    files = TrustFiles(
        bundle=str(Path(folder, "ca-bundle.pem")),
        ca=str(Path(folder, "ca.pem")),
        java_truststore=str(Path(folder, "truststore.jks")),
    )
    Path(files.bundle).write_text("".join(map(ssl.DER_cert_to_PEM_cert, certificates)), "ascii")
    Path(files.ca).write_bytes(authority_pem)
    Path(files.java_truststore).write_bytes(java_truststore(certificates, files.java_password))
    return files


def root_certificates(env: Mapping[str, str]) -> list[bytes]:
    """DER of every root a client with environment `env` might trust, each once.

    The system's bundle, then what the variables name (files, and the folders of SSL_CERT_DIR when
    no file was found). A file that cannot be read counts as absent.
    """
    paths = [*_system_bundle(), *(env[name] for name in CA_VARIABLES if env.get(name))]
    found = dict.fromkeys(der for path in dict.fromkeys(paths) for der in _read(path))
    if not found:
        found = dict.fromkeys(der for path in _folders(env) for der in _read(path))
    if not found:
        found = dict.fromkeys(_read(_certifi()))
    return list(found)


def certificates_in(text: str) -> list[bytes]:
    """DER of every PEM certificate in `text`, whatever stands around them; damaged ones are left
    out."""
    found: list[bytes] = []
    for block in text.split(_BEGIN)[1:]:
        body, end, _ = block.partition(_END)
        if not end:
            continue
        try:
            found.append(base64.b64decode("".join(body.split()), validate=True))
        except binascii.Error:
            continue
    return found


def java_truststore(certificates: Iterable[bytes], password: str) -> bytes:
    """A Java key store (JKS, version 2) of trusted certificates.

    Every Java since 1.2 reads it, also where PKCS 12 is the default type. Layout, big-endian: magic
    0xFEEDFEED, version, count; per entry tag 2, alias, milliseconds, type and DER; at the end SHA-1
    over the password in UTF-16, a fixed phrase and all that precedes.
    """
    entries = list(certificates)
    data = bytearray(struct.pack(">III", 0xFEEDFEED, 2, len(entries)))
    for number, der in enumerate(entries):
        data += struct.pack(">I", 2) + _java_text(f"ci-gate-{number}") + struct.pack(">Q", 0)
        data += _java_text("X.509") + struct.pack(">I", len(der)) + der
    # SHA-1 is what the format says; it guards against damage, not against people.
    digest = hashlib.sha1(usedforsecurity=False)
    digest.update(password.encode("utf-16-be") + b"Mighty Aphrodite" + data)
    return bytes(data) + digest.digest()


def _java_text(text: str) -> bytes:
    encoded = text.encode("ascii")
    return struct.pack(">H", len(encoded)) + encoded


def _read(path: str) -> list[bytes]:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return certificates_in(file.read(_MAXIMUM_BUNDLE))
    except OSError:
        return []


def _system_bundle() -> list[str]:
    built_in = ssl.get_default_verify_paths().openssl_cafile
    return [path for path in (*SYSTEM_BUNDLES, built_in) if os.path.isfile(path)][:1]


def _folders(env: Mapping[str, str]) -> list[str]:
    folders = env.get("SSL_CERT_DIR") or ssl.get_default_verify_paths().openssl_capath
    return [
        str(path)
        for folder in folders.split(os.pathsep)
        if os.path.isdir(folder)
        for path in sorted(Path(folder).iterdir())
    ]


def _certifi() -> str:
    # Imported here: only a machine without any roots of its own needs it.
    import certifi

    return certifi.where()
