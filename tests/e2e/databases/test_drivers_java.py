"""Java's drivers against the mock: pgjdbc in both of its modes, Hibernate over HikariCP, Jedis."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Gate
from tests.e2e.databases.driving import Proven, prepare, transcripts
from tests.e2e.databases.servers import Postgres, Redis

pytestmark = pytest.mark.long
SOURCES = Path(__file__).parent / "java"
Ports = Callable[[], int]
Java = Callable[..., list[str]]
ALL = "0 not recorded, 0 recorded and never called"


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> Java:
    """`java(class, argument…)`: a command of the programs beside this file, compiled."""
    folder = tmp_path_factory.mktemp("java")
    output = f"-DoutputDirectory={folder / 'lib'}"
    pom = str(SOURCES / "pom.xml")
    prepare("mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", output, cwd=folder)
    path = f"{folder}:{folder / 'lib'}/*"
    sources = sorted(map(str, SOURCES.glob("*.java")))
    prepare("javac", "-d", str(folder), "-cp", path, "-encoding", "UTF-8", *sources, cwd=folder)
    # Small and quick to start; how a time is printed may not depend on the machine.
    flags = ["-XX:TieredStopAtLevel=1", "-Xmx512m", "-Duser.timezone=UTC", "-Dfile.encoding=UTF-8"]
    return lambda *program: ["java", *flags, "-cp", path, *program]


@pytest.mark.parametrize("mode", ["extended", "simple"])
def test_pgjdbc(
    gate: Gate, postgres: Postgres, free_port: Ports, proven: Proven, java: Java, mode: str
) -> None:
    """Types, batches, cursors, errors; with a second comment and a larger pool beside the mock."""
    before, after, told = transcripts(
        gate,
        postgres,
        "postgres",
        java("Pgjdbc", mode),
        free_port(),
        POOL="8",
        COMMENT="2",
    )
    proven("postgres", f"pgjdbc ({mode})", before, after)
    assert ALL in told


def test_hibernate(
    gate: Gate, postgres: Postgres, free_port: Ports, proven: Proven, java: Java
) -> None:
    """Tables made, keys from sequences, batches, relations, optimistic locks."""
    before, after, told = transcripts(
        gate, postgres, "postgres", java("Hibernate"), free_port(), POOL="8", COMMENT="2"
    )
    proven("postgres", "Hibernate", before, after)
    assert ALL in told


def test_jedis(gate: Gate, redis: Redis, free_port: Ports, proven: Proven, java: Java) -> None:
    """Both versions of the protocol; maps are written in another order by every process."""
    before, after, told = transcripts(
        gate, redis, "redis", java("JedisClient"), free_port(), POOL="8"
    )
    proven("redis", "Jedis", before, after)
    assert ALL in told
