"""A tap on PostgreSQL connections."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ci_gate.codecs.base import Action, Bytes, Session, Side, Undecodable, Whole, Withdrawn
from ci_gate.codecs.postgres import remedies
from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.frames import frame
from ci_gate.codecs.postgres.recording import Recording
from ci_gate.model.message import Message, PgResult, PgStatement
from tests.codecs.postgres.said_as_bytes import (
    DESCRIBE,
    READY,
    STARTUP,
    SYNC,
    bind,
    execute,
    prepare,
    query,
)

C, S = Side.CLIENT, Side.SERVER
T = frame(b"T", write_columns([Column("a", 25)]))
D = frame(b"D", write_row([b"x"]))
DONE = frame(b"C", b"SELECT 1\0")
PARSED, BOUND, IDLE = frame(b"1"), frame(b"2"), frame(b"Z", b"I")


def connected() -> Recording:
    """A tap on a connection that is ready."""
    tap = Recording()
    tap.feed(C, STARTUP, 0)
    assert tap.feed(S, READY, 0)[-1] == Session({"TimeZone": "UTC"})
    return tap


def heard(actions: Sequence[Action]) -> list[tuple[Side, int, Message]]:
    """The messages."""
    return [(one.side, one.number, one.message) for one in actions if isinstance(one, Whole)]


def test_a_simple_query_is_an_exchange() -> None:
    """BEGIN and COMMIT around it are none."""
    tap = connected()
    assert tap.feed(C, query(b"BEGIN"), 0) == []
    assert tap.feed(S, frame(b"C", b"BEGIN\0") + frame(b"Z", b"T"), 0) == []
    asked = tap.feed(C, query(b"select a"), 0)
    assert heard(asked) == [(C, 0, PgStatement("select a", transaction=True, block=1))]
    answered = tap.feed(S, T + D + DONE + frame(b"Z", b"T"), 0)
    assert heard(answered) == [(S, 0, PgResult(T + D + DONE))]
    assert tap.feed(C, query(b"COMMIT"), 0) == []


def test_an_extended_query_is_a_description_and_an_execution() -> None:
    """The rows keep the description that goes with them."""
    tap = connected()
    asked = tap.feed(C, prepare(b"select $1") + bind(b"x") + DESCRIBE + execute() + SYNC, 0)
    assert heard(asked) == [
        (C, 0, PgStatement("select $1", step="portal")),
        (C, 1, PgStatement("select $1", ("x",), "execute")),
    ]
    answered = tap.feed(S, PARSED + BOUND + T + D + DONE + IDLE, 0)
    assert heard(answered) == [(S, 0, PgResult(T)), (S, 1, PgResult(T + D + DONE))]


def test_an_error_is_kept_where_it_happened() -> None:
    """One at Parse or Bind belongs to the Execute after it, for it may come from the values; what
    was skipped was not asked."""
    tap = connected()
    tap.feed(C, prepare(b"selec") + bind() + DESCRIBE + execute() + SYNC, 0)
    error = frame(b"E", b"SERROR\0C42601\0Mno\0\0")
    answered = tap.feed(S, error + IDLE, 0)
    assert answered == [
        Withdrawn(0),
        Whole(S, 1, PgResult(error, "parse"), 0, 0),
    ]


def test_rows_in_several_goes_are_one_answer() -> None:
    """However many Executes fetched them; the last tag counts only the rows of its own."""
    tap = connected()
    tap.feed(C, query(b"BEGIN"), 0)
    tap.feed(S, frame(b"C", b"BEGIN\0") + frame(b"Z", b"T"), 0)
    tap.feed(C, prepare(b"select a") + bind() + execute(1) + SYNC, 0)
    suspended = tap.feed(S, PARSED + BOUND + D + frame(b"s") + frame(b"Z", b"T"), 0)
    assert heard(suspended) == []
    assert heard(tap.feed(C, execute(1) + SYNC, 0)) == []
    answered = tap.feed(S, D + DONE + frame(b"Z", b"T"), 0)
    whole = D + D + frame(b"C", b"SELECT 2\0")
    assert heard(answered) == [(S, 0, PgResult(whole))]


def test_a_portal_that_is_left() -> None:
    """Its answer is what was read, in its turn: before those that are asked for later."""
    tap = connected()
    asked = prepare(b"select a") + bind() + execute(1) + bind() + execute() + SYNC
    tap.feed(C, asked, 0)
    said = PARSED + BOUND + D + frame(b"s") + BOUND + D + D + DONE + IDLE
    first, second = heard(tap.feed(S, said, 0))
    assert first == (S, 0, PgResult(D + frame(b"s")))
    assert second[1] == 1


def test_what_the_server_does_not_know_is_no_exchange() -> None:
    """It says so itself; where it knows what we do not, we have not heard all of it."""
    tap = connected()
    assert heard(tap.feed(C, bind(name=b"gone") + execute() + SYNC, 0)) == []
    assert heard(tap.feed(S, frame(b"E", b"SERROR\0C26000\0\0") + IDLE, 0)) == []
    tap.feed(C, prepare(b"selec", b"s") + SYNC, 0)
    tap.feed(S, frame(b"E", b"SERROR\0C42601\0\0") + IDLE, 0)
    assert heard(tap.feed(C, bind(name=b"s") + execute() + SYNC, 0)) == []
    (told,) = tap.feed(S, BOUND, 0)
    assert isinstance(told, Undecodable)
    assert told.reason == remedies.PREPARED_BEFORE


@pytest.mark.parametrize(
    ("asked", "answered", "why"),
    [
        (frame(b"F", b"\0\0\0\1"), b"", remedies.FUNCTION_CALL),
        (frame(b"y", b""), b"", remedies.unknown_message(b"y", "client")),
        (query(b"START_REPLICATION"), frame(b"W", b"\0\0\0"), remedies.REPLICATION),
        (query(b"select a"), frame(b"y", b""), remedies.unknown_message(b"y", "server")),
    ],
)
def test_what_is_not_followed_is_said_with_its_remedy(
    asked: bytes, answered: bytes, why: str
) -> None:
    """Once; what comes after it on this connection is nobody's."""
    tap = connected()
    actions = [*tap.feed(C, asked, 0), *tap.feed(S, answered, 0)]
    told = [one for one in actions if isinstance(one, Undecodable)]
    assert [one.reason for one in told] == [why]
    assert not tap.feed(C, query(b"select a"), 0)


