"""A shop over PostgreSQL with a cache in Redis. BREAK in the environment breaks it in one way."""

from __future__ import annotations

import json
import os
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
import redis
from psycopg.rows import dict_row

BREAK = os.environ.get("BREAK", "")
LOOKUP = {
    "": "select * from orders where quantity > 0 and id = %s",
    "commented": "select * from orders where quantity > 0 and id = %s /* trace='00-7f'*/",
    "rewritten": "SELECT * FROM orders o WHERE o.id = %s AND o.quantity > 0",
    "another meaning": "SELECT * FROM orders o WHERE o.id = %s OR o.quantity > 0",
}
"""The same in other words, and what only looks so."""
CACHE: Any = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)


def database() -> psycopg.Connection[dict[str, Any]]:
    """A connection; its transaction is committed at the end of `with`."""
    return psycopg.connect(os.environ["DATABASE_URL"], row_factory=dict_row)


def ask_more(number: int) -> None:
    """What nobody has recorded: a statement that reads, a command, and a statement that writes."""
    with database() as connection:
        sql = "select email, count(*) as n, sum(quantity) from orders where id = %s group by 1"
        row = connection.execute(sql, (number,)).fetchone()
        assert row is not None
        assert row["n"] == 1
        CACHE.get("banner")
        connection.execute("insert into audit (what, order_id) values ('looked', %s)", (row["n"],))


class Shop(BaseHTTPRequestHandler):
    """POST /orders, GET /orders/{id}."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""

    def reply(self, status: int, body: object) -> None:
        """Answer with JSON."""
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        """An order, from the cache where it is."""
        if self.path == "/healthz":
            return self.reply(200, {"ok": True})
        number = int(self.path.rpartition("/")[2])
        cached = CACHE.get(f"order:{number}")
        if BREAK == "read twice":
            cached = CACHE.get(f"order:{number}")
        if cached and BREAK != "no cache":
            return self.reply(200, json.loads(cached))
        with database() as connection:
            for _ in range(3 if BREAK == "n+1" else 1):
                row = connection.execute(LOOKUP.get(BREAK, LOOKUP[""]), (number,)).fetchone()
        if row is None:
            return self.reply(404, {"error": "no such order"})
        if BREAK == "asks more":
            ask_more(number)
        CACHE.set(f"order:{number}", json.dumps(row), ex=60)
        return self.reply(200, row)

    def do_POST(self) -> None:
        """A new order, with a line in the audit, in one transaction."""
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        wrong = 1 if BREAK == "bind value" else 0
        with database() as connection:
            connection.autocommit = BREAK == "no transaction"
            sql = "insert into orders (item, quantity, email) values (%s, %s, %s) returning *"
            values = (order["item"], order["quantity"] + wrong, order["email"])
            row = connection.execute(sql, values).fetchone()
            assert row is not None
            row["quantity"] = order["quantity"]
            if BREAK != "dropped insert":
                sql = "insert into audit (what, order_id) values (%s, %s)"
                with database() if BREAK == "own transaction" else nullcontext(connection) as by:
                    by.execute(sql, ("created", row["id"]))
        if BREAK != "stale cache":
            CACHE.delete(f"order:{row['id']}")
        CACHE.incr("orders")
        self.reply(201, row)


with database() as setting_up:
    setting_up.execute(
        "create table if not exists orders "
        "(id serial primary key, item text, quantity int, email text)"
    )
    setting_up.execute(
        "create table if not exists audit (id serial primary key, what text, order_id int)"
    )
    if BREAK == "migration":
        setting_up.execute("create table if not exists shop_migrations (name text)")
        setting_up.execute("alter table orders add column note text")
        setting_up.execute("insert into alembic_version (version_num) values (%s)", ("7f3a",))
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Shop).serve_forever()
