"""What psycopg2 does that others do not: every value is written into the text, cursors are SQL's,
much is written in one statement, and rows may come while they are asked for."""

from __future__ import annotations

import io
import os
import select
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2.extras import execute_batch, execute_values, register_uuid
from psycopg2.pool import ThreadedConnectionPool

HOST, PORT = os.environ["ADDRESS"].split(":")
POOL, COMMENT = int(os.environ.get("POOL", "1")), os.environ.get("COMMENT", "1")
WHERE = f"host={HOST} port={PORT} user=postgres dbname=postgres"
TABLE = """
    drop table if exists t2; drop type if exists mood;
    create type mood as enum ('sad', 'so so');
    create table t2 (
        id serial primary key, name text, n numeric(10,2), u uuid, j jsonb, b bytea, a int[], m mood,
        ms mood[], at timestamptz default '2024-01-02T03:04:05Z'
    )
"""
TYPES = """
    select true, 1::int2, 2::int4, 3::int8, 1.5::float4, 2.5::float8, 'NaN'::float8, 1.50::numeric,
    'x'::text, 'y'::varchar(5), 'z'::bpchar(3), '\\x00ff'::bytea, %s::uuid, '{"a": 1}'::json,
    '{"a": [1, null]}'::jsonb, date '2024-02-03', time '01:02:03', timestamp '2024-01-01 10:00',
    timestamptz '2024-01-01 10:00Z', interval '1 day 2 hours', null
"""
ARRAYS = """
    select array[true, false], array[1, null]::int2[], array[2]::int4[], array[3]::int8[],
    array[1.5]::float4[], array[2.5]::float8[], array[1.50]::numeric[], array['a', 'b "c"']::text[],
    array['y']::varchar[], array['z']::bpchar[], array['\\x00ff']::bytea[], array[%s]::uuid[]::text[],
    array['{"a": 1}']::json[], array['[1]']::jsonb[], array[date '2024-02-03'],
    array[time '01:02:03'], array[timestamp '2024-01-01 10:00'],
    array[timestamptz '2024-01-01 10:00Z'], array[interval '1 day'], array[[1, 2], [3, 4]],
    array['sad', 'so so']::mood[], '{}'::int[]
"""

TRIGGER = """
    create or replace function tell() returns trigger as $$
        begin perform pg_notify('made', new.name); return null; end
    $$ language plpgsql;
    create trigger told after insert on t2 for each row execute function tell()
"""


@contextmanager
def cursor(*named: str) -> Iterator[Any]:
    """A connection of its own, and its transaction."""
    connection = psycopg2.connect(WHERE)
    try:
        with connection, connection.cursor(*named) as made:
            yield made
    finally:
        connection.close()


def shown(row: Sequence[Any]) -> list[object]:
    """Values; bytes as they are."""
    return [bytes(one) if isinstance(one, memoryview) else one for one in row]


def failure(c: Any, sql: str) -> None:
    """A statement that the server refuses."""
    try:
        c.execute(sql)
    except psycopg2.Error as error:
        print(type(error).__name__, error.pgcode, str(error).split("\n")[0])


def statements(c: Any) -> None:
    """Values in the text, one statement for many rows, many statements in one text."""
    c.execute(TABLE)
    values = ("Ada É☃", 1.5, uuid.UUID(int=5), '{"x": 1}', b"\x00\xff'\\", [1, 2, None], "so so")
    sql = "insert into t2 (name,n,u,j,b,a,m) values (%s,%s,%s,%s,%s,%s,%s) returning *"
    c.execute(sql, values)
    print(shown(c.fetchone()), [one.name for one in c.description])
    print("ok Unicode")
    execute_values(c, "insert into t2 (name, n) values %s", [(f"v{i}", i) for i in range(30)])
    execute_batch(c, "insert into t2 (name) values (%s)", [(None,), ("it's",)], page_size=10)
    c.execute("update t2 set n = 0 where name in %s", (("v1", "v2"),))
    print(c.rowcount, c.statusmessage)
    c.execute("select 1; select name, n from t2 where name in %s order by id", (("v2", "v1"),))
    print(c.fetchall())
    print("ok simple protocol\nok pipelines and batches")
    c.execute(TYPES, (uuid.UUID(int=7),))
    print(shown(c.fetchone()))
    c.execute("select * from t2 where name is null")
    print(c.fetchall())
    print("ok every listed type\nok NULLs")
    c.execute(ARRAYS, (uuid.UUID(int=7),))
    print([one if not isinstance(one, list) else shown(one) for one in c.fetchone()])
    c.execute("update t2 set ms = %s::mood[] where id = 1 returning m, ms", (["sad"],))
    print(c.fetchone())
    print("ok arrays and enums")
    c.execute("prepare found (int) as select name from t2 where id = $1")
    for number in (1, 2, 1):
        c.execute(f"execute found ({number})")
        print(c.fetchone())
    c.execute("deallocate found")
    print("ok prepared statements")


