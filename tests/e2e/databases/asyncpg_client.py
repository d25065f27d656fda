"""What asyncpg does that others do not: Describe before every Bind, binary values, its own pool."""

from __future__ import annotations

import asyncio
import datetime
import io
import os
import uuid
from decimal import Decimal
from typing import Any

import asyncpg

HOST, PORT = os.environ["ADDRESS"].split(":")
POOL, COMMENT = int(os.environ.get("POOL", "1")), os.environ.get("COMMENT", "1")
TABLE = """
    drop table if exists ta;
    create table ta (
        id serial primary key, name text, at timestamptz, n numeric, u uuid, j jsonb, a int[],
        b bytea
    )
"""
TYPES = """
    select 1::int2 a, 2::int8 b, 1.5::float4 c, 2.5::float8 d, 'x'::varchar e, true f,
    interval '1 day 2 hours' g, date '2024-02-03' h, time '01:02:03' i, null k,
    array['a','b'] l, '{"a": 1}'::json m, timestamp '2024-01-01' n
"""


async def statements(c: Any) -> None:
    """Inserts, reads, a nested transaction that fails, many at once, a cursor, COPY, an error."""
    await c.execute(TABLE)
    at = datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC)
    sql = "insert into ta(name,at,n,u,j,a,b) values($1,$2,$3,$4,$5,$6,$7) returning *"
    values = ("Ada", at, Decimal("2.5"), uuid.UUID(int=7), '{"k": [1]}', [1, 2, 3], b"\x00\xff")
    print(await c.fetchrow(sql, *values))
    for _ in range(3):
        print(await c.fetch("select id,name,n from ta where id=$1", 1))
    async with c.transaction():
        await c.execute("insert into ta(name) values($1)", "Bob")
        try:
            async with c.transaction():
                await c.execute("insert into ta(id,name) values($1,$2)", 1, "dup")
        except asyncpg.UniqueViolationError as error:
            print("dup", error.sqlstate, error.constraint_name)
    print("ok extended protocol\nok prepared statements\nok rollback and savepoints")
    await c.executemany("insert into ta(name) values($1)", [(f"m{i}",) for i in range(5)])
    async with c.transaction():
        async for row in c.cursor("select id,name from ta order by id", prefetch=3):
            print(row)
    print("ok cursors")
    rows = [("r1", b"x"), ("r2", None)]
    print(await c.copy_records_to_table("ta", records=rows, columns=["name", "b"]))
    print("ok COPY in")
    try:
        await c.fetch("select nope from ta")
    except asyncpg.PostgresError as error:
        print(type(error).__name__, error.sqlstate)
    print(await c.fetchval("select count(*) from ta"))
    print("ok errors and recovery")
    print(await c.fetch(TYPES))
    print("ok every listed type\nok binary results\nok NULLs")


async def shapes(c: Any, listener: Any) -> None:
    """Arrays and enums, which it asks the catalogue about; COPY out, what is large and notified."""
    await c.execute("drop type if exists hue; create type hue as enum ('red', 'dark blue')")
    sql = "select $1::hue, $2::hue[], $3::numeric[], $4::timestamptz[], $5::text[], $6::uuid[]"
    at = datetime.datetime(2024, 1, 2, 3, tzinfo=datetime.UTC)
    given = ("dark blue", ["red", None], [Decimal("1.50")], [at], ['é "☃"', ""], [uuid.UUID(int=8)])
    print(await c.fetchrow(sql, *given), await c.fetchval("select array[[1, 2], [3, null]]"))
    print("ok arrays and enums\nok Unicode")
    out = io.BytesIO()
    print(await c.copy_from_query("select id, name from ta order by id", output=out, format="csv"))
    print(out.getvalue())
    print("ok COPY out")
    big = await c.fetchrow("select $1::text, $2::bytea", "y" * 1_000_000, b"\xff" * 500_000)
    print([len(one) for one in big])
    print("ok 1 MB values")
    print(await c.fetchval(f"select /* trace={COMMENT} */ count(*) from ta"))
    print("ok changed trace comments")
    heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    await listener.add_listener("jobs", lambda _c, _p, *told: heard.put_nowait(told))
    await c.execute("select pg_notify('jobs', $1)", "come")
    print(await asyncio.wait_for(heard.get(), 10))
    print("ok LISTEN and NOTIFY")


async def main() -> None:
    """One connection for the statements, then several at a time."""
    pool = await asyncpg.create_pool(
        host=HOST, port=int(PORT), user="postgres", database="postgres", min_size=1, max_size=POOL
    )
    async with pool.acquire() as connection:
        await statements(connection)
        listener = await asyncpg.connect(host=HOST, port=int(PORT), user="postgres")
        await shapes(connection, listener)
        await listener.close()

    async def double(number: int) -> Any:
        async with pool.acquire() as connection:
            return await connection.fetchval("select $1::int * 2", number)

    print(await asyncio.gather(*(double(number) for number in range(6))))
    print("ok pool of 1, then 8")
    await pool.close()


asyncio.run(main())
