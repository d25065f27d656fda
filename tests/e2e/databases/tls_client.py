"""Encrypted connections, with a password, of the drivers that a service in Python uses."""

from __future__ import annotations

import asyncio
import os
import ssl

import asyncpg
import psycopg
import redis

PASSWORD = os.environ["PASSWORD"]
DB = os.environ["DB"]
SECURE = "rediss://" if "rediss" in os.environ["CACHE"] else "redis://"


def with_psycopg(mode: str) -> None:
    """One statement over a connection of libpq's."""
    with psycopg.connect(f"postgresql://app:{PASSWORD}@{DB}/postgres?sslmode={mode}") as db:
        row = db.execute("SELECT count(*), %s", (mode,)).fetchone()
        print(mode, row, db.pgconn.ssl_in_use)


async def with_asyncpg(secure: bool) -> None:
    """The same over one of asyncpg's, which verifies by a context of its own."""
    context = ssl.create_default_context() if secure else False
    db = await asyncpg.connect(f"postgresql://app:{PASSWORD}@{DB}/postgres", ssl=context)
    print("asyncpg", await db.fetchval("SELECT $1::int + 1", 41))
    await db.close()


def with_redis() -> None:
    """A command with a password before it."""
    cache = redis.Redis.from_url(os.environ["CACHE"], password=PASSWORD)
    cache.set("greeting", "hello")
    print(SECURE, cache.get("greeting"))
    cache.close()


modes = os.environ["MODES"].split()
for one in modes:
    with_psycopg(one)
asyncio.run(with_asyncpg(modes != ["disable"]))
with_redis()
