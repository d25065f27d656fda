"""examples/orders with the real command: recorded, unchanged, and with each regression."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ci_gate.service.ports import free_port
from tests.e2e.databases.servers import Postgres, Redis

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "examples" / "orders"
REGRESSIONS: dict[str, Any] = json.loads((EXAMPLE / "regressions.json").read_text(encoding="utf-8"))
SECRETS = (
    b"4242424242424242",
    b"4000000000000002",
    b"ada@shop.test",
    b"bert@shop.test",
    b"sk_test_orders",
)


def files(folder: Path) -> dict[str, bytes]:
    """Everything below a folder, by relative path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def secrets_in(folder: Path) -> list[str]:
    """Files below a folder that hold what the drive sent in clear."""
    return [
        f"{name}: {secret.decode()}"
        for name, data in files(folder).items()
        for secret in SECRETS
        if secret in data
    ]


@contextlib.contextmanager
def databases(work: Path) -> Iterator[dict[str, str]]:
    """Both, fresh and empty: the address that ci-gate.yml names -> the one they have."""
    redis = Redis(work / "redis")
    postgres = Postgres()
    try:
        redis.start()
        postgres.start()
        yield {
            "localhost:15432": f"localhost:{postgres.port}",
            "localhost:16379": f"localhost:{redis.port}",
        }
    finally:
        postgres.stop()
        postgres.remove()
        redis.stop()


def record(gate: Any, out: Path, work: Path) -> None:
    """The example's recording, on ports of its own, against its upstreams and databases."""
    with databases(work) as addresses:
        _record(gate, out, work, addresses)


def _record(gate: Any, out: Path, work: Path, addresses: dict[str, str]) -> None:
    ports = [str(free_port()) for _ in range(2)]
    addresses |= {
        f"localhost:{one}": f"localhost:{port}"
        for one, port in zip((9443, 9080), ports, strict=True)
    }
    certificate = work / "payments.pem"
    upstreams = subprocess.Popen(
        [sys.executable, "upstreams.py", str(certificate), *ports],
        cwd=EXAMPLE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert upstreams.stdout is not None
        assert upstreams.stdout.readline() == "upstreams: ready\n"
        text = (EXAMPLE / "ci-gate.yml").read_text(encoding="utf-8")
        for address, own in addresses.items():
            assert address in text
            text = text.replace(address, own)
        text = text.replace("../../.venv/bin/python", sys.executable)
        for part in ("orders", "drive.py"):
            if not (work / part).exists():
                (work / part).symlink_to(EXAMPLE / part)
        (work / "ci-gate.yml").write_text(text, encoding="utf-8")
        gate.folder = work
        drive = f"{sys.executable} drive.py"
        done = gate(
            *("record", "--in-port", "0", "--out-port", "0", "--out", str(out), "--drive", drive),
            SSL_CERT_FILE=str(certificate),
        )
        assert done.code == 0, done.text
        assert "POST /orders/{id}/cancel" in done.text
        assert "orders-db" in done.text
    finally:
        upstreams.terminate()
        upstreams.communicate()


def test_a_fresh_recording_passes_and_holds_no_secret(orders: Any, tmp_path: Path) -> None:
    """record, learn, and run without the databases: all pass; neither snapshot nor run directory
    has a secret."""
    snapshot = tmp_path / "snapshot"
    record(orders, snapshot, tmp_path)
    learned = orders("learn", "--in", str(snapshot))
    assert learned.code == 0, learned.text
    assert "response.body.$.created_at  timestamp" in learned.text
    assert secrets_in(snapshot) == []
    done = orders("run", "--in", str(snapshot), "--out", str(tmp_path / "run"))
    assert done.code == 0, done.text
    assert "43 of 43" in done.text
    assert secrets_in(tmp_path / "run") == []
    assert "paid by" in (tmp_path / "run" / "service.log").read_text(encoding="utf-8")


@pytest.mark.long
def test_a_recording_made_again_is_a_small_diff(orders: Any, tmp_path: Path) -> None:
    """Recorded twice, a snapshot has the same files, ids and stand-ins, but for ids of statements
    that tell the time: a diff is about traffic."""
    snapshots = [tmp_path / "one", tmp_path / "two"]
    for snapshot in snapshots:
        record(orders, snapshot, tmp_path)
    one, two = (files(snapshot) for snapshot in snapshots)
    assert list(one) == list(two)
    assert ids(one) == ids(two)


def ids(snapshot: dict[str, bytes]) -> list[str]:
    """Of the exchanges whose request does not hold when an order was placed."""
    found = []
    for data in snapshot.values():
        exchanges = json.loads(data).get("exchanges", ()) if b'"exchanges"' in data else ()
        found += [one["id"] for one in exchanges if "placed_at" not in str(one["request"])]
    assert len(found) > 100
    return found


def test_the_committed_snapshot_holds_no_secret() -> None:
    """What is committed was redacted."""
    assert secrets_in(EXAMPLE / "snapshots") == []


def test_unchanged_passes_twice(orders: Any, tmp_path: Path) -> None:
    """Two runs of the unchanged service against the committed snapshot, two passes;
    `scripts/hundred` runs it a hundred times."""
    for number in range(2):
        done = orders("run", "--quiet", "--out", str(tmp_path / str(number)))
        assert done.code == 0, done.text


@pytest.mark.parametrize("name", REGRESSIONS)
def test_each_regression_is_caught_for_its_cause(orders: Any, tmp_path: Path, name: str) -> None:
    """A regression fails with exit code 1, and the first cause is the right one."""
    out = tmp_path / "run"
    done = orders("run", "--quiet", "--out", str(out), REGRESSION=name)
    assert done.code == 1, done.text
    cause = json.loads((out / "result.json").read_text(encoding="utf-8"))["causes"][0]
    expected = REGRESSIONS[name]
    assert cause["change"] in expected["change"]
    assert expected.get("place", "") in cause.get("place", "")
    assert expected.get("dependency", "") in cause.get("dependency", "")
    assert expected.get("call", "") in cause["examples"][0].get("call", "")
    assert cause["title"] in " ".join(done.text.split())


@pytest.mark.long
def test_it_is_proved_what_the_gate_catches(orders: Any) -> None:
    """Nearly all of what is seeded is caught, a write outside of its transaction always and as such;
    nothing that is missed is without a reason."""
    done = orders("prove", "--runs", "1", "--json", "--quiet")
    assert done.code == 0, done.text
    proof = json.loads(done.out)
    assert proof["false_alarms"] == 0
    assert proof["score"] > 0.98
    kinds = {one["kind"]: one for one in proof["kinds"]}
    left = kinds["write-outside-transaction"]
    assert left["applied"] == left["caught"] > 4
    assert left["by"] == ["changed"]
    assert all(one["caught"] or "gap" not in str(one["hidden"]) for one in proof["trials"])


@pytest.mark.long
def test_the_demo_says_what_it_found() -> None:
    """`make demo` ends with its count and exit code 0."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLE.parent.parent / "scripts" / "demo.py")],
        capture_output=True,
        text=True,
        timeout=400,
        env=dict(os.environ),
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == "demo: 1 pass, 9 of 9 regressions caught"
