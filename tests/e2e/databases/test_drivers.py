"""Real drivers against the mock: what a client prints is what it printed with the database."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Gate
from tests.e2e.databases.servers import Postgres, Redis, Server, program

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def installed() -> None:
    """Skipped where the servers are not."""
    program("initdb")
    program("redis-server")


def transcripts(
    gate: Gate, server: Server, protocol: str, client: str, listen: int, **mocked: str
) -> tuple[str, str, str]:
    """What the client prints beside the real server, and beside the mock with the server stopped;
    and what the mock says at its end."""
    where = f"db@{listen}={protocol}://127.0.0.1:{server.port}"
    command = ("--", sys.executable, str(HERE / client))
    ports = ("--out-port", "0", "--map", where)
    env = {"ADDRESS": f"127.0.0.1:{listen}"}
    recorded = gate("record", "--out", "snap", *ports, *command, **env)
    assert recorded.code == 0, recorded.text
    server.stop()
    played = gate("mock", "--in", "snap", *ports, *command, **env, **mocked)
    assert played.code == 0, played.text
    return recorded.out, played.out, played.err


@pytest.mark.parametrize("client", ["psycopg3", "asyncpg", "sqlalchemy"])
def test_postgres(gate: Gate, postgres: Postgres, free_port: object, client: str) -> None:
    """Identical, with no database anywhere, and every recorded statement was asked for."""
    assert callable(free_port)
    before, after, told = transcripts(
        gate, postgres, "postgres", f"{client}_client.py", free_port()
    )
    assert before == after
    assert len(before.splitlines()) > 5
    assert "0 not recorded, 0 recorded and never called" in told


def test_a_larger_pool(gate: Gate, postgres: Postgres, free_port: object) -> None:
    """One connection while recording, eight beside the mock."""
    assert callable(free_port)
    before, after, _ = transcripts(
        gate, postgres, "postgres", "asyncpg_client.py", free_port(), POOL="8"
    )
    assert before == after


def test_redis(gate: Gate, redis: Redis, free_port: object) -> None:
    """RESP2 and RESP3, identical, with no Redis anywhere."""
    assert callable(free_port)
    before, after, told = transcripts(gate, redis, "redis", "redis_client.py", free_port())
    assert before == after
    assert "0 not recorded, 0 recorded and never called" in told
