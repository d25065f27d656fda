"""PostgreSQL as tests write it."""

from __future__ import annotations

from struct import pack

from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.frames import frame, value
from ci_gate.model.message import PgResult, PgStatement

STARTUP = pack("!II", 17, 196608) + b"user\0me\0\0"
READY = frame(b"R", b"\0\0\0\0") + frame(b"S", b"TimeZone\0UTC\0") + frame(b"Z", b"I")


def query(sql: bytes) -> bytes:
    """A simple query."""
    return frame(b"Q", sql + b"\0")


def prepare(sql: bytes, name: bytes = b"") -> bytes:
    """A Parse without types."""
    return frame(b"P", name + b"\0" + sql + b"\0\0\0")


def bind(*values: bytes | None, portal: bytes = b"", name: bytes = b"") -> bytes:
    """A Bind of text values, for text results."""
    head = portal + b"\0" + name + b"\0\0\0" + pack("!H", len(values))
    return frame(b"B", head + b"".join(map(value, values)) + b"\0\0")


def execute(maximum: int = 0, portal: bytes = b"") -> bytes:
    """An Execute."""
    return frame(b"E", portal + b"\0" + pack("!I", maximum))


DESCRIBE = frame(b"D", b"P\0")
SYNC = frame(b"S")

T = frame(b"T", write_columns([Column("a", 25)]))
DONE = frame(b"C", b"SELECT 2\0")

BATCH = bind(b"7", name=b"s") + DESCRIBE + execute() + SYNC
CHUNKS = (
    query(b"select 1"),
    query(b"select 1; select 2"),
    query(b"begin"),
    query(b"commit"),
    query(b"rollback"),
    query(b"select broken"),
    query(b"listen here"),
    query(b"select pg_notify('here', 'x')"),
    query(b"declare c cursor for select 5"),
    query(b"fetch 1 from c"),
    query(b"deallocate all"),
    prepare(b"select $1", b"s") + SYNC,
    prepare(b"select $1 + 1", b"s") + SYNC,
    frame(b"C", b"Ss\0") + SYNC,
    BATCH,
    BATCH[:9],
    BATCH[9:],
    BATCH + BATCH,
    bind(b"8", name=b"s") + execute() + SYNC,
    bind(b"9") + execute() + SYNC,
    bind(b"9", portal=b"p", name=b"s") + execute(portal=b"p") + SYNC,
    prepare(b"select $1") + bind(b"7") + DESCRIBE + execute() + SYNC,
    prepare(b"select $1, 2") + bind(b"7") + execute() + SYNC,
    prepare(b"select broken") + bind() + DESCRIBE + execute() + SYNC,
    prepare(b"select $1") + bind(b"7") + DESCRIBE + execute(1) + SYNC,
    prepare(b"delete from t where a = $1") + bind(b"7") + DESCRIBE + execute() + SYNC,
    prepare(b"delete from t where a = $1") + bind(b"7") + execute() + SYNC,
    DESCRIBE + execute() + SYNC,
    execute() + SYNC,
    execute(1, b"p") + SYNC,
    SYNC,
)
"""What clients say in one piece; some of it is half a thing, or nonsense."""


def answer(statement: PgStatement) -> PgResult:
    """What was recorded for a statement: two rows that tell of it, or an error."""
    if "broken" in statement.sql:
        return PgResult(frame(b"E", b"SERROR\0C22012\0\0"))
    if statement.sql.startswith("delete"):
        return PgResult(frame(b"n") if statement.step == "portal" else frame(b"C", b"DELETE 1\0"))
    if statement.step in ("describe", "portal"):
        return PgResult((frame(b"t", b"\0\0") if statement.step == "describe" else b"") + T)
    rows = [frame(b"D", write_row([repr(part).encode()])) for part in statement.params[:1] or "ab"]
    return PgResult(T + b"".join(rows) + DONE)
