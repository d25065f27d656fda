"""Which protocols have statements that are described."""

from __future__ import annotations

from ci_gate.codecs.describing import describing
from ci_gate.codecs.postgres.frames import frame
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import PgResult, PgStatement, RedisCommand, RedisReply


def test_of_a_protocol() -> None:
    """PostgreSQL's are, by what was executed; an execution is no question about a statement."""
    run = PgStatement("delete from t", (), "execute")
    recorded = Exchange(
        id="a-1", dependency="db", route="", request=run, response=PgResult(frame(b"C", b"x\0"))
    )
    known = describing("postgres", [recorded])
    assert known is not None
    asked = PgStatement("delete from t", (), "describe")
    assert known.of(asked) == PgResult(frame(b"t", b"\0\0") + frame(b"n"))
    assert known.of(run) is None
    for step in ("parse", "copy"):
        assert known.of(PgStatement("anything", (), step)) == PgResult(), "nobody refused it"
    assert describing("http", [recorded]) is None


def test_what_a_transaction_queues() -> None:
    """It may be queued; a command of its own is no such question."""
    known = describing("redis", [])
    assert known is not None
    assert known.of(RedisCommand(b"x", queued=True)) == RedisReply(b"+QUEUED\r\n")
    assert known.of(RedisCommand(b"x")) is None
