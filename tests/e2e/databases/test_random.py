"""1,000 random conversations with PostgreSQL say the same beside the mock, message by message."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Gate
from tests.e2e.databases.driving import transcripts
from tests.e2e.databases.servers import Postgres


@pytest.mark.long
def test_random_sequences(gate: Gate, postgres: Postgres, free_port: Callable[[], int]) -> None:
    """Simple and extended, pipelines, portals in portions, transactions, savepoints, errors."""
    command = ["env", "SEQUENCES=1000", sys.executable]
    command.append(str(Path(__file__).with_name("random_client.py")))
    before, after, told = transcripts(gate, postgres, "postgres", command, free_port())
    first = zip(before.splitlines(), after.splitlines(), strict=False)
    assert [pair for pair in first if pair[0] != pair[1]][:3] == []
    assert before == after
    numbers = {line.partition(" ")[0] for line in before.splitlines()}
    assert len(numbers) == 1000
    for seen in ("E:", " s ", "C:b'ROLLBACK", "I Z:", "C25P02"):
        assert seen in before, f"no sequence has {seen}"
    assert " 0 not recorded" in told
