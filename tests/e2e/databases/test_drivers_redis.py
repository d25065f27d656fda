"""redis-py for asyncio against the mock."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tests.e2e.conftest import Gate
from tests.e2e.databases.driving import Proven, transcripts
from tests.e2e.databases.servers import Redis

HERE = Path(__file__).parent
Ports = Callable[[], int]
ALL = "0 not recorded, 0 recorded and never called"


def test_redis_for_asyncio(gate: Gate, redis: Redis, free_port: Ports, proven: Proven) -> None:
    """One connection while recording, eight beside the mock."""
    command = [sys.executable, str(HERE / "redis_asyncio_client.py")]
    before, after, told = transcripts(gate, redis, "redis", command, free_port(), POOL="8")
    proven("redis", "redis-py asyncio", before, after)
    assert ALL in told
