"""Random conversations with PostgreSQL, message by message: SEED and SEQUENCES in the environment.

Each sequence prints one line for every batch of messages: what was sent, and every message that came
back. What no server promises to say twice is left out of it: the fields of an error that tell of the
server's own source.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
from collections.abc import Generator, Iterator
from struct import pack, unpack_from

HOST, PORT = os.environ["ADDRESS"].split(":")
TABLE = "create table r (id int primary key, name text, n numeric, at timestamptz, a int[])"
READS = (
    "select id, name from r where id = $1",
    "select count(*), sum(n), max(at) from r where id > $1",
    "select id, n, a, at from r where id < $1 order by id",
    "select $1::int + 1",
    "select name, null, a from r where id = any(array[$1, 3])",
)
WRITES = (
    "insert into r (id, name, n, a) values ($1, 'é', 1.50, '{1,null}')",
    "update r set name = name || '!', n = n * 2 where id = $1",
    "delete from r where id = $1",
    "insert into r (id, at) values ($1, '2024-01-02 03:04:05.6+02') returning *",
    "insert into r (id) values ($1) on conflict (id) do update set n = 7 returning id, n",
)
WRONG = (
    "selec $1",
    "select nope from r where id = $1",
    "select 1 / ($1::int - $1::int)",
    "select $1 from none",
)


Batches = Generator[tuple[str, bytes, int], str, None]
"""(what it is, its bytes, how many ReadyForQuery it asks for); gets what came back."""


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """A message."""
    return kind + pack("!I", len(payload) + 4) + payload


class Connection:
    """A connection that sends what it is told and tells what comes back."""

    def __init__(self) -> None:
        self._socket = socket.create_connection((HOST, int(PORT)), 20)
        self._data = b""
        user = pack("!I", 196608) + b"user\0postgres\0database\0postgres\0\0"
        self._socket.sendall(pack("!I", len(user) + 4) + user)
        self.until_ready()

    def until_ready(self, count: int = 1) -> Iterator[tuple[bytes, bytes]]:
        """The messages up to so many ReadyForQuery."""
        found = []
        while count:
            while len(self._data) < 5 or len(self._data) < 1 + unpack_from("!I", self._data, 1)[0]:
                more = self._socket.recv(1 << 16)
                assert more, f"closed after {found}"
                self._data += more
            end = 1 + unpack_from("!I", self._data, 1)[0]
            found.append((self._data[:1], self._data[5:end]))
            count -= self._data[:1] == b"Z"
            self._data = self._data[end:]
        return iter(found)

    def said(self, data: bytes, count: int) -> str:
        """What comes back for these messages."""
        self._socket.sendall(data)
        return " ".join(shown(kind, payload) for kind, payload in self.until_ready(count))

    def close(self) -> None:
        """Say goodbye."""
        self._socket.sendall(frame(b"X"))
        self._socket.close()


def shown(kind: bytes, payload: bytes) -> str:
    """A message as text."""
    if kind in b"EN":
        fields = [one for one in payload.split(b"\0") if one[:1] in (b"S", b"C", b"M", b"D", b"n")]
        payload = b"|".join(fields)
    return f"{kind.decode()}:{payload!r}" if payload else kind.decode()


class Sequence:
    """One random conversation."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._savepoints = 0
        self._open = False
        self._prepared: list[bytes] = []

    def batches(self) -> Batches:
        """All of it, out of every transaction at its end."""
        for _ in range(self._random.randint(2, 7)):
            yield from self._random.choice((self._simple, self._extended, self._moved))()
        if self._open:
            yield self._query("rollback")
        yield self._query("deallocate all")

    def _query(self, sql: str) -> tuple[str, bytes, int]:
        return sql, frame(b"Q", sql.encode() + b"\0"), 1

    def _sql(self) -> str:
        kinds = (READS, WRITES, WRONG)
        sql = self._random.choice(self._random.choices(kinds, (5, 4, 1))[0])
        # In a transaction that has failed, this is the one statement that is looked at.
        return READS[0] if self._open and sql == WRONG[0] else sql

    def _literal(self) -> str:
        return self._sql().replace("$1", str(self._random.randint(0, 9)))

    def _simple(self) -> Batches:
        statements = [self._literal() for _ in range(self._random.choice((1, 1, 1, 2, 3)))]
        comment = self._random.choice(("", "/* why */ ", "-- why\n"))
        yield self._query(self._random.choice(("", " ")) if self._random.random() < 0.05 else
                          comment + "; ".join(statements))  # fmt: skip

    def _moved(self) -> Batches:
        """Into a transaction, within it, or out of it."""
        if not self._open:
            self._open, self._savepoints = True, 0
            yield self._query(self._random.choice(("begin", "BEGIN ISOLATION LEVEL SERIALIZABLE")))
            return
        choice = self._random.random()
        if choice < 0.4:
            self._savepoints += 1
            if "E:" in (yield self._query(f"savepoint s{self._savepoints}")):
                self._savepoints -= 1
        elif choice < 0.6 and self._savepoints:
            yield self._query(f"rollback to savepoint s{self._savepoints}")
        else:
            self._open = False
            yield self._query(self._random.choice(("commit", "rollback", "end", "abort")))

    def _extended(self) -> Batches:
        """A pipeline of statements up to a Sync, in any of the ways in which drivers ask."""
        told: list[str] = []
        out = b""
        for _ in range(self._random.choice((1, 1, 2, 4))):
            sql = self._sql()
            name = b"" if self._random.random() < 0.6 else b"p%d" % self._random.randint(0, 10**9)
            typed = self._random.random() < 0.5
            oids = pack("!HI", 1, 23) if typed else pack("!H", 0)
            out += frame(b"P", name + b"\0" + sql.encode() + b"\0" + oids)
            described = self._random.random() < 0.4
            if described:
                out += frame(b"D", b"S" + name + b"\0")
                if self._random.random() < 0.5:  # as asyncpg and pgx do
                    if "E:" in (yield f"prepare {sql}", out + frame(b"S"), 1):
                        return
                    out = b""
            for _ in range(self._random.choice((1, 1, 2))):
                number = self._random.randint(0, 9)
                binary = typed and self._random.random() < 0.5
                value = pack("!i", number) if binary else str(number).encode()
                results = self._random.choice((pack("!H", 0), pack("!HH", 1, 1), pack("!HH", 1, 0)))
                portal = self._random.choice((b"", b"", b"c"))
                out += frame(
                    b"B",
                    portal + b"\0" + name + b"\0" + pack("!HH", 1, int(binary))
                    + pack("!HI", 1, len(value)) + value + results,
                )  # fmt: skip
                if not described or self._random.random() < 0.4:  # nobody reads what is not
                    out += frame(b"D", b"P" + portal + b"\0")
                    described = True
                rows = self._random.choice((0, 0, 0, 1, 2))
                out += frame(b"E", portal + b"\0" + pack("!I", rows))
                again = sql in READS or "returning" in sql  # else there is nothing to go on with
                if rows and again and self._random.random() < 0.7:
                    out += frame(b"E", portal + b"\0" + pack("!I", 0))
                if portal or self._random.random() < 0.1:
                    out += frame(b"C", b"P" + portal + b"\0")
                told.append(f"{sql} [{number}, {'binary' if binary else 'text'}, {rows}]")
            if self._random.random() < 0.2:
                out += frame(b"H")
        yield "; ".join(told), out + frame(b"S"), 1


def main() -> None:
    """All sequences, some of them to a connection."""
    first, count = int(os.environ.get("SEED", "1")), int(os.environ.get("SEQUENCES", "10"))
    connection = Connection()
    connection.said(frame(b"Q", f"drop table if exists r; {TABLE}\0".encode()), 1)
    for number in range(first, first + count):
        if number % 20 == 0:
            connection.close()
            connection = Connection()
        batches, heard = Sequence(number).batches(), None
        with contextlib.suppress(StopIteration):
            while True:
                told, data, syncs = batches.send(heard)
                heard = connection.said(data, syncs)
                print(number, told.replace("\n", " "), "=>", heard)
    connection.close()


main()
