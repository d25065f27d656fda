"""Real drivers against the mock: what a client prints is what it printed with the database."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Gate
from tests.e2e.databases.driving import Proven, transcripts
from tests.e2e.databases.servers import Postgres, Redis, program

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def installed() -> None:
    """Skipped where the servers are not."""
    program("initdb")
    program("redis-server")


DRIVERS = {
    "psycopg3": "psycopg 3",
    "psycopg2": "psycopg2",
    "asyncpg": "asyncpg",
    "sqlalchemy": "SQLAlchemy 2",
    "django": "Django",
}
Ports = Callable[[], int]


def client(name: str) -> list[str]:
    """How a client beside this file is run."""
    return [sys.executable, str(HERE / f"{name}_client.py")]


@pytest.mark.parametrize("name", DRIVERS)
def test_postgres(
    gate: Gate, postgres: Postgres, free_port: Ports, proven: Proven, name: str
) -> None:
    """Identical, with no database anywhere, and every recorded statement was asked for; also with
    one connection while recording and eight beside the mock."""
    before, after, told = transcripts(
        gate, postgres, "postgres", client(name), free_port(), POOL="8", COMMENT="2", OTHER="1"
    )
    proven("postgres", DRIVERS[name], before, after)
    assert "0 not recorded, 0 recorded and never called" in told


def test_redis(gate: Gate, redis: Redis, free_port: Ports, proven: Proven) -> None:
    """RESP2 and RESP3, identical, with no Redis anywhere."""
    before, after, told = transcripts(gate, redis, "redis", client("redis"), free_port(), POOL="8")
    proven("redis", "redis-py", before, after)
    assert "0 not recorded, 0 recorded and never called" in told


@pytest.mark.long
def test_redis_cli(gate: Gate, redis: Redis, free_port: Ports, proven: Proven) -> None:
    """The commands of redis_cli.txt in RESP2 and RESP3, identical, with no Redis anywhere."""
    program("redis-cli")
    asked = (
        f"< {shlex.quote(str(HERE / 'redis_cli.txt'))} redis-cli -h 127.0.0.1 -p ${{ADDRESS#*:}}"
    )
    command = ("sh", "-c", f"{asked}; {asked} -3; echo ok RESP3")
    before, after, told = transcripts(gate, redis, "redis", command, free_port())
    proven("redis", "redis-cli", before, after)
    assert "0 not recorded, 0 recorded and never called" in told
