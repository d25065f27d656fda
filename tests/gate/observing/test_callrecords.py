"""Calls in the terms of comparing."""

from __future__ import annotations

from ci_gate.codecs.registry import codec
from ci_gate.gate.observing.callrecords import (
    EXPLAINED,
    explained,
    failed,
    live_calls,
    recorded_calls,
)
from ci_gate.mocks.entries import Entry, Recorded
from ci_gate.mocks.server import LiveCall
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, PgResult, PgStatement, Raw, RedisReply
from ci_gate.model.snapshot import Snapshot
from ci_gate.values.addresses import Addresses


def answered(recorded: PgStatement, live: PgStatement, connection: int = 0) -> LiveCall:
    """A live statement, by that connection, that was answered as a recorded one."""
    exchange = Exchange(id="x", dependency="db", route="SELECT t", request=recorded)
    key = codec("postgres").key(recorded)
    entry = Entry(Recorded(exchange=exchange, key=key, read=True), 0, -1)
    return LiveCall("db", live, entry, 1, ("a",), 0, connection)


def test_another_spelling_is_the_recorded_one() -> None:
    """A trace comment is no difference, and nothing is said of it."""
    recorded = PgStatement("SELECT a FROM t /* trace 1 */")
    live = PgStatement("select a\nfrom t /* trace 2 */")
    (call,) = live_calls([answered(recorded, live)], {}, Addresses({}), 0)
    assert call.parts == codec("postgres").places(recorded)
    assert call.rewritten == ""


def test_a_rewritten_statement_is_told() -> None:
    """Conditions in another order: compared as recorded, and how it was written is kept."""
    recorded = PgStatement("SELECT a FROM t WHERE b = $1 AND c = $2", ("1", "2"), "execute")
    live = PgStatement("SELECT a FROM t x WHERE x.c = $1 AND x.b = $2", ("2", "1"), "execute")
    (call,) = live_calls([answered(recorded, live)], {}, Addresses({}), 0)
    assert call.parts == codec("postgres").places(recorded)
    assert call.rewritten == "SELECT a FROM t x WHERE x.c = $1 AND x.b = $2 [2, 1]"


def test_a_new_statement_is_one_call() -> None:
    """Described and executed, both in vain; one that is only described is told as that."""
    text = "select a from t"
    calls = [
        LiveCall("db", PgStatement(text, (), step), None, 5, ("a",), 0)
        for step in ("portal", "execute", "portal", "execute")
    ]
    live = live_calls(calls, {}, Addresses({}), 0)
    assert [one.id for one in live] == ["live-2", "live-4"]
    assert [one.facts.effect for one in live_calls(calls[:1], {}, Addresses({}), 0)] == ["session"]


def test_bytes_to_a_dependency_that_the_snapshot_lacks() -> None:
    """A raw connection where nothing was recorded is a call like any other: red, not a crash."""
    calls = [LiveCall("db", Raw(), None, 5, ("startup",), 0)]
    (call,) = live_calls(calls, {}, Addresses({}), 0)
    assert (call.dependency, call.matched, call.facts.effect) == ("db", "", "write")


def test_a_host_refused_at_connect() -> None:
    """Nothing was asked of it: the host alone is known."""
    calls = [LiveCall("new.example", None, None, 5, (), 2_000_000, new_host=True)]
    (call,) = live_calls(calls, {}, Addresses({}), 1_000_000)
    assert (call.label, call.new_host, call.at) == ("CONNECT new.example", True, 1.0)


def test_recorded_calls_of_every_protocol(recorded: Snapshot) -> None:
    """One record an outbound exchange, in recorded order, whatever it speaks."""
    calls = recorded_calls(recorded)
    assert [(one.id, one.dependency) for one in calls] == [
        (one.id, one.dependency) for one in recorded.outbound
    ]
    assert calls[0].label == "POST /charges"
    assert calls[2].facts.effect == "write"


def test_the_first_misses_are_explained(recorded: Snapshot) -> None:
    """Misses get the nearest recorded call beside them, a storm of them only the first ones."""
    request = HttpRequest("POST", b"/charges", body=b'{"amount":9}')
    calls = [LiveCall("payments", request, None, 5, (), 0)] * (EXPLAINED + 1)
    live = live_calls(calls, {}, Addresses({}), 0)
    told = explained(live, recorded_calls(recorded))
    assert "body.$.amount" in told[0].nearest
    assert [bool(one.nearest) for one in told] == [True] * EXPLAINED + [False]


def test_calls_that_failed() -> None:
    """An error in any protocol: who makes the call again, retries."""
    request = PgStatement("select 1")
    for response, expected in (
        (PgResult(b"E\0\0\0\4"), True),
        (PgResult(b"C\0\0\0\4"), False),
        (RedisReply(b"-ERR no\r\n"), True),
        (RedisReply(b"+OK\r\n"), False),
        (HttpResponse(503), True),
        (HttpResponse(200), False),
        (None, True),
    ):
        made = Exchange(id="x", dependency="db", route="", request=request, response=response)
        assert failed(made) is expected


def test_connections_count_their_own_transactions() -> None:
    """Equal numbers of two connections are two transactions; without one it is not known which."""
    said = PgStatement("update t set a = 1", transaction=True, block=7)
    unknown = PgStatement("update t set a = 1", transaction=True)
    live = [answered(said, said, 1), answered(said, said, 2), answered(said, unknown, 2)]
    calls = live_calls(live, {}, Addresses({}), 0)
    assert [one.facts.transaction for one in calls] == ["1.7", "2.7", "inside"]
