"""A PostgreSQL server of ours."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ci_gate.codecs.base import Action, Bytes, Close, Side, StartTLS, Undecodable, Whole
from ci_gate.codecs.postgres import remedies
from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.frames import frame, frames
from ci_gate.codecs.postgres.mocking import Mocking
from ci_gate.model.message import Message, PgResult, PgStatement
from tests.codecs.postgres.said_as_bytes import (
    DESCRIBE,
    STARTUP,
    SYNC,
    bind,
    execute,
    prepare,
    query,
)

C, S = Side.CLIENT, Side.SERVER
T = frame(b"T", write_columns([Column("a", 23, size=4)]))
D = frame(b"D", write_row([b"7"]))
DONE = frame(b"C", b"SELECT 1\0")


def connected(**session: str) -> Mocking:
    """A server that a client has logged in to."""
    server = Mocking(session)
    server.feed(C, STARTUP, 0)
    return server


def kinds(actions: Sequence[Action]) -> bytes:
    """The types of the messages that were sent."""
    sent = b"".join(one.data for one in actions if isinstance(one, Bytes))
    return b"".join(kind for kind, _ in frames(sent))


def asked(actions: Sequence[Action]) -> list[Message]:
    """What is asked for."""
    return [one.message for one in actions if isinstance(one, Whole)]


def statements(actions: Sequence[Action]) -> list[PgStatement]:
    """What is asked for, as statements."""
    return [one for one in asked(actions) if isinstance(one, PgStatement)]


def test_one_question_at_a_time() -> None:
    """The rest of a pipeline is heard when the answer is known; everything leaves in order. What
    an Execute gives tells of the Describe before it."""
    server = connected()
    batch = prepare(b"select 1") + bind() + DESCRIBE + execute()
    first = server.feed(C, batch + batch + SYNC, 0)
    assert [one.step for one in statements(first)] == ["execute"]
    assert kinds(first) == b""
    second = server.say(S, PgResult(T + D + DONE))
    assert [one.step for one in statements(second)] == ["execute"]
    assert kinds(server.say(S, PgResult(T + D + DONE))) == b"12TDC12TDCZ"


def test_a_description_that_the_answer_does_not_tell() -> None:
    """Of a statement without rows, and of one that failed while it ran: asked for after it."""
    for answer, said in ((DONE, b"12nCZ"), (frame(b"E", b"SERROR\0C22012\0\0"), b"12nEZ")):
        server = connected()
        server.feed(C, prepare(b"delete from t") + bind() + DESCRIBE + execute() + SYNC, 0)
        asked_for = server.say(S, PgResult(answer))
        assert [one.step for one in statements(asked_for)] == ["portal"]
        assert kinds(server.say(S, PgResult(frame(b"n")))) == said


def test_an_error_of_the_values_is_none_of_the_description() -> None:
    """One at Bind comes before anything is described."""
    server = connected()
    server.feed(C, prepare(b"select a") + bind(b"x") + DESCRIBE + execute() + SYNC, 0)
    error = frame(b"E", b"SERROR\0C22P02\0\0")
    assert kinds(server.say(S, PgResult(error, "bind"))) == b"1EZ"


def test_what_follows_an_error_is_ignored() -> None:
    """Up to Sync: nothing of it is asked."""
    server = connected()
    batch = prepare(b"select 1") + bind() + DESCRIBE + execute() + SYNC + query(b"select 2")
    server.feed(C, batch, 0)
    error = frame(b"E", b"SERROR\0C42P01\0\0")
    said = server.say(S, PgResult(error, "parse"))
    assert kinds(said) == b""
    assert len(asked(said)) == 1, "only the query after Sync"
    assert kinds(server.say(S, PgResult(DONE))) == b"EZCZ"


def test_a_failed_transaction() -> None:
    """Statements are refused without asking, until it ends."""
    server = connected()
    assert kinds(server.feed(C, query(b"BEGIN"), 0)) == b"CZ"
    server.feed(C, query(b"select 1/0"), 0)
    server.say(S, PgResult(frame(b"E", b"SERROR\0C22012\0\0")))
    refused = server.feed(C, query(b"select 1"), 0)
    assert asked(refused) == []
    assert kinds(refused) == b"EZ"
    assert kinds(server.feed(C, query(b"ROLLBACK"), 0)) == b"CZ"
    assert asked(server.feed(C, query(b"select 1"), 0))


def test_a_failed_transaction_refuses_every_step() -> None:
    """Also a Parse, as the server does: no Describe after it is asked for. Its end is heard."""
    server = connected()
    server.feed(C, query(b"BEGIN"), 0)
    server.feed(C, query(b"select 1/0"), 0)
    server.say(S, PgResult(frame(b"E", b"SERROR\0C22012\0\0")))
    refused = server.feed(C, prepare(b"select 1") + bind() + DESCRIBE + execute() + SYNC, 0)
    assert asked(refused) == []
    assert kinds(refused) == b"EZ"
    ended = server.feed(C, prepare(b"rollback") + bind() + DESCRIBE + execute() + SYNC, 0)
    assert kinds(ended) == b"12nCZ"


def test_rows_as_many_as_are_wanted() -> None:
    """The rest waits for the next Execute, which asks nothing; the transaction keeps it."""
    server = connected()
    server.feed(C, query(b"BEGIN"), 0)
    server.feed(C, prepare(b"select a") + bind() + execute(2) + SYNC, 0)
    assert kinds(server.say(S, PgResult(T + D * 3 + DONE))) == b"12DDsZ"
    rest = server.feed(C, execute(2), 0)
    assert asked(rest) == []
    assert kinds(rest) == b"DC"


def test_values_in_the_format_that_is_asked_for() -> None:
    """Recorded as text, wanted as binary."""
    server = connected()
    binary = frame(b"B", b"\0\0\0\0\0\0\0\1\0\1")
    server.feed(C, prepare(b"select a") + binary + DESCRIBE + execute() + SYNC, 0)
    said = server.say(S, PgResult(T + D + DONE))
    sent = b"".join(one.data for one in said if isinstance(one, Bytes))
    payloads = dict(frames(sent))
    assert payloads[b"D"] == write_row([b"\0\0\0\7"])
    assert payloads[b"T"][-1:] == b"\1"


def test_copy_is_asked_for_with_its_data() -> None:
    """The client is invited first, unless a refusal was recorded: the answer to its data cannot be
    known before."""
    server = connected()
    (may,) = statements(server.feed(C, query(b"copy t (a, b) from stdin"), 0))
    assert (may.step, may.body) == ("copy", b"")
    assert kinds(server.say(S, PgResult())) == b"G"
    (message,) = asked(server.feed(C, frame(b"d", b"1\t2\n") + frame(b"c"), 0))
    assert message.body == b"1\t2\n"
    recorded = frame(b"G", b"\0\0\2\0\0\0\0") + frame(b"C", b"COPY 1\0")
    assert kinds(server.say(S, PgResult(recorded))) == b"CZ"


def test_a_sync_before_copied_data_is_ignored() -> None:
    """One ReadyForQuery, after the data."""
    server = connected()
    copying = prepare(b"copy t (a) from stdin") + bind() + execute() + SYNC
    assert len(statements(server.feed(C, copying, 0))) == 1
    assert kinds(server.say(S, PgResult())) == b"12G"
    server.feed(C, frame(b"d", b"1\n") + frame(b"c") + SYNC, 0)
    recorded = frame(b"G", b"\0\0\1\0\0") + frame(b"C", b"COPY 1\0")
    assert kinds(server.say(S, PgResult(recorded))) == b"CZ"


def test_encryption_as_it_was_recorded() -> None:
    """Offered where the session says so, else declined."""
    request = b"\0\0\0\x08\x04\xd2\x16\x2f"
    assert Mocking({}).feed(C, request, 0) == [Bytes(C, b"N")]
    assert Mocking({"tls": "on"}).feed(C, request, 0) == [Bytes(C, b"S"), StartTLS(C)]


def test_garbage_is_an_error_and_the_end() -> None:
    """The client reads why; the report, too."""
    said = connected().feed(C, frame(b"B", b"cut off"), 0)
    assert [type(one) for one in said] == [Undecodable, Bytes, Close]
    assert b"does not end" in b"".join(one.data for one in said if isinstance(one, Bytes))


def test_what_is_not_there_is_an_error_as_servers_say_it() -> None:
    """A statement that was deallocated, one whose Parse was ignored after an error, a portal."""
    server = connected()
    refused = server.feed(C, bind(name=b"gone") + execute() + SYNC, 0)
    assert kinds(refused) == b"EZ"
    server.feed(C, prepare(b"selec", b"s") + bind(name=b"s") + execute() + SYNC, 0)
    server.say(S, PgResult(frame(b"E", b"SERROR\0C42601\0\0"), "parse"))
    assert kinds(server.feed(C, bind(name=b"s") + SYNC, 0)) == b"EZ"
    server.feed(C, prepare(b"select 1", b"s") + SYNC, 0)
    assert kinds(server.say(S, PgResult())) == b"1Z"
    assert kinds(server.feed(C, query(b"DEALLOCATE s") + bind(name=b"s") + SYNC, 0)) == b"CZEZ"
    assert kinds(server.feed(C, execute(portal=b"p") + SYNC, 0)) == b"EZ"


def test_each_go_counts_its_own_rows() -> None:
    """As a server's tags do; the recorded tag counts all of them."""
    server = connected()
    server.feed(C, prepare(b"select a") + bind() + execute(2) + execute() + execute() + SYNC, 0)
    said = server.say(S, PgResult(T + D * 3 + frame(b"C", b"SELECT 3\0")))
    sent = b"".join(one.data for one in said if isinstance(one, Bytes))
    assert [payload for kind, payload in frames(sent) if kind == b"C"] == [
        b"SELECT 1\0",
        b"SELECT 0\0",
    ]


