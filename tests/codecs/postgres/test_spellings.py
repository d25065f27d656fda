"""One statement, written in two ways."""

from __future__ import annotations

from struct import pack, unpack_from

from ci_gate.codecs.postgres.frames import frame, frames
from ci_gate.codecs.postgres.spellings import PostgresSpellings
from ci_gate.model.message import PgResult, PgStatement

WRITTEN = PostgresSpellings()
RECORDED = PgStatement("select a from t where b = $1 and c = $2", ("x", "7"), "execute")
LIVE = PgStatement("select a from t where c = $1 and b = $2", ("7", "x"), "execute")


def test_the_same_with_equal_parameters_only() -> None:
    """Both are looked for among the same ones; only equal values make them the same."""
    wrong = PgStatement(LIVE.sql, ("x", "7"), "execute")
    assert WRITTEN.alike(RECORDED) == WRITTEN.alike(LIVE) == WRITTEN.alike(wrong)
    assert WRITTEN.same(LIVE, RECORDED)
    assert not WRITTEN.same(wrong, RECORDED)


def test_spelled_as_recorded() -> None:
    """A comment and an order are spelling; another value is not."""
    commented = PgStatement(RECORDED.sql + " -- trace", RECORDED.params, "execute")
    other = PgStatement(LIVE.sql, ("8", "x"), "execute")
    assert WRITTEN.spelled(commented, RECORDED) == RECORDED
    assert WRITTEN.spelled(LIVE, RECORDED) == RECORDED
    assert WRITTEN.spelled(other, RECORDED) == other


def test_a_description_says_the_types_in_the_order_of_the_live_text() -> None:
    """Or a driver would send a number where the text is wanted."""
    asked = PgStatement(LIVE.sql, (), "describe")
    body = frame(b"t", pack("!H2I", 2, 25, 23)) + frame(b"n")
    answer = WRITTEN.answer(PgResult(body), PgStatement(RECORDED.sql, (), "describe"), asked)
    assert isinstance(answer, PgResult)
    assert isinstance(answer.body, bytes)
    (_, types), (last, _) = frames(answer.body)
    assert unpack_from("!H2I", types) == (2, 23, 25)
    assert last == b"n"
