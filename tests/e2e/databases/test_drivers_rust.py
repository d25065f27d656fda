"""Rust's tokio-postgres against the mock."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Gate
from tests.e2e.databases.driving import Proven, prepare, transcripts
from tests.e2e.databases.servers import Postgres

pytestmark = pytest.mark.long
SOURCES = Path(__file__).parent / "rust"


def test_tokio_postgres(
    gate: Gate, postgres: Postgres, free_port: Callable[[], int], proven: Proven, tmp_path: Path
) -> None:
    """Binary values of types that it asks for, pipelines, portals, COPY, cancelled statements."""
    project = tmp_path / "project"
    shutil.copytree(SOURCES, project)
    prepare("cargo", "build", "-q", cwd=project)
    program = str(project / "target" / "debug" / "client")
    before, after, told = transcripts(
        gate, postgres, "postgres", [program], free_port(), POOL="8", COMMENT="2"
    )
    proven("postgres", "tokio-postgres", before, after)
    assert "0 not recorded, 0 recorded and never called" in told
