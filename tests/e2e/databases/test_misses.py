"""What a changed service asks of its databases is recorded alone, with `record --misses`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.e2e.conftest import Gate
from tests.e2e.databases.servers import Postgres, Redis
from tests.e2e.databases.test_shop import shop

__all__ = ["shop"]

PASSWORD = "sesame-17-open"
HOW = {"BREAK": "asks more", "PGPASSWORD": PASSWORD, "CI": ""}


def lock(postgres: Postgres) -> None:
    """From now on it wants a password (SCRAM)."""
    where = f"postgresql://postgres@127.0.0.1:{postgres.port}/postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(f"alter role postgres password '{PASSWORD}'")
        [path] = connection.execute("show hba_file").fetchone() or [""]
    Path(path).write_text("host all all 127.0.0.1/32 scram-sha-256\n", encoding="utf-8")
    postgres.stop()
    postgres.start()


def rows(gate: Gate, postgres: Postgres) -> int:
    """How many lines the audit has."""
    where = f"postgresql://postgres:{PASSWORD}@127.0.0.1:{postgres.port}/postgres"
    with psycopg.connect(where) as connection:
        [count] = connection.execute("select count(*) from audit").fetchone() or [0]
    return int(count)


def recorded(gate: Gate, name: str) -> list[dict[str, Any]]:
    """The calls of the snapshot to a dependency."""
    return [
        one
        for path in (gate.folder / "snap" / "outbound" / name).glob("*.json")
        for one in json.loads(path.read_text(encoding="utf-8")).get("exchanges", ())
    ]


@pytest.mark.long
def test_databases_are_asked_for_what_was_missed(
    shop: Gate, postgres: Postgres, redis: Redis
) -> None:
    """Statements and commands that read, each on a connection of its own with the service's login;
    one that writes only when that is said; then the gate is green with the databases gone, and no
    password is in any file."""
    before = len(recorded(shop, "db")), len(recorded(shop, "cache"))
    assert shop("run", "--out", "run", **HOW).code == 1
    postgres.start()
    redis.start()
    lock(postgres)
    written = rows(shop, postgres)
    done = shop("record", "--misses", **{**HOW, "PGPASSWORD": "wrong"})
    assert (done.code, "password authentication failed" in done.text) == (1, True), done.text
    done = shop("record", "--misses", **HOW)
    assert done.code == 1, done.text
    assert "not asked: db INSERT audit: it writes: say --writes" in done.text
    assert rows(shop, postgres) == written
    found = recorded(shop, "db")
    assert len(found) > before[0]
    assert len(recorded(shop, "cache")) > before[1]
    done = shop("record", "--misses", "--writes", **HOW)
    assert done.code == 0, done.text
    assert rows(shop, postgres) > written
    postgres.stop()
    redis.stop()
    done = shop("run", "--out", "run", **HOW)
    assert done.code == 0, done.text
    for path in shop.folder.rglob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert PASSWORD not in text
        assert "@corp.test" not in text
