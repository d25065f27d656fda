"""What a mock refuses, asked for by real drivers and by bytes; each error is printed."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from struct import pack

import psycopg
import redis


def dsn(name: str, *options: str) -> str:
    """Where a dependency is."""
    host, port = os.environ[name].split(":")
    return " ".join((f"host={host} port={port} user=app dbname=app", *options))


def tried(what: str, act: Callable[[], object]) -> None:
    """One line of what came of it."""
    try:
        print(what, "|", act())
    except (psycopg.Error, redis.RedisError) as error:
        diagnosed = getattr(error, "diag", None)
        hint = getattr(diagnosed, "message_hint", None) or ""
        print(what, "|", " ".join(f"{error} {hint}".split()))


def said(*data: bytes) -> str:
    """What a connection without a driver is told at last."""
    host, port = os.environ["DB"].split(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall(b"".join(data))
        heard = b""
        while part := connection.recv(65536):
            heard += part
    return heard.rpartition(b"Mci-gate: ")[2].rstrip(b"\0").decode()


def with_results() -> None:
    """Statements that fail, on a connection that goes on."""
    with psycopg.connect(dsn("DB"), autocommit=True) as db:
        with db.cursor(binary=True) as cursor:
            tried("unfit", lambda: cursor.execute("SELECT n FROM t"))
        early = db.pgconn.exec_prepared(b"early", [])
        print("early |", early.error_message.decode().replace("\n", " "))
        print("after |", db.execute("SELECT n FROM t").rowcount)


STARTUP = b"\0\3\0\0user\0app\0\0"
BEGIN = pack("!I", len(STARTUP) + 4) + STARTUP

tried("tls", lambda: psycopg.connect(dsn("WANTS_TLS", "sslmode=require")))
tried("bound", lambda: psycopg.connect(dsn("BOUND", "channel_binding=require")))
with_results()
print("message |", said(BEGIN, b"y", pack("!I", 4)))
print("joined |", said(b"Q", pack("!I", 13), b"SELECT 1\0"))
print("version |", said(pack("!IHH", 8, 4, 0)))
host, port = os.environ["CACHE"].split(":")
cache = redis.Redis(host, int(port), protocol=2)
tried("servers", lambda: cache.execute_command("CLUSTER NODES"))
tried("resp", lambda: cache.execute_command("HELLO", "4"))
