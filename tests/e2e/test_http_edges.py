"""HTTP/1.1 for real: recorded, gated unchanged, and red where the service changed."""

from __future__ import annotations

import contextlib
import datetime
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HERE = Path(__file__).parent
MEGABYTE = 1 << 20

CONFIG = """
version: 1
snapshot: snapshots/torture
service:
  name: torture
  command: [{python}, torture.py, service]
  port: auto
  env:
    PORT: "${{service.port}}"
    BASE_URL: "${{base.url}}"
    OTHER_URL: "http://localhost:{base}"
    PLAIN_URL: "http://localhost:{plain}"
    SECURE_URL: "https://localhost:{secure}"
    GONE_URL: "http://localhost:1"
  ready: {{path: /healthz, timeout: 60s}}
dependencies:
  base: {{upstream: "http://localhost:{base}"}}
  plain: {{upstream: "http://localhost:{plain}"}}
  secure: {{upstream: "https://localhost:{secure}"}}
"""


class Torture:
    """A folder with the torture service, its config, and its upstreams while they run."""

    def __init__(self, folder: Path, gate: Any) -> None:
        self.folder = folder
        self.gate = gate
        self.recording: Any = None

    @contextlib.contextmanager
    def upstreams(self) -> Iterator[None]:
        """The upstreams, running; the config names their ports."""
        ports = self.folder / "ports"
        process = subprocess.Popen(
            [sys.executable, "torture.py", "upstream", "."], cwd=self.folder, env=self.gate.env
        )
        try:
            end = time.monotonic() + 20
            while not ports.exists():
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.02)
            base, plain, secure = ports.read_text(encoding="ascii").split()
            text = CONFIG.format(python=sys.executable, base=base, plain=plain, secure=secure)
            (self.folder / "ci-gate.yml").write_text(text, encoding="utf-8")
            yield
        finally:
            process.kill()
            process.wait()

    def record(self, *drive: str) -> tuple[Any, int]:
        """Record; how it ended, and the most memory the recorder had, in bytes."""
        command = " ".join((sys.executable, "torture_drive.py", *drive))
        trust = str(self.folder / "authority.pem")
        with self.upstreams():
            return self.measured(
                *("record", "--in-port", "0", "--out-port", "0", "--drive", command),
                SSL_CERT_FILE=trust,
            )

    def measured(self, *args: str, **env: str) -> tuple[Any, int]:
        """Run a command; how it ended, and the most memory it had, in bytes."""
        process = self.gate.start(*args, **env)
        peak = [0]

        def watch() -> None:
            with contextlib.suppress(psutil.Error):
                watched = psutil.Process(process.pid)
                while process.returncode is None:
                    peak[0] = max(peak[0], watched.memory_info().rss)
                    time.sleep(0.02)

        watcher = threading.Thread(target=watch)
        watcher.start()
        done = self.gate.end(process, 240)
        watcher.join()
        return done, peak[0]

    def exchanges(self, out: str = "run") -> dict[str, dict[str, Any]]:
        """The rows of a run, by what was asked."""
        path = self.folder / out / "exchanges.jsonl"
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return {row["label"]: row for row in rows}


