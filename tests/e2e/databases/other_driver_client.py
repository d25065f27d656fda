"""The same statements by one driver of Python's or another, which asks for other things."""

from __future__ import annotations

import asyncio
import datetime
import os
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
import psycopg

URL = f"postgresql://postgres@{os.environ['ADDRESS']}/postgres"
CREATE = "CREATE TABLE IF NOT EXISTS people (id int4, name text, day date, at timestamptz)"
INSERT = "INSERT INTO people (id, name, day, at) VALUES ($1, $2, $3, $4)"
SELECT = "SELECT id, name, day, at FROM people WHERE id = $1 AND day = $2"
AT = datetime.datetime(2026, 11, 21, 10, 30, tzinfo=datetime.UTC)
VALUES = (7, "Ada", datetime.date(2026, 1, 2), AT)


def show(rows: Iterable[Sequence[Any]]) -> None:
    """Rows, with a moment in one zone."""
    for number, name, day, at in rows:
        print(number, name, day, at.astimezone(datetime.UTC).isoformat())


def with_psycopg() -> None:
    """Executes without asking what statements mean."""
    with psycopg.connect(URL, cursor_factory=psycopg.RawCursor, autocommit=True) as db:
        db.execute(CREATE)
        db.execute(INSERT, VALUES)
        show(db.execute(SELECT, (VALUES[0], VALUES[2])).fetchall())
        print(db.execute("SELECT name FROM people LIMIT $1", (5,)).fetchall())


async def with_asyncpg() -> None:
    """Prepares every statement, by which it learns what to send."""
    db = await asyncpg.connect(URL)
    await db.execute(CREATE)
    await db.execute(INSERT, *VALUES)
    show(await db.fetch(SELECT, VALUES[0], VALUES[2]))
    print([tuple(row) for row in await db.fetch("SELECT name FROM people LIMIT $1", 5)])
    await db.close()


if os.environ.get("DRIVER") == "asyncpg":
    asyncio.run(with_asyncpg())
else:
    with_psycopg()
