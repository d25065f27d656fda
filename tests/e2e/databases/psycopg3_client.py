"""What psycopg 3 does that others do not: server-side parameters, pipelines, COPY, named cursors,
and either format for every parameter and every result."""

from __future__ import annotations

import datetime
import enum
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.types.enum import EnumInfo, register_enum
from psycopg.types.json import Json, Jsonb

HOST, PORT = os.environ["ADDRESS"].split(":")
POOL, COMMENT = int(os.environ.get("POOL", "1")), os.environ.get("COMMENT", "1")
OTHER = "OTHER" in os.environ
"""Binary where it was text, and text where it was binary."""
TABLE = """
    create table t (
        id serial primary key, name text, at timestamptz default '2024-01-02T03:04:05Z',
        n numeric(10,2), u uuid, j jsonb, a int[]
    )
"""
Mood = enum.Enum("Mood", {"SAD": "sad", "SO": "so so"})
MOMENT = datetime.datetime(2024, 2, 3, 4, 5, 6, 789, datetime.UTC)
KINDS: dict[str, Any] = {
    "bool": True, "int2": -2, "int4": 1 << 30, "int8": -(1 << 60), "float4": 0.625, "float8": 2.5e-300,
    "numeric": Decimal("-1200.0340"), "text": "é☃", "varchar": "v", "bpchar": "c", "bytea": b"\x00'",
    "uuid": uuid.UUID(int=9), "json": Json({"a": [1, None]}), "jsonb": Jsonb([1.50, "é"]),
    "date": datetime.date(1999, 12, 31), "time": datetime.time(1, 2, 3, 4), "timestamptz": MOMENT,
    "timestamp": MOMENT.replace(tzinfo=None), "interval": datetime.timedelta(days=-3, seconds=7),
    "mood": Mood.SO,
}  # fmt: skip


def failure(connection: psycopg.Connection[Any], sql: str) -> None:
    """A statement that the server refuses."""
    try:
        connection.execute(sql)  # type: ignore[arg-type]  # any text
    except psycopg.Error as error:
        print(type(error).__name__, error.sqlstate, str(error).split("\n")[0])


def statements(c: psycopg.Connection[Any]) -> None:
    """Parameters of every kind, prepared by the driver after five uses, errors and recovery."""
    c.execute("drop table if exists t")
    c.execute(TABLE)
    values = ("Ada", Decimal("1.50"), uuid.UUID(int=5), '{"x": 1}', [1, 2, None])
    sql = "insert into t (name,n,u,j,a) values (%s,%s,%s,%s,%s) returning id"
    print(c.execute(sql, values).fetchone())
    for _ in range(7):
        print(c.execute("select id,name,at,n,u,j,a from t where id = %s", (1,)).fetchone())
    print(c.execute("select * from t where id=%s", (99,)).fetchall())
    c.commit()
    print("ok extended protocol\nok prepared statements\nok NULLs")
    failure(c, "select 1/0")
    failure(c, "select 1")
    c.rollback()
    print(c.execute("select 1").fetchone())
    failure(c, "selec 1")
    c.rollback()
    try:
        with c.cursor().copy("copy none from stdin") as copy:
            copy.write_row((1,))
    except psycopg.Error as error:
        print(type(error).__name__, str(error).split("\n")[0])
    c.rollback()
    for sql in (b"selec only prepared", b"select 'only prepared'"):
        print(c.pgconn.prepare(b"only", sql).error_message.split(b"\n")[0])
    c.rollback()
    print("ok errors and recovery")
    with c.transaction():
        c.execute("insert into t (name) values ('Bob')")
        with c.transaction(force_rollback=True):
            c.execute("insert into t (name) values ('Eve')")
    print(c.execute("select count(*) from t").fetchone())
    print("ok rollback and savepoints")


