"""The files that make clients trust us beside the roots they had."""

from __future__ import annotations

import hashlib
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.net.certificates import Authority
from ci_gate.net.trust import certificates_in, java_truststore, root_certificates


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One authority for all tests."""
    return Authority.open(str(tmp_path_factory.mktemp("state")))


def test_bundle_keeps_the_users_roots(authority: Authority, tmp_path: Path) -> None:
    """What the user's variables name is in the bundle, once, beside the system's roots and ours."""
    other = Authority.open(str(tmp_path / "other state"))
    corporate = tmp_path / "corporate.pem"
    corporate.write_bytes(b"# our company\n" + other.certificate_pem)
    system = root_certificates({})
    env = {"SSL_CERT_FILE": str(corporate), "NODE_EXTRA_CA_CERTS": str(corporate)}
    files = authority.write_trust(str(tmp_path), {**env, "CURL_CA_BUNDLE": "/no/such/file"})
    bundle = certificates_in(Path(files.bundle).read_text())
    ours = certificates_in(authority.certificate_pem.decode())
    assert bundle == [*ours, *system, *certificates_in(other.certificate_pem.decode())]
    assert certificates_in(Path(files.ca).read_text()) == ours
    ssl.create_default_context(cafile=files.bundle)


def test_folder_of_roots(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any file, the folder that SSL_CERT_DIR names is read."""
    monkeypatch.setattr("ci_gate.net.trust._system_bundle", list)
    (tmp_path / "1234abcd.0").write_bytes(authority.certificate_pem)
    (tmp_path / "folder").mkdir()
    ours = certificates_in(authority.certificate_pem.decode())
    assert root_certificates({"SSL_CERT_DIR": str(tmp_path)}) == ours


@given(st.text(max_size=200))
def test_damaged_bundle(text: str) -> None:
    """Damaged bundles give the certificates that are whole."""
    good = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"
    assert b"ABC" in certificates_in(good + text.replace("-----END", ""))


def test_java_reads_the_trust_store(authority: Authority, tmp_path: Path) -> None:
    """Java's keytool opens the trust store and finds our certificate in it."""
    if shutil.which("keytool") is None:
        pytest.skip("keytool is not installed")
    files = authority.write_trust(str(tmp_path), {})
    command = ["keytool", "-list", "-keystore", files.java_truststore, "-storepass"]
    listed = subprocess.run([*command, files.java_password], capture_output=True, text=True)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    print_of_ours = hashlib.sha256(certificates_in(authority.certificate_pem.decode())[0])
    assert print_of_ours.hexdigest().upper() in listed.stdout.replace(":", "")
    assert subprocess.run([*command, "wrong-password"], capture_output=True).returncode != 0


def test_java_trust_store_bytes() -> None:
    """The layout, for machines without Java."""
    store = java_truststore([b"DER"], "changeit")
    body, digest = store[:-20], store[-20:]
    assert body == (
        b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\x01"
        b"\0\0\0\x02\0\x09ci-gate-0\0\0\0\0\0\0\0\0\0\x05X.509\0\0\0\x03DER"
    )
    password = "changeit".encode("utf-16-be")
    assert digest == hashlib.sha1(password + b"Mighty Aphrodite" + body).digest()