def test_copied_data_belong_to_the_statement() -> None:
    """The request is whole when the client has sent them all."""
    tap = connected()
    assert tap.feed(C, query(b"copy t from stdin"), 0) == []
    tap.feed(S, frame(b"G", b"\0\0\0"), 0)
    asked = tap.feed(C, frame(b"d", b"1\n") + frame(b"d", b"2\n") + frame(b"c"), 0)
    assert heard(asked) == [(C, 0, PgStatement("copy t from stdin", body=b"1\n2\n"))]
    answered = tap.feed(S, frame(b"C", b"COPY 2\0") + IDLE, 0)
    assert heard(answered)[0][:2] == (S, 0)


def test_what_is_refused_before_it_asks_anything() -> None:
    """A COPY whose data nobody wants, and a statement that is only prepared: exchanges of a step of
    their own."""
    tap = connected()
    assert tap.feed(C, query(b"copy t from stdin"), 0) == []
    error = frame(b"E", b"SERROR\0C42501\0\0")
    told = heard(tap.feed(S, error + IDLE, 0))
    assert told == [
        (C, 0, PgStatement("copy t from stdin", step="copy")),
        (S, 0, PgResult(error)),
    ]
    tap.feed(C, prepare(b"copy t from stdin") + bind() + execute() + SYNC, 0)
    told = heard(tap.feed(S, PARSED + BOUND + error + IDLE, 0))
    assert told[0] == (C, 1, PgStatement("copy t from stdin", step="copy"))
    tap.feed(C, prepare(b"selec", b"s") + SYNC, 0)
    told = heard(tap.feed(S, error + IDLE, 0))
    assert told == [
        (C, 2, PgStatement("selec", step="parse")),
        (S, 2, PgResult(error, "parse")),
    ]
    tap.feed(C, query(b"select a"), 0)
    assert heard(tap.feed(S, T + D + DONE + IDLE, 0))


def test_a_sync_before_copied_data_is_ignored() -> None:
    """By a server that takes the data (drivers in Rust say it); one that refuses them hears it."""
    tap = connected()
    copying = prepare(b"copy t from stdin") + bind() + execute() + SYNC
    tap.feed(C, copying, 0)
    tap.feed(S, PARSED + BOUND + frame(b"G", b"\0\0\1\0\0"), 0)
    asked = tap.feed(C, frame(b"d", b"1\n") + frame(b"c") + SYNC, 0)
    (copy,) = heard(asked)
    assert copy[2].body == b"1\n"
    answered = tap.feed(S, frame(b"C", b"COPY 1\0") + IDLE, 0)
    assert [number for _, number, _ in heard(answered)] == [0]
    tap.feed(C, copying, 0)
    tap.feed(S, PARSED + BOUND + frame(b"E", b"SERROR\0C42501\0\0") + IDLE, 0)
    tap.feed(C, query(b"select a"), 0)
    assert heard(tap.feed(S, T + D + DONE + IDLE, 0))


def test_a_password_is_in_no_message() -> None:
    """Neither in plain nor as SASL."""
    tap = Recording()
    actions = [*tap.feed(C, STARTUP + frame(b"p", b"hunter2\0"), 0)]
    actions += tap.feed(S, frame(b"R", b"\0\0\0\3") + READY, 0)
    assert [one for one in actions if not isinstance(one, Bytes)] == [Session({"TimeZone": "UTC"})]


def test_what_is_said_before_the_server_is_ready_is_heard() -> None:
    """A client may send its first statement along with its startup message."""
    tap = Recording()
    tap.feed(C, STARTUP + query(b"select a"), 0)
    asked = tap.feed(S, READY, 0)
    assert heard(asked) == [(C, 0, PgStatement("select a"))]
    assert heard(tap.feed(S, T + D + DONE + IDLE, 0)) == [(S, 0, PgResult(T + D + DONE))]


def test_a_future_version_is_not_followed() -> None:
    """With its number as the reason; the server is asked all the same, and answers for itself."""
    start = b"\0\0\0\x09\0\4\0\0\0"
    said, told = Recording().feed(C, start, 0)
    assert said == Bytes(S, start)
    assert isinstance(told, Undecodable)
    assert "4.0" in told.reason


def test_what_follows_a_bad_beginning_is_not_heard() -> None:
    """One reason for one connection: what a broken start leaves behind is not a second one."""
    recording = Recording()
    start = b"\x00\x00\x00\x09\x00\x07\x00\x00\x00"
    actions = recording.feed(Side.CLIENT, start + b"\x00" * 9, 0)
    assert sum(isinstance(one, Undecodable) for one in actions) == 1
    assert not recording.feed(Side.CLIENT, start, 0)
