"""TLS on either side of us, with real servers, real drivers and passwords that reach no file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Gate
from tests.e2e.databases.servers import Postgres, Redis, program

HERE = Path(__file__).parent
PASSWORD = "s3cret-hunter2-Pa55"
MODES = {True: "require verify-ca verify-full", False: "disable"}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with server.crt, signed by itself for localhost, and server.key."""
    folder = tmp_path_factory.mktemp("certificate")
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(folder / "server.key"), "-out", str(folder / "server.crt")]
    subprocess.run(
        [openssl, "req", "-x509", *kind, *names, *files], check=True, capture_output=True
    )
    return folder


class TlsPostgres(Postgres):
    """Takes user `app` only over TLS, by SCRAM."""

    def __init__(self, certificate: Path) -> None:
        super().__init__()
        for name in ("server.crt", "server.key"):
            shutil.copy(certificate / name, self._data / name)
            (self._data / name).chmod(0o600)
            if os.geteuid() == 0:
                owner = self.user()
                os.chown(self._data / name, owner["user"], owner["group"])
        trusted = "host all postgres 127.0.0.1/32 trust\n"
        (self._data / "pg_hba.conf").write_text(
            trusted + "hostssl all app 127.0.0.1/32 scram-sha-256\n"
        )

    def command(self) -> list[str]:
        """With the certificate of its folder."""
        return [*super().command(), "-c", "ssl=on"]


class TlsRedis(Redis):
    """Listens for TLS only, and wants a password."""

    def __init__(self, folder: Path, certificate: Path) -> None:
        super().__init__(folder)
        self._certificate = certificate

    def command(self) -> list[str]:
        """No plain port at all."""
        port, plain = ["--port", str(self.port)], super().command()
        at = plain.index("--port")
        plain[at : at + 2] = ["--port", "0", "--tls-port", port[1], "--tls-auth-clients", "no"]
        files = [str(self._certificate / name) for name in ("server.crt", "server.key")]
        tls = ["--tls-cert-file", files[0], "--tls-key-file", files[1]]
        return [*plain, *tls, "--requirepass", PASSWORD]


@pytest.fixture(scope="module")
def servers(
    certificate: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TlsPostgres, TlsRedis]]:
    """Both, running."""
    postgres = TlsPostgres(certificate)
    redis = TlsRedis(tmp_path_factory.mktemp("tls-redis"), certificate)
    postgres.start()
    redis.start()
    psql = [program("psql"), "-h", "127.0.0.1", "-p", str(postgres.port), "-U", "postgres"]
    create = f"CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'"
    subprocess.run([*psql, "-c", create], check=True, capture_output=True)
    yield postgres, redis
    postgres.stop()
    redis.stop()
    postgres.remove()


def configured(
    gate: Gate, servers: tuple[TlsPostgres, TlsRedis], ca: Path | None, *, client: bool, tls: str
) -> None:
    """Write the configuration of a service that is the client script."""
    postgres, redis = servers
    trusted = f", ca: {ca}" if ca else ""
    side = f"tls: {{client: {str(client).lower()}, {tls}{trusted}}}"
    (gate.folder / "ci-gate.yml").write_text(
        f"""version: 1
snapshot: snap
service:
  command: [{sys.executable}, {HERE / "tls_client.py"}]
  env:
    DB: "${{db.address}}"
    CACHE: "${{cache.url}}"
    PASSWORD: "{PASSWORD}"
    MODES: "{MODES[client]}"
dependencies:
  db: {{protocol: postgres, upstream: "localhost:{postgres.port}", {side}}}
  cache: {{protocol: redis, upstream: "localhost:{redis.port}", {side}}}
"""
    )


@pytest.mark.parametrize("client", [True, False], ids=["both sides", "the server's side"])
def test_encrypted(
    gate: Gate, servers: tuple[TlsPostgres, TlsRedis], certificate: Path, client: bool
) -> None:
    """Recorded with SCRAM, mocked with whatever sslmode the drivers ask for; no password, and
    nothing that was derived from it, is in any file."""
    configured(gate, servers, certificate / "server.crt", client=client, tls="server: true")
    recorded = gate("record", "--out", "snap", "--out-port", "0")
    assert recorded.code == 0, recorded.text
    assert len(recorded.out.splitlines()) == (5 if client else 3)
    assert ("True" in recorded.out) is client
    played = gate("mock", "--in", "snap", "--out-port", "0")
    assert played.code == 0, played.text
    assert played.out == recorded.out
    kept = [one for one in gate.folder.rglob("*") if one.is_file() and one.name != "ci-gate.yml"]
    assert kept
    for one in kept:
        data = one.read_bytes()
        assert PASSWORD.encode() not in data, one
        assert b"SCRAM" not in data, one


def test_a_certificate_nobody_vouches_for(
    gate: Gate, servers: tuple[TlsPostgres, TlsRedis]
) -> None:
    """Refused, with the remedy in the client's error and in the summary."""
    configured(gate, servers, None, client=False, tls="server: true")
    recorded = gate("record", "--out", "snap", "--out-port", "0")
    assert recorded.code != 0
    assert "tls: {ca: FILE}" in recorded.text.split("psycopg.OperationalError")[1]
    assert "if its certificate is private, name its CA" in recorded.text


def test_what_is_not_configured(gate: Gate, servers: tuple[TlsPostgres, TlsRedis]) -> None:
    """A server that demands TLS, and a client that does, while neither is configured."""
    configured(gate, servers, None, client=False, tls="server: false")
    recorded = gate("record", "--out", "snap", "--out-port", "0")
    assert recorded.code != 0
    assert "set `tls: {server: true}` for it" in recorded.text
    text = (gate.folder / "ci-gate.yml").read_text().replace("disable", "require")
    (gate.folder / "ci-gate.yml").write_text(text)
    recorded = gate("record", "--out", "snap2", "--out-port", "0")
    assert "server does not support SSL, but SSL was required" in recorded.text
    assert "set `tls: {client: true}` for it" in recorded.text