def write_certificates(folder: Path) -> None:
    """authority.pem, and upstream.pem: key and certificate for localhost, signed by it."""
    now = datetime.datetime.now(datetime.UTC)
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "torture authority")])

    def builder(subject: x509.Name, of: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority_name)
            .public_key(of.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )

    authority = (
        builder(authority_name, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    names = [x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]
    leaf = (
        builder(x509.Name([]), key)
        .add_extension(x509.SubjectAlternativeName(names), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "authority.pem").write_bytes(authority.public_bytes(pem))
    (folder / "upstream.pem").write_bytes(secret + leaf.public_bytes(pem))


@pytest.fixture(scope="module")
def make_torture(make_gate: Callable[[Path], Any]) -> Callable[[Path], Torture]:
    """A folder with everything that is needed to record in it."""

    def make(folder: Path) -> Torture:
        for name in ("torture.py", "torture_drive.py"):
            shutil.copy(HERE / name, folder)
        write_certificates(folder)
        return Torture(folder, make_gate(folder))

    return make


@pytest.fixture(scope="module")
def torture(
    tmp_path_factory: pytest.TempPathFactory, make_torture: Callable[[Path], Torture]
) -> Iterator[Torture]:
    """The torture service, recorded once; its upstreams are gone."""
    torture = make_torture(tmp_path_factory.mktemp("torture"))
    torture.recording, _ = torture.record()
    assert torture.recording.code == 0, torture.recording.text
    yield torture
    left = torture.gate.alive()
    torture.gate.kill_all()
    assert left == []


def test_what_could_not_be_kept_is_counted(torture: Torture) -> None:
    """Everything else is in the snapshot: 42 requests and 23 calls, whatever their shape."""
    out, _, undecoded = torture.recording.text.partition("could not be decoded")
    assert "42 inbound and 23 outbound exchanges" in out
    assert sorted(undecoded.split("\n")[1:-1]) == [
        "GET /large: the client gave up waiting for the answer; not kept",
        "POST /upload: its sender went away in the middle of it; not kept",
        "base: GET /closing: the connection was closed without a whole answer",
        "base: GET /silent: the client gave up waiting for the answer",
        "cannot connect to localhost:1: Connection refused",
        "inbound: upgraded to twice",
    ]


@pytest.mark.parametrize("attempt", [1, 2])
def test_an_unchanged_service_passes(torture: Torture, attempt: int) -> None:
    """Every shape of HTTP is answered by the service, and by the mocks, as it was recorded."""
    done = torture.gate("run", "--out", f"run{attempt}")
    assert done.code == 0, done.text
    assert torture.gate.alive() == []
    counts = torture.gate.result(f"run{attempt}")["runs"][0]["counts"]
    assert (counts["total"], counts["succeeded"]) == (42, 42)
    assert (counts["matched"], counts["unmatched"], counts["unused"]) == (23, 0, 0)


def test_each_change_is_red(torture: Torture) -> None:
    """A trailer, the end of a body without a length, a cookie, a coded body, a byte of a field, an
    event, a block of a large body, a dropped call: each fails its own request and no other."""
    names = "chunked,close,cookies,coded-br,latin,events,large,shapes"
    done = torture.gate("run", "--out", "changed", CHANGED=names)
    assert done.code == 1, done.text
    failed = {
        label: {one["place"] or one["call"] for one in row["differences"]}
        for label, row in torture.exchanges("changed").items()
        if row["state"] == "failed"
    }
    assert len(failed.pop("GET /coded?as=br")) > 10
    assert failed == {
        "GET /chunked": {"response.trailers.x-sum"},
        "GET /close": {"response.body"},
        "GET /cookies": {"response.headers.x-twice[1]"},
        "GET /latin": {"response.headers.x-name"},
        "GET /events?n=0": {"response.body"},
        "GET /events?n=5": {"response.body"},
        "GET /large?mb=3": {"response.body"},
        "GET /call/shapes": {"response.body.$.result.old", "GET /old"},
    }


@pytest.mark.long
def test_large_bodies_in_bounded_memory(
    tmp_path: Path, make_torture: Callable[[Path], Torture]
) -> None:
    """100 MB down and up, inbound and outbound: recorded, mocked and replayed in less than that."""
    torture = make_torture(tmp_path)
    recording, recorder = torture.record("100")
    assert recording.code == 0, recording.text
    done, gate = torture.measured("run", "--out", "run")
    assert done.code == 0, done.text
    assert torture.gate.alive() == []
    assert recorder < 150 * MEGABYTE, f"the recorder had {recorder / MEGABYTE:.0f} MB"
    assert gate < 150 * MEGABYTE, f"the gate had {gate / MEGABYTE:.0f} MB"