def told(actions: Sequence[Action]) -> list[str]:
    """What the report says."""
    return [one.reason for one in actions if isinstance(one, Undecodable)]


def said(actions: Sequence[Action]) -> bytes:
    """What the client reads."""
    return b"".join(one.data for one in actions if isinstance(one, Bytes))


def test_a_statement_that_was_never_prepared() -> None:
    """The server's error with our hint, and a line of the report; one that was prepared and is
    gone is the client's own affair."""
    server = connected()
    refused = server.feed(C, bind(name=b"early") + execute() + SYNC, 0)
    assert told(refused) == [remedies.NEVER_PREPARED]
    assert remedies.NEVER_PREPARED.encode() in said(refused)
    assert kinds(refused) == b"EZ"
    gone = prepare(b"select 1", b"s") + SYNC + query(b"DEALLOCATE s") + bind(name=b"s") + SYNC
    server.feed(C, gone, 0)
    answered = server.say(S, PgResult())
    assert kinds(answered) == b"1ZCZEZ"
    assert told(answered) == []


def test_a_function_call_is_refused_and_the_connection_goes_on() -> None:
    """With the remedy on both sides."""
    server = connected()
    refused = server.feed(C, frame(b"F", b"\0\0\0\1"), 0)
    assert told(refused) == [remedies.FUNCTION_CALL]
    assert remedies.FUNCTION_CALL.encode() in said(refused)
    assert kinds(refused) == b"EZ"
    assert asked(server.feed(C, query(b"select 1"), 0))


