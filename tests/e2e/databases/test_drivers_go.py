"""Go's drivers against the mock: pgx 5, lib/pq and go-redis 9."""

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
MODULES = (
    "github.com/jackc/pgx/v5@v5.12.0",
    "github.com/lib/pq@v1.12.3",
    "github.com/redis/go-redis/v9@v9.23.0",
)
CHANGED = {"POOL": "8", "COMMENT": "another", "OTHER": "1"}
"""What differs beside the mock: connections, trace comments, formats of values."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clients as programs: `pgx`, `pq` and `redis`."""
    program("initdb")
    program("redis-server")
    folder = tmp_path_factory.mktemp("go")
    env = {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    for client in ("pgx", "pq", "redis"):
        (folder / "source" / client).mkdir(parents=True)
        shutil.copy(HERE / f"go_{client}_client.go", folder / "source" / client / "main.go")
    source = folder / "source"
    prepare("go", "mod", "init", "clients", cwd=source, **env)
    prepare("go", "get", *MODULES, cwd=source, **env)
    prepare("go", "build", "-o", str(folder), "./...", cwd=source, **env)
    return folder


@pytest.mark.parametrize(("driver", "client"), [("pgx 5", "pgx"), ("lib/pq", "pq")])
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
    command = (str(folder / client),)
    before, after, told = transcripts(gate, postgres, "postgres", command, free_port(), **CHANGED)
    proven("postgres", driver, before, after)
    assert "0 not recorded, 0 recorded and never called" in told


def test_redis(
    gate: Gate, redis: Redis, folder: Path, free_port: Callable[[], int], proven: Proven
) -> None:
    """RESP2 and RESP3, identical, with no Redis anywhere."""
    command = (str(folder / "redis"),)
    before, after, told = transcripts(gate, redis, "redis", command, free_port(), **CHANGED)
    proven("redis", "go-redis 9", before, after)
    assert "0 not recorded, 0 recorded and never called" in told
