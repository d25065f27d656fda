"""A dependency, played."""

from __future__ import annotations

from typing import Any

from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.frames import frame
from ci_gate.codecs.registry import codec
from ci_gate.mocks.bound import Answer
from ci_gate.mocks.entries import Recorded
from ci_gate.mocks.forms import canonical_form
from ci_gate.mocks.matcher import Match, Matcher
from ci_gate.mocks.mock import Mock
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, PgResult, PgStatement
from ci_gate.values.addresses import Addresses
from tests.codecs.postgres.said_as_bytes import (
    DESCRIBE,
    STARTUP,
    SYNC,
    bind,
    execute,
    prepare,
    query,
)


def test_a_mock_begins_with_nothing_asked() -> None:
    """Its counts are its own, and so is what its codec shares among connections."""
    one, other = (
        Mock(name, codec("http"), Matcher((), lambda opened: hash, set(), alone=True))
        for name in ("payments", "shipping")
    )
    one.answered += 1
    one.shared["x"] = 1
    assert (other.answered, other.missed, other.shared, other.telemetry) == (0, 0, {}, False)


def test_an_answer_that_was_recorded_has_no_error() -> None:
    """Only calls without an answer say how that came."""
    assert Answer(None, None, 0.0).error == ""


def test_a_call_that_says_our_address_is_the_recorded_one(make_mock: Any, answered: Any) -> None:
    """Recorded calls have names for our own addresses, whose ports are others each time; a call
    with another address is another call."""
    mock = make_mock("store", [("GET /hook?to=http://{service}/cb", answered(b"heard"))])

    def match(port: int) -> Match:
        target = b"/hook?to=http://127.0.0.1:%d/cb" % port
        request = HttpRequest("GET", target, ((b"Host", b"x"),))
        found: Match = mock.match(request, mock.matcher.exact(mock.codec.full(request)), ())
        return found

    assert match(8080).entry is None
    mock.addresses = Addresses({"service": ("127.0.0.1:8080", "localhost:8080")})
    assert match(8081).entry is None
    entry = match(8080).entry
    assert entry is not None
    assert mock.answer(entry).message.body == b"heard"


READY = frame(b"Z", b"I")
DONE = frame(b"C", b"SELECT 1\0")


def database(*said: tuple[PgStatement, bytes]) -> Mock:
    """A database that was asked these statements, and answered so."""
    postgres = codec("postgres")
    recorded = []
    for number, (asked, body) in enumerate(said):
        exchange = Exchange(
            id=f"o{number}", dependency="db", route="SQL", groups=("i1",), request=asked,
            response=PgResult(body),
        )  # fmt: skip
        session = postgres.about_session(asked)
        read = session or not asked.sql.startswith("delete")
        key = postgres.key(asked)
        recorded.append(Recorded(exchange=exchange, key=key, read=read, session=session))
    matcher = Matcher(recorded, lambda opened: canonical_form(postgres, opened), {"i1"}, alone=True)
    for entry in matcher.entries:
        answer = entry.exchange.response
        assert isinstance(answer, PgResult)
        entry.prepared = Answer(answer, postgres.prepare(answer), 0.0)
    return Mock("db", postgres, matcher)


def test_statements_heard_before_are_answered_by_the_same_rules(play: Any) -> None:
    """A PostgreSQL query that is known by its bytes is not read again, and still takes the recorded
    answers in their order, is logged each time, and is read where it means something else."""
    described = frame(b"T", write_columns([Column("a", 25)]))
    rows = [described + frame(b"D", write_row([text])) + DONE for text in (b"a", b"b", b"b")]
    one = database(*[(PgStatement("select 1"), row) for row in rows])
    asked = query(b"select 1")

    async def act(scene: Any) -> None:
        reader, writer = await scene.client(await scene.listen(one), STARTUP)
        await reader.readuntil(READY)
        said = []
        for _ in range(4):
            writer.write(asked)
            said.append(await reader.readuntil(READY))
        assert [text[text.index(DONE) - 1 :][:1] for text in said] == [b"a", b"b", b"b", b"b"]
        assert list(one.known) == [asked]
        writer.write(query(b"begin"))
        await reader.readuntil(frame(b"Z", b"T"))
        writer.write(asked)
        await reader.readuntil(frame(b"Z", b"T"))

    scene = play(act)
    inside = [call.request.transaction for call in scene.server.calls]
    assert inside == [False, False, False, False, True]
    assert one.answered == 5


def test_a_batch_that_asks_two_things_is_read(play: Any) -> None:
    """A statement without rows is described by an answer of its own: its bytes never stand for the
    second thing alone, and every one of them counts."""
    sql = "delete from t"
    deleted = frame(b"C", b"DELETE 1\0")
    one = database(
        *[(PgStatement(sql, (), "execute"), deleted)] * 3,
        (PgStatement(sql, (), "portal"), frame(b"n")),
    )
    batch = prepare(sql.encode()) + bind() + DESCRIBE + execute() + SYNC

    async def act(scene: Any) -> None:
        reader, writer = await scene.client(await scene.listen(one), STARTUP)
        await reader.readuntil(READY)
        for _ in range(3):
            writer.write(batch)
            assert (await reader.readuntil(READY)).endswith(frame(b"n") + deleted + READY)

    scene = play(act)
    assert [call.request.step for call in scene.server.calls] == ["execute"] * 3
    assert one.known == {}


def test_what_only_another_driver_asks_is_no_call(play: Any) -> None:
    """A statement that was executed is described, and may be prepared; what the recording does not
    tell of is a miss."""
    described = frame(b"T", write_columns([Column("a", 25)]))
    rows = described + frame(b"D", write_row([b"x"])) + DONE
    one = database((PgStatement("select a from t", (), "execute"), rows))
    describe = prepare(b"select a from t", b"s") + frame(b"D", b"Ss\0") + SYNC
    other = prepare(b"select b from t", b"o") + frame(b"D", b"So\0") + SYNC

    async def act(scene: Any) -> None:
        reader, writer = await scene.client(await scene.listen(one), STARTUP)
        await reader.readuntil(READY)
        for asked, said in (
            (prepare(b"select a from t") + SYNC, frame(b"1")),
            (describe, frame(b"1") + frame(b"t", b"\0\0") + described),
        ):
            writer.write(asked)
            assert await reader.readuntil(READY) == said + READY
        writer.write(other)
        assert b"58P01" in await reader.readuntil(READY)

    scene = play(act)
    assert [call.request.sql for call in scene.server.calls] == ["select b from t"]
    assert (one.answered, one.missed) == (0, 1)
