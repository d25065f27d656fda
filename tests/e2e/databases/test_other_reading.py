"""Somebody else's reading of what our mock says: tshark sees the messages that we see, and none that
is malformed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_gate.codecs.postgres.frames import Reader
from ci_gate.codecs.redis.resp import Reader as RedisReader
from ci_gate.codecs.redis.resp import arguments
from tests.e2e.conftest import Gate
from tests.e2e.databases.capture import Tap
from tests.e2e.databases.servers import Postgres, Redis, Server

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]
HERE = Path(__file__).parent
Ports = Callable[[], int]

ASKED = {
    b"Q": "Simple query", b"P": "Parse", b"B": "Bind", b"D": "Describe", b"E": "Execute",
    b"S": "Sync", b"C": "Close", b"H": "Flush", b"X": "Termination",
}  # fmt: skip
ANSWERED = {
    b"R": "Authentication request", b"S": "Parameter status", b"K": "Backend key data",
    b"Z": "Ready for query", b"1": "Parse completion", b"2": "Bind completion",
    b"3": "Close completion", b"T": "Row description", b"D": "Data row",
    b"C": "Command completion", b"E": "Error", b"n": "No data", b"s": "Portal suspended",
    b"t": "Parameter description", b"I": "Empty query", b"N": "Notice",
}  # fmt: skip


def captured(gate: Gate, server: Server, protocol: str, client: str, listen: int) -> Tap:
    """Everything that a client and our mock said, the server being stopped."""
    where = f"db@{listen}={protocol}://127.0.0.1:{server.port}"
    ports = ("--out-port", "0", "--map", where)
    command = ("--", "env", "SEQUENCES=60", sys.executable, str(HERE / client))
    recorded = gate("record", "--out", "snap", *ports, *command, ADDRESS=f"127.0.0.1:{listen}")
    assert recorded.code == 0, recorded.text
    server.stop()
    tap = Tap(listen)
    played = gate("mock", "--in", "snap", *ports, *command, ADDRESS=f"127.0.0.1:{tap.port}")
    tap.close()
    assert played.code == 0, played.text
    assert played.out == recorded.out
    return tap


def fields(path: Path, port: int, protocol: str, *names: str) -> list[list[str]]:
    """What tshark reads: for each packet the port it comes from and these fields."""
    what = [part for name in ("tcp.srcport", *names) for part in ("-e", name)]
    flags = ["-d", f"tcp.port=={port},{protocol}", "-T", "fields", "-E", "aggregator=|", *what]
    # Checksums are not in the capture, and values may hold the separator.
    command = ["tshark", "-n", "-r", str(path), "-o", "tcp.check_checksum:FALSE", *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def malformed(path: Path, port: int, protocol: str) -> str:
    """Packets that tshark cannot read."""
    flags = ["-d", f"tcp.port=={port},{protocol}", "-Y", "_ws.malformed"]
    done = subprocess.run(
        ["tshark", "-n", "-r", str(path), *flags], capture_output=True, text=True, timeout=120
    )
    return done.stdout


def test_postgres(gate: Gate, postgres: Postgres, free_port: Ports, tmp_path: Path) -> None:
    """The same messages in the same order on both sides."""
    tap = captured(gate, postgres, "postgres", "random_client.py", free_port())
    path = tmp_path / "said.pcap"
    tap.write(path, 5432)
    assert malformed(path, 5432, "pgsql") == ""
    read = fields(path, 5432, "pgsql", "pgsql.type")
    for asking, names in ((True, ASKED), (False, ANSWERED)):
        seen = [
            one
            for source, found in read
            if (source != "5432") == asking
            for one in found.split("|")
            if one and one != "Startup message"
        ]
        ours: list[str] = []
        for number in dict.fromkeys(number for number, _, _ in tap.said):
            data = b"".join(d for n, a, d in tap.said if (n, a) == (number, asking))
            reader = Reader(startup=asking)
            for kind, _ in reader.feed(data):
                reader.started()
                if kind:
                    ours.append(names[kind])
        assert len(ours) > 300
        assert seen == ours


def test_redis(gate: Gate, redis: Redis, free_port: Ports, tmp_path: Path) -> None:
    """The same commands and arguments, and no reply that is malformed."""
    tap = captured(gate, redis, "redis", "redis_client.py", free_port())
    path = tmp_path / "said.pcap"
    tap.write(path, 6379)
    assert malformed(path, 6379, "resp") == ""
    read = fields(path, 6379, "resp", "resp.bulk_string.value")
    for number in dict.fromkeys(number for number, _, _ in tap.said):
        sent = [found for source, found in read if source == str(10_000 + number)]
        seen = [bytes.fromhex(one) for found in sent for one in found.split("|")]
        data = b"".join(d for n, a, d in tap.said if (n, a) == (number, True))
        ours = [arg for one in RedisReader(inline=False).feed(data) for arg in arguments(one)]
        assert up_to_large(seen) == up_to_large(ours)


def up_to_large(values: list[bytes]) -> list[bytes]:
    """Those before the value of a megabyte, which tshark reads again in every packet of it; names
    in capitals are ours, and it does not show what is empty."""
    capitals = [one.upper() for one in values if one]
    return capitals[: capitals.index(b"BIG")] if b"BIG" in capitals else capitals
