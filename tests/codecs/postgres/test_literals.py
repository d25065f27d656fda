"""Values that a driver wrote into the text, lifted out of it and put back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.postgres.codec import Postgres
from ci_gate.codecs.postgres.literals import lifted, literals_form, with_literals
from ci_gate.model.message import Part, PgStatement


@pytest.mark.parametrize(
    ("sql", "text", "form"),
    [
        ("select 1", "select ?", [1]),
        (
            "insert into u (id, name) values ('a', 'O''Hara')",
            "insert into u (id, name) values (?, ?)",
            {"id": "a", "name": "O'Hara"},
        ),
        (
            "update u set n = 1.5 where id = '7' and x = $1",
            "update u set n = ? where id = ? and x = $1",
            {"n": 1.5, "id": "7"},
        ),
        ("select E'a\\n', 1.50, $$x$$", "select ?, ?, ?",
         [{"$sql": "E'a\\n'"}, {"$sql": "1.50"}, {"$sql": "$$x$$"}]),
        ("select data ? 'a' -- 'b'", "select data ? ? -- 'b'", ["a"]),
        ("select a from t", "select a from t", []),
    ],
)  # fmt: skip
def test_there_and_back(sql: str, text: str, form: object) -> None:
    """By column where that is told; what has no form in JSON stays as it was written."""
    assert lifted(sql).text == text
    assert json.loads(literals_form(sql)) == form
    assert with_literals(sql, text, literals_form(sql)) == sql


def test_another_value() -> None:
    """In its place, quoted; the rest is as it was written."""
    sql = "update u set name='Ada' , n = 1.50 where data ? 'x'"
    form = json.loads(literals_form(sql))
    assert list(form) == ["name", "n", "$3"]
    changed = json.dumps({**form, "name": "O'Hara"}).encode()
    assert with_literals(sql, lifted(sql).text, changed) == (
        "update u set name='O''Hara' , n = 1.50 where data ? 'x'"
    )


def test_another_text_between() -> None:
    """A comment that was redacted; the marks among operators that look like them are found."""
    sql = "select 1 -- ada@corp.test\n from t where a ? 'x'"
    text = lifted(sql).text.replace("ada@corp.test", "x")
    assert with_literals(sql, text, literals_form(sql)) == sql.replace("ada@corp.test", "x")


def test_what_does_not_fit_is_refused() -> None:
    """Fewer literals, other marks, and what is no literal."""
    for text, form in (("select ?", b"[]"), ("select ? ?", b"[1]"), ("select ?", b"[null]")):
        with pytest.raises(ValueError, match=r"literal|marks"):
            with_literals("select 1", text, form)


def test_a_statement_with_another_literal() -> None:
    """As the rest of the gate asks for it: by place."""
    asked = PgStatement("select * from u where email = 'ada@corp.test' and n = $1", ("1",))
    parts = {part.place: part for part in Postgres().places(asked)}
    assert parts["literals"] == Part("literals", b'{"email":"ada@corp.test"}', "json")
    changed = {"literals": Part("literals", b'{"email":"x@corp.test"}', "json")}
    assert Postgres().with_places(asked, changed) == PgStatement(
        "select * from u where email = 'x@corp.test' and n = $1", ("1",)
    )


@given(st.text(max_size=80))
def test_any_text_comes_back(sql: str) -> None:
    """Whatever is sent as SQL is what it was."""
    assert with_literals(sql, lifted(sql).text, literals_form(sql)) == sql