def shapes(c: psycopg.Connection[Any]) -> None:
    """Binary results, COPY both ways, a named cursor, a pipeline, many at once."""
    with c.cursor(binary=True) as cursor:
        sql = "select id,name,at,n,u,j,a,true,1.5::float8,null from t order by id"
        print(cursor.execute(sql).fetchall())
    print("ok binary results")
    with c.cursor().copy("copy t (name, n) from stdin") as copy:
        copy.write_row(("C1", 1))
        copy.write_row(("C2\ttab", None))
    print(c.execute("select count(*) from t").fetchone())
    print("ok COPY in")
    with c.cursor().copy("copy (select id,name from t order by id) to stdout") as copy:
        print([bytes(row) for row in copy])
    print("ok COPY out")
    with c.cursor("named") as named:
        named.itersize = 2
        named.execute("select generate_series(1,5)")
        print(list(named))
    print("ok cursors")
    with c.pipeline():
        first, second = c.execute("select 1"), c.execute("select %s::text", ("x",))
        print(first.fetchone(), second.fetchone())
    print("ok pipelines and batches")
    c.cursor().executemany("insert into t (name) values (%s)", [("m1",), ("m2",)])
    print(c.execute("select count(*) from t").fetchone())
    print(c.execute("select %s::text", ("é\n" * 5,)).fetchone())
    print("ok Unicode")
    print(len(c.execute("select repeat('x', 1000000)").fetchone()[0]))  # type: ignore[index]
    print("ok 1 MB values")
    print(sum(row[0] for row in c.execute("select generate_series(1, 100000)")))
    print("ok 100,000 rows")
    c.commit()


def kinds(c: psycopg.Connection[Any]) -> None:
    """Values and arrays of every kind, asked for and given in the one format and in the other."""
    c.execute("drop type if exists mood")
    c.execute("create type mood as enum ('sad', 'so so')")
    info = EnumInfo.fetch(c, "mood")
    assert info is not None
    register_enum(info, c, Mood, mapping={one: one.value for one in Mood})
    for kind, value in KINDS.items():
        # Only the binary form of an array of enums says what its elements are.
        binary = (kind == "mood") != OTHER
        cast = f"{'%t' if binary else '%b'}::{kind}"
        with c.cursor(binary=binary) as cursor:
            print(kind, cursor.execute(f"select {cast}, null::{kind}", (value,)).fetchone())
            sql = f"select array[{cast}, null], array[array[{cast}]], '{{}}'::{kind}[]"
            print(cursor.execute(sql, (value, value)).fetchone())
            values = value if kind in ("json", "jsonb") else [value, None]
            array = "" if kind in ("json", "jsonb") else "[]"
            cursor.execute(f"select %s::{kind}{array}", (values,))
            print(cursor.fetchone())
    print("ok every listed type\nok arrays and enums\nok the other format")
    c.commit()


def pool() -> None:
    """Threads with a connection each."""

    def doubled(number: int) -> Any:
        with psycopg.connect(WHERE) as connection:
            sql = f"select /* trace={COMMENT} */ %s::int * 2"
            return connection.execute(sql, (number,)).fetchone()  # type: ignore[call-overload]  # LiteralString, as psycopg wants it, holds no trace

    with ThreadPoolExecutor(POOL) as threads:
        print(list(threads.map(doubled, range(8))))
    print("ok pool of 1, then 8\nok changed trace comments")


def notifications(c: psycopg.Connection[Any], listener: psycopg.Connection[Any]) -> None:
    """Heard by another connection, when the transaction is over and only if it was committed."""
    listener.autocommit = True
    listener.execute("listen jobs")
    c.execute("notify jobs, 'lost'")
    c.rollback()
    c.execute("notify jobs, 'one'")
    c.execute("select pg_notify(%s, %s)", ("jobs", "two"))
    c.execute("notify others")
    c.commit()
    for heard in listener.notifies(timeout=10, stop_after=2):
        print(heard.channel, heard.payload)
    listener.execute("unlisten jobs")
    print("ok LISTEN and NOTIFY")


WHERE = f"host={HOST} port={PORT} user=postgres dbname=postgres"
with psycopg.connect(WHERE) as connection, psycopg.connect(WHERE) as other:
    print(connection.info.server_version, connection.info.parameter_status("TimeZone"))
    statements(connection)
    shapes(connection)
    kinds(connection)
    pool()
    notifications(connection, other)
    print(connection.execute("delete from t").rowcount)
    print("ok simple protocol")
