"""What the shop keeps: orders in PostgreSQL, and copies of those that were read in Redis."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import redis
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

SCHEMA = Path(__file__).with_name("schema.sql")
UNAVAILABLE = (psycopg.Error, redis.RedisError)
LIFETIME = 60


class SoldOut(Exception):
    """There is not enough of an article; the text is its sku."""


class Store:
    """The tables of schema.sql, by a pool of connections."""

    def __init__(self, url: str, regression: str) -> None:
        self._pool: ConnectionPool[psycopg.Connection[DictRow]] = ConnectionPool(
            url, min_size=1, max_size=4, open=True, kwargs={"row_factory": dict_row}
        )
        self._regression = regression
        with self._pool.connection() as connection:
            connection.execute(SCHEMA.read_bytes())

    def close(self) -> None:
        """End the pool's threads and connections."""
        self._pool.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All of it is kept at the end of `with`, or, after an exception, nothing."""
        with self._pool.connection() as connection:
            yield Transaction(connection, self._pool, self._regression)

    def order(self, number: int) -> dict[str, Any] | None:
        """One order with its lines."""
        with self._pool.connection() as connection:
            sql = "select * from orders where number = %s"
            row = connection.execute(sql, [number]).fetchone()
            if row is None:
                return None
            lines = "select sku, quantity from lines where number = %s order by sku"
            row["lines"] = connection.execute(lines, [number]).fetchall()
            if self._regression == "n-plus-one":
                for _ in row["lines"]:
                    connection.execute(sql, [number]).fetchone()
            return row

    def newest(self, status: str, limit: int) -> list[dict[str, Any]]:
        """The newest `limit` orders, of one status unless it is empty."""
        sql = (
            "select number, status, total from orders where %s in ('', status) "
            "order by number desc limit %s"
        )
        with self._pool.connection() as connection:
            return connection.execute(sql, [status, limit]).fetchall()


class Transaction:
    """The writes, on one connection."""

    def __init__(
        self,
        connection: psycopg.Connection[DictRow],
        pool: ConnectionPool[psycopg.Connection[DictRow]],
        regression: str,
    ) -> None:
        self._connection = connection
        self._pool = pool
        self._regression = regression

    def place(self, order: dict[str, Any]) -> int:
        """Insert an order with its lines, take them off the stock; its number, or SoldOut."""
        sql = (
            "insert into orders (name, email, address, service, shipping, total, placed_at) "
            "values (%(name)s, %(email)s, %(address)s, %(service)s, %(shipping)s, %(total)s, "
            "%(placed_at)s) returning number"
        )
        values = {**order, "address": Jsonb(order["address"])}
        row = self._connection.execute(sql, values).fetchone()
        number = int(row["number"]) if row else 0
        for line in order["lines"]:
            sku, quantity = line["sku"], line["quantity"]
            if self._regression != "dropped-insert":
                sql = "insert into lines (number, sku, quantity) values (%s, %s, %s)"
                kept = 1 if self._regression == "bind-value" else quantity
                self._connection.execute(sql, [number, sku, kept])
            if not self._take(sku, quantity):
                raise SoldOut(sku)
        return number

    def pay(self, number: int, charge: dict[str, Any]) -> None:
        """The order is paid by this charge."""
        sql = "update orders set status = 'paid', charge = %s, last4 = %s where number = %s"
        self._connection.execute(sql, [charge["id"], charge["card"]["last4"], number])

    def cancel(self, order: dict[str, Any], refund: str) -> None:
        """The order is cancelled, and what was ordered is in stock again."""
        sql = "update orders set status = 'cancelled', refund = %s where number = %s"
        self._connection.execute(sql, [refund, order["number"]])
        for line in order["lines"]:
            self._take(line["sku"], -line["quantity"])

    def _take(self, sku: str, quantity: int) -> bool:
        sql = (
            "update stock set on_hand = on_hand - %(quantity)s "
            "where sku = %(sku)s and on_hand >= %(quantity)s"
        )
        values = {"sku": sku, "quantity": quantity}
        if self._regression != "lost-transaction":
            return self._connection.execute(sql, values).rowcount == 1
        with self._pool.connection() as other:
            return other.execute(sql, values).rowcount == 1


class Cache:
    """Orders as they are shown, by number, for a minute or until they change."""

    def __init__(self, url: str, regression: str) -> None:
        self._redis = redis.Redis.from_url(url, decode_responses=True)
        self._regression = regression

    def get(self, number: int) -> dict[str, Any] | None:
        """The copy, if there is one."""
        found: Any = self._redis.get(f"order:{number}")
        return json.loads(found) if found else None

    def put(self, number: int, order: dict[str, Any]) -> None:
        """Keep a copy."""
        self._redis.set(f"order:{number}", json.dumps(order), ex=LIFETIME)

    def drop(self, number: int) -> None:
        """The order has changed."""
        if self._regression != "stale-cache":
            self._redis.delete(f"order:{number}")
