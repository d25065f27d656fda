"""Real databases for recording; the tests stop them before anything is mocked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Gate
from tests.e2e.databases.driving import Proven, prove
from tests.e2e.databases.servers import Postgres, Redis


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL, running."""
    server = Postgres()
    server.start()
    yield server
    server.stop()
    server.remove()


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis, running."""
    server = Redis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def gate(tmp_path: Path, state: Path) -> Iterator[Gate]:
    """The gate in an empty folder; nothing outlives the test."""
    gate = Gate(tmp_path, state)
    yield gate
    left = gate.alive()
    gate.kill_all()
    assert left == []


@pytest.fixture
def proven(request: pytest.FixtureRequest) -> Proven:
    """`proven(protocol, driver, before, after)`: see `driving.prove`."""
    update = bool(request.config.getoption("--update-golden"))

    def check(protocol: str, driver: str, before: str, after: str) -> None:
        prove(protocol, driver, before, after, update=update)

    return check
