"""Migrations: statements that change tables, and those on the table in which a tool keeps count.

A new version of a service brings its migrations; no recording knows them. They are answered as done
so that the service starts, and told, and everything else that nobody recorded stays a miss.
"""

from __future__ import annotations

import re
from struct import pack

from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.frames import frame
from ci_gate.codecs.postgres.sql import Statement, look
from ci_gate.model.message import PgResult, PgStatement

COUNTED_IN = frozenset(
    (
        "alembic_version",  # Alembic
        "django_migrations",  # Django
        "flyway_schema_history",  # Flyway
        "databasechangelog",  # Liquibase
        "databasechangeloglock",
        "schema_migrations",  # Rails, golang-migrate, dbmate
        "ar_internal_metadata",
        "goose_db_version",  # goose
        "atlas_schema_revisions",  # Atlas
        "knex_migrations",  # Knex
        "knex_migrations_lock",
        "pgmigrations",  # node-pg-migrate
        "sequelizemeta",  # Sequelize
        "typeorm_metadata",  # TypeORM
        "migrations",
        "mikro_orm_migrations",  # MikroORM
        "_prisma_migrations",  # Prisma
        "__drizzle_migrations",  # Drizzle
        "_sqlx_migrations",  # sqlx
        "__diesel_schema_migrations",  # Diesel
        "refinery_schema_history",  # refinery
        "seaql_migrations",  # SeaORM
        "doctrine_migration_versions",  # Doctrine
        "__efmigrationshistory",  # Entity Framework
        "yoyo_migration",  # yoyo
        "aerich",  # Tortoise
    )
)
"""Tables in which the usual tools keep what was applied, in lower case, without a schema."""

_STRUCTURE = frozenset(("CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "REVOKE", "REINDEX"))
_ROWS = {"INSERT": "INSERT 0 1", "UPDATE": "UPDATE 1", "DELETE": "DELETE 1"}
"""Command -> its tag, one row changed."""
_BETWEEN = frozenset(("OR", "REPLACE", "UNIQUE", "TEMP", "TEMPORARY", "UNLOGGED"))
_RETURNING = re.compile(r"\bRETURNING (.+)\Z")
_PARAMETER = re.compile(r"\$(\d+)")
_TEXT, _INTEGER = 25, 23


def migration(statement: PgStatement) -> PgResult | None:
    """The answer by which a statement of a migration is done; None for any other statement.

    One row was changed, and what RETURNING asks for is 1: no tool looks further."""
    looked = look(statement.sql)
    if not (set(looked.commands) <= _STRUCTURE or _counts(looked)):
        return None
    columns = _columns(looked)
    described = frame(b"T", write_columns(columns)) if columns else frame(b"n")
    if statement.step == "portal":
        return PgResult(described)
    if statement.step == "describe":
        return PgResult(frame(b"t", _parameters(looked.text)) + described)
    told = b"".join(frame(b"C", _tag(part) + b"\0") for part in looked.text.split(" ; "))
    if columns:
        told = described + frame(b"D", write_row([b"1"] * len(columns))) + told
    return PgResult(told)


def _counts(looked: Statement) -> bool:
    """True for one write to a table in which applied migrations are counted."""
    tables = {name.rpartition(".")[2].lower() for name in looked.tables}
    single = len(looked.commands) == 1 and looked.commands[0] in _ROWS
    return single and bool(tables) and tables <= COUNTED_IN


def _columns(looked: Statement) -> list[Column]:
    found = _RETURNING.search(looked.text)
    if found is None:
        return []
    names = (one.strip().rpartition(".")[2].strip('"').lower() for one in found[1].split(","))
    return [Column(name, _INTEGER, size=4) for name in names]


def _parameters(text: str) -> bytes:
    count = max((int(number) for number in _PARAMETER.findall(text)), default=0)
    count = min(count, 0xFFFF)
    return pack(f"!H{count}I", count, *[_TEXT] * count)


def _tag(text: str) -> bytes:
    words = [word for word in text.split(" ", 5) if word not in _BETWEEN]
    return (_ROWS.get(words[0]) or " ".join(words[:2])).encode("ascii", "replace")
