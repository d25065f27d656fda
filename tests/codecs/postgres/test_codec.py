"""What the PostgreSQL codec says of statements and results."""

from __future__ import annotations

from ci_gate.codecs.postgres.codec import Postgres
from ci_gate.codecs.postgres.frames import frame
from ci_gate.model.exchange import Exchange, Facts
from ci_gate.model.message import PgResult, PgStatement
from ci_gate.values.places import rewrite, walk

CODEC = Postgres()
INSERT = PgStatement(
    "insert into users (id, email) values ($1, $2)", ("1", "a@b"), "execute", transaction=True
)


def facts(statement: PgStatement) -> Facts:
    """The facts of a call."""
    return CODEC.facts(Exchange(id="o1", dependency="db", route="", request=statement))


def test_names() -> None:
    """Routes group by command and table, labels are what was said."""
    assert CODEC.route(INSERT) == "INSERT users"
    assert CODEC.label(INSERT) == "insert into users (id, email) values ($1, $2) [1, a@b]"
    assert CODEC.route(PgStatement("")) == "SQL"
    assert len(CODEC.label(PgStatement("select " + "x" * 900))) == 200


def test_facts() -> None:
    """Effect and tables; descriptions are about the session."""
    inside = Facts(effect="write", targets=("users",), transaction="inside")
    assert facts(INSERT) == inside
    assert facts(PgStatement("select 1 from t")) == Facts(effect="read", targets=("t",))
    assert facts(PgStatement("select 1 from t", step="describe")).effect == "session"
    assert CODEC.about_session(PgStatement("select 1", step="portal"))
    assert not CODEC.about_session(INSERT)


def test_bind_values_always_count() -> None:
    """Comments do not, and neither does the transaction: that is compared, not matched."""
    same = PgStatement(
        "INSERT INTO users (id, email) VALUES ($1, $2) /* trace */", ("1", "a@b"), "execute"
    )
    other = PgStatement(INSERT.sql, ("1", "c@d"), "execute")
    assert CODEC.full(same) == CODEC.full(INSERT)
    assert CODEC.full(other) != CODEC.full(INSERT)
    assert CODEC.key(other).coarse == CODEC.key(INSERT).coarse
    assert CODEC.full(PgStatement("select 1")) != CODEC.full(PgStatement("select 2"))


def test_places_name_the_columns() -> None:
    """And a changed value goes back to where it was."""
    parts = CODEC.places(INSERT)
    found = dict(pair for part in parts for pair in walk(part))
    assert found["params.$.email"] == "a@b"
    assert found["transaction"] == "inside"
    changed = {
        part.place: rewrite(part, lambda place, _: "x" if "email" in place else None)
        for part in parts
    }
    now = CODEC.with_places(INSERT, changed)
    assert isinstance(now, PgStatement)
    assert now.params == ("1", "x")


def test_copied_rows_are_places() -> None:
    """A value in the middle of COPY's data is one of its own."""
    copied = PgStatement("copy users (id, email) from stdin", body=b"1\ta@b\n")
    (rows,) = [part for part in CODEC.places(copied) if part.place == "rows"]
    assert dict(walk(rows))["rows.$[0].email"] == "a@b"
    now = CODEC.with_places(copied, {"rows": rewrite(rows, lambda place, _: "x")})
    assert now.body == b"x\tx\n"


def test_a_miss_is_an_error_on_that_statement() -> None:
    """With the call and the reason in its message."""
    missed = CODEC.miss(INSERT, "nothing was recorded")
    assert isinstance(missed.body, bytes)
    assert missed.body.startswith(b"E")
    assert b"insert into users" in missed.body
    assert b"nothing was recorded" in missed.body


def test_a_result_that_cannot_be_read_is_binary() -> None:
    """Nothing of it is looked into, and it is still there."""
    assert CODEC.places(PgResult(b"?"))[0].media == "binary"
    assert CODEC.with_places(PgResult(b"?"), {}) == PgResult(b"?")
    assert CODEC.prepare(PgResult(frame(b"I"))) == frame(b"I")
