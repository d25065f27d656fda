"""Statements of migrations, and how they are done."""

from __future__ import annotations

import pytest

from ci_gate.codecs.postgres.columns import read_columns
from ci_gate.codecs.postgres.frames import frames
from ci_gate.codecs.postgres.migrations import migration
from ci_gate.model.message import PgStatement


def said(sql: str, step: str = "query") -> list[tuple[bytes, bytes]]:
    """The messages of the answer; none for what is no migration."""
    answer = migration(PgStatement(sql, (), step))
    if answer is None:
        return []
    assert isinstance(answer.body, bytes)
    return list(frames(answer.body))


@pytest.mark.parametrize(
    ("sql", "tags"),
    [
        ("create table t (a int)", ["CREATE TABLE"]),
        (
            "CREATE UNIQUE INDEX i ON t (a); alter table t add b int",
            ["CREATE INDEX", "ALTER TABLE"],
        ),
        ("insert into alembic_version (version_num) values ('7')", ["INSERT 0 1"]),
        ("UPDATE public.alembic_version SET version_num='8'", ["UPDATE 1"]),
        ('delete from "knex_migrations_lock"', ["DELETE 1"]),
    ],
)
def test_what_is_done(sql: str, tags: list[str]) -> None:
    """Structure, and the tables in which tools count; one tag a statement."""
    assert said(sql) == [(b"C", tag.encode() + b"\0") for tag in tags]


@pytest.mark.parametrize(
    "sql",
    [
        "insert into orders values (1)",
        "truncate orders",
        "create table t (a int); insert into t values (1)",
        "insert into alembic_version select id from orders",
        "select version_num from alembic_version",
        "do $$ begin delete from orders; end $$",
        "",
    ],
)
def test_everything_else_stays_a_miss(sql: str) -> None:
    """Data, and what nobody can know the answer of."""
    assert said(sql) == []


def test_what_returning_asks_for_is_there() -> None:
    """Django reads the id of the row with which it counts a migration."""
    sql = 'INSERT INTO "django_migrations" ("app") VALUES ($1) RETURNING "django_migrations"."id"'
    (first, columns), (row, _), (last, _) = said(sql, "execute")
    assert (first, row, last) == (b"T", b"D", b"C")
    assert [one.name for one in read_columns(columns)] == ["id"]
    assert [kind for kind, _ in said(sql, "describe")] == [b"t", b"T"]


def test_a_driver_that_describes_first() -> None:
    """Its parameters are texts; structure has no rows."""
    assert said("alter table t add b int", "describe") == [(b"t", b"\0\0"), (b"n", b"")]
    assert said("alter table t add b int", "portal") == [(b"n", b"")]
