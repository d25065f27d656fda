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
from tests.codecs.postgres.said_as_bytes import STARTUP, query


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


def statements(*answers: bytes) -> Mock:
    """A database that was asked `select 1` so many times, and said these one after another."""
    postgres = codec("postgres")
    described = frame(b"T", write_columns([Column("a", 25)]))
    recorded = []
    for number, text in enumerate(answers):
        body = described + frame(b"D", write_row([text])) + DONE
        asked = PgStatement("select 1")
        exchange = Exchange(
            id=f"o{number}", dependency="db", route="SELECT", groups=("i1",), request=asked,
            response=PgResult(body),
        )  # fmt: skip
        recorded.append(Recorded(exchange=exchange, key=postgres.key(asked), read=True))
    matcher = Matcher(recorded, lambda opened: canonical_form(postgres, opened), {"i1"}, alone=True)
    for entry in matcher.entries:
        said = entry.exchange.response
        assert isinstance(said, PgResult)
        entry.prepared = Answer(said, postgres.prepare(said), 0.0)
    return Mock("db", postgres, matcher)


def test_statements_heard_before_are_answered_by_the_same_rules(play: Any) -> None:
    """A PostgreSQL query that is known by its bytes is not read again, and still takes the recorded
    answers in their order, is logged each time, and is read where it means something else."""
    one = statements(b"a", b"b", b"b")
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
