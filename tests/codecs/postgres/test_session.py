"""What a mock says by itself."""

from __future__ import annotations

import pytest

from ci_gate.codecs.postgres.frames import frames
from ci_gate.codecs.postgres.said import FAILED, IDLE, OPEN
from ci_gate.codecs.postgres.session import answers, greeting, reported


def test_a_greeting_has_what_was_recorded() -> None:
    """With what this client asks for, and no question for a password."""
    said = list(frames(greeting({"server_version": "14.2"}, {"application_name": "me"}, 0)))
    assert said[0] == (b"R", b"\0\0\0\0")
    assert (b"S", b"server_version\0" + b"14.2\0") in said
    assert (b"S", b"application_name\0me\0") in said
    assert said[-1] == (b"Z", b"I")
    assert next(frames(greeting({}, {}, 2)))[0] == b"v"


@pytest.mark.parametrize(
    ("sql", "status", "tag", "then"),
    [
        ("BEGIN", IDLE, b"BEGIN\0", OPEN),
        ("START TRANSACTION", IDLE, b"START TRANSACTION\0", OPEN),
        ("COMMIT", OPEN, b"COMMIT\0", IDLE),
        ("COMMIT", FAILED, b"ROLLBACK\0", IDLE),
        ("ABORT", OPEN, b"ROLLBACK\0", IDLE),
        ("DISCARD ALL", IDLE, b"DISCARD ALL\0", IDLE),
        ("DEALLOCATE ALL", IDLE, b"DEALLOCATE ALL\0", IDLE),
        ("SAVEPOINT a", OPEN, b"SAVEPOINT\0", OPEN),
    ],
)
def test_tags(sql: str, status: bytes, tag: bytes, then: bytes) -> None:
    """As the server words them."""
    ((said, now),) = answers(sql, status)
    assert list(frames(said)) == [(b"C", tag)]
    assert now == then


def test_a_failed_transaction_listens_to_its_end_only() -> None:
    """Everything else is an error of class 25P02."""
    ((said, now),) = answers("SAVEPOINT a", FAILED)
    assert b"25P02" in said
    assert now == FAILED


def test_several_statements_are_answered_each() -> None:
    """What asyncpg says when a connection goes back to its pool."""
    sql = "SELECT pg_advisory_unlock_all(); CLOSE ALL; UNLISTEN *; RESET ALL;"
    kinds = [kind for said, _ in answers(sql, IDLE) for kind, _ in frames(said)]
    assert kinds == [b"T", b"D", b"C", b"C", b"C", b"C"]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SET TIME ZONE 'Europe/Berlin'", b"TimeZone\0Europe/Berlin\0"),
        ("set session datestyle to ISO", b"DateStyle\0ISO\0"),
        ("SET NAMES 'UTF8'", b"client_encoding\0UTF8\0"),
        ("SET search_path = x", b""),
        ("SET timezone TO DEFAULT", b""),
    ],
)
def test_settings_are_reported(sql: str, said: bytes) -> None:
    """Those that a server reports: drivers go by them."""
    assert [payload for _, payload in frames(reported(sql))] == ([said] if said else [])