def test_a_message_that_is_none() -> None:
    """Nobody knows how it goes on: the end, with the remedy on both sides."""
    ended = connected().feed(C, frame(b"y", b""), 0)
    assert told(ended) == [remedies.unknown_message(b"y", "client")]
    assert told(ended)[0].encode() in said(ended)
    assert ended[-1] == Close(C)


def test_a_result_that_does_not_fit() -> None:
    """Another type than it was described with, or what has no form in the format that is asked
    for: an error on that statement only, told with the remedy on both sides."""
    server = connected()
    described = prepare(b"select a", b"s") + frame(b"D", b"Ss\0") + SYNC
    server.feed(C, described, 0)
    other = frame(b"T", write_columns([Column("a", 25)]))
    server.say(S, PgResult(frame(b"t", b"\0\0") + other))
    server.feed(C, bind(name=b"s") + execute() + SYNC, 0)
    refused = server.say(S, PgResult(T + D + DONE))
    assert told(refused) == [
        "column a of a recorded result is int4, its description says text: record this call again "
        "with this service and driver"
    ]
    assert told(refused)[0].encode() in said(refused)
    assert kinds(refused) == b"2EZ"
    binary = frame(b"B", b"\0\0\0\0\0\0\0\1\0\1")
    server.feed(C, prepare(b"select a") + binary + execute() + SYNC, 0)
    wrong = server.say(S, PgResult(T + frame(b"D", write_row([b"x"])) + DONE))
    assert "holds what is no int4" in told(wrong)[0]
    assert kinds(wrong) == b"12EZ"
    assert asked(server.feed(C, query(b"select 1"), 0))


