"""Node's drivers against the mock: node-pg, Sequelize over it, Drizzle, and ioredis."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Gate
from tests.e2e.databases.driving import Proven, prepare, transcripts
from tests.e2e.databases.servers import Postgres, Redis, program

pytestmark = pytest.mark.long
HERE = Path(__file__).parent
PACKAGES = (
    *("pg@8.23.1", "pg-cursor@2.22.0", "pg-copy-streams@7.0.0", "sequelize@6.37.8"),
    *("drizzle-orm@0.45.4", "postgres@3.4.9", "ioredis@6.0.0"),
)
CHANGED = {"POOL": "8", "COMMENT": "another", "OTHER": "1"}
"""What differs beside the mock: connections, trace comments, the format of results."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clients beside their packages."""
    program("initdb")
    program("redis-server")
    folder = tmp_path_factory.mktemp("node")
    install = ("npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts")
    prepare(*install, "--prefix", ".", *PACKAGES, cwd=folder)
    for client in HERE.glob("*.mjs"):
        shutil.copy(client, folder)
    return folder


@pytest.mark.parametrize(
    ("driver", "client"),
    [
        ("node-pg", "node_pg_client.mjs"),
        ("Sequelize", "node_sequelize_client.mjs"),
        ("Drizzle", "node_drizzle_client.mjs"),
    ],
)
def test_postgres(
    gate: Gate,
    postgres: Postgres,
    folder: Path,
    free_port: Callable[[], int],
    proven: Proven,
    driver: str,
    client: str,
) -> None:
    """Identical, with no database anywhere, and every recorded statement was asked for."""
    command = ("node", "--no-deprecation", str(folder / client))
    before, after, told = transcripts(gate, postgres, "postgres", command, free_port(), **CHANGED)
    proven("postgres", driver, before, after)
    assert "0 not recorded, 0 recorded and never called" in told


def test_redis(
    gate: Gate, redis: Redis, folder: Path, free_port: Callable[[], int], proven: Proven
) -> None:
    """Identical, with no Redis anywhere, and every recorded command was asked for."""
    command = ("node", str(folder / "ioredis_client.mjs"))
    before, after, told = transcripts(gate, redis, "redis", command, free_port(), **CHANGED)
    proven("redis", "ioredis", before, after)
    assert "0 not recorded, 0 recorded and never called" in told
