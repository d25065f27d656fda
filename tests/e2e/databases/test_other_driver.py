"""A change of the driver is no change of what the service says to its database."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ci_gate.service.ports import free_port
from tests.e2e.conftest import Gate
from tests.e2e.databases.driving import transcripts
from tests.e2e.databases.servers import Postgres

CLIENT = Path(__file__).with_name("other_driver_client.py")


@pytest.mark.long
def test_one_driver_recorded_another_mocked(gate: Gate, postgres: Postgres) -> None:
    """psycopg never asks what a statement means; asyncpg, which does, is told from the results,
    and its values, sent binary or in another spelling, are the same."""
    command = (sys.executable, str(CLIENT))
    said = transcripts(gate, postgres, "postgres", command, free_port(), DRIVER="asyncpg")
    assert said.before == said.after
    assert "0 not recorded, 0 recorded and never called" in said.told