def test_a_parameter_is_read_by_the_type_that_was_told() -> None:
    """In its one spelling, once the client can know the type; what it said before that was read
    without it when it was recorded, too."""
    server = connected()
    describe = prepare(b"select $1", b"s") + frame(b"D", b"Ss\0")
    ask = bind(b"true", name=b"s") + execute() + SYNC
    server.feed(C, describe + ask, 0)
    told_type = PgResult(frame(b"t", b"\0\1\0\0\0\x10") + T)
    early = server.say(S, told_type)
    assert [one.params for one in statements(early)] == [("true",)]
    server.say(S, PgResult(T + D + DONE))
    assert [one.params for one in statements(server.feed(C, ask, 0))] == [("t",)]


@pytest.mark.parametrize("simple", [True, False])
def test_a_copy_that_is_refused_before_any_data(simple: bool) -> None:
    """With the recorded error, in place of the invitation."""
    server = connected()
    sql = b"copy t (a) from stdin"
    said = query(sql) if simple else prepare(sql) + bind() + DESCRIBE + execute() + SYNC
    (may,) = statements(server.feed(C, said, 0))
    assert may.step == "copy"
    refused = server.say(S, PgResult(frame(b"E", b"SERROR\0C42501\0\0")))
    if not simple:
        refused = server.say(S, PgResult(frame(b"n")))
    assert kinds(refused) == (b"EZ" if simple else b"12nEZ")
    assert asked(server.feed(C, query(b"select 1"), 0))


def test_a_statement_that_is_only_prepared() -> None:
    """It is asked whether the recording refused it; else it is prepared."""
    server = connected()
    (only,) = statements(server.feed(C, prepare(b"selec", b"s") + SYNC, 0))
    assert (only.sql, only.step) == ("selec", "parse")
    assert kinds(server.say(S, PgResult(frame(b"E", b"SERROR\0C42601\0\0"), "parse"))) == b"EZ"
    assert kinds(server.feed(C, bind(name=b"s") + SYNC, 0)) == b"EZ"
    server.feed(C, prepare(b"select 1", b"s") + SYNC, 0)
    assert kinds(server.say(S, PgResult())) == b"1Z"
    assert statements(server.feed(C, bind(name=b"s") + execute() + SYNC, 0))
    assert kinds(connected().feed(C, prepare(b"begin", b"b") + SYNC, 0)) == b"1Z"


def test_goodbye() -> None:
    """Terminate closes."""
    assert connected().feed(C, frame(b"X"), 0) == [Close(C)]