def transactions() -> None:
    """Errors, what follows them, and savepoints."""
    with cursor() as c:
        failure(c, "select 1/0")
        failure(c, "select 1")
        c.connection.rollback()
        c.execute("savepoint one")
        failure(c, "insert into t2 (id) values (1)")
        c.execute("rollback to one")
        c.execute("insert into t2 (name) values ('kept') returning id")
        print(c.fetchone())
        c.connection.rollback()
        failure(c, "selec")
        c.connection.rollback()
        c.execute("select count(*) from t2")
        print(c.fetchone())
    print("ok errors and recovery\nok rollback and savepoints")


def shapes() -> None:
    """SQL's own cursors, COPY both ways, what is large, what is notified."""
    with cursor("named") as named:
        named.itersize = 3
        named.execute("select id, name from t2 order by id limit 8")
        print(list(named))
    with cursor() as c:
        c.execute("declare other scroll cursor with hold for select id from t2 order by id")
        for how in ("fetch 2 from other", "fetch last from other", "fetch backward 2 from other",
                    "move absolute 3 in other", "fetch next from other", "fetch all other"):  # fmt: skip
            c.execute(how)
            print(how, c.statusmessage, c.fetchall() if c.description else "")
        c.execute("close other")
        print("ok cursors")
        c.copy_expert("copy t2 (name, n) from stdin with csv", io.StringIO('"a,b",1\nc,\n'))
        print(c.rowcount)
        print("ok COPY in")
        out = io.StringIO()
        c.copy_expert("copy (select name, n from t2 order by id desc limit 3) to stdout", out)
        print(repr(out.getvalue()))
        print("ok COPY out")
        c.execute("select repeat('x', 1000000), %s", ("y" * 1_000_000,))
        print([len(one) for one in c.fetchone()])
        print("ok 1 MB values")
        c.execute("select generate_series(1, 100000), 'row'")
        print(sum(row[0] for row in c))
        print("ok 100,000 rows")
        c.execute(f"select /* trace={COMMENT} */ count(*) from t2")
        print(c.fetchone())
        print("ok changed trace comments")


def notifications() -> None:
    """Heard by a connection that waits for it: from a client, and from a trigger of a table."""
    with cursor() as listens, cursor() as c:
        c.execute(TRIGGER)
        c.connection.commit()
        listens.execute("listen jobs; listen made")
        listens.connection.commit()
        for sql in ("notify jobs, 'one'", "insert into t2 (name) values ('told')"):
            c.execute(sql)
            c.connection.commit()
            while not listens.connection.notifies:
                select.select([listens.connection], [], [], 10)
                listens.connection.poll()
            heard = listens.connection.notifies.pop()
            print(heard.channel, heard.payload)
    print("ok LISTEN and NOTIFY")


def pool() -> None:
    """Threads that share connections."""
    connections = ThreadedConnectionPool(POOL, POOL, WHERE)

    def found(number: int) -> Any:
        connection = connections.getconn()
        try:
            with connection, connection.cursor() as c:
                c.execute("select name from t2 where id = %s", (number,))
                return c.fetchone()
        finally:
            connections.putconn(connection)

    with ThreadPoolExecutor(POOL) as threads:
        print(list(threads.map(found, range(20))))
    connections.closeall()
    print("ok pool of 1, then 8")


register_uuid()
with cursor() as first:
    statements(first)
transactions()
shapes()
notifications()
pool()
