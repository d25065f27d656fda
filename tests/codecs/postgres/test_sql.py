"""SQL as far as matching needs it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.postgres.sql import look, parameter_names


def test_one_spelling() -> None:
    """Comments, blanks, the case of words and the values of literals do not make another text."""
    first = look("select  id from Kv /* a /* b */ */ where id = 5 and n='it''s' -- end")
    second = look("SELECT id\nFROM kv WHERE id = 17 AND n = 'x';")
    assert first.text == second.text == "SELECT ID FROM KV WHERE ID = ? AND N = ?"
    assert first.literals == ("5", "'it''s'")
    assert second.literals == ("17", "'x'")


def test_names_in_quotes_keep_their_case() -> None:
    """They are other names."""
    assert look('select "Id" from t').text != look('select "id" from t').text


def test_lists_are_one_whatever_their_length() -> None:
    """IN with two and with three values is the same text, with other literals."""
    two, three = (
        look("select 1 from t where a in (1, 2)"),
        look("select 1 from t where a in (1,2,3)"),
    )
    assert two.text == three.text
    assert two.literals != three.literals


@pytest.mark.parametrize(
    ("sql", "effect", "tables"),
    [
        ("select * from a join b on a.x = b.y", "read", ("a", "b")),
        ("select * from a for update", "write", ("a",)),
        ("insert into users (id) values (1)", "write", ("users",)),
        ("update public.users set a = 1", "write", ("public.users",)),
        ("delete from t", "write", ("t",)),
        ("with x as (delete from t returning *) select * from x", "write", ("t", "x")),
        ("select nextval('s')", "write", ()),
        ("BEGIN", "session", ()),
        ("set search_path to x", "session", ()),
        ("BEGIN; select 1 from t; COMMIT", "read", ("t",)),
        ("explain select 1 from t", "read", ("t",)),
        ("copy t from stdin", "write", ("t", "stdin")),
        ("create table t (id int)", "write", ("t",)),
        ("select extract(day from created) from orders", "read", ("orders",)),
        ("notify c, 'x'", "write", ()),
        ("", "read", ()),
    ],
)
def test_what_a_statement_does(sql: str, effect: str, tables: tuple[str, ...]) -> None:
    """By its words."""
    assert (look(sql).effect, look(sql).tables) == (effect, tables)


@pytest.mark.parametrize(
    ("sql", "same"),
    [
        ("insert into t values ($1, $2, $3, $4)", True),
        ("insert into t values ($1, $3, $2)", False),
        ("insert into t values ($1, $2, $4)", False),
        ("insert into t values ($1, $1, $1)", False),
        ("insert into t values ($1, 7, $2)", False),
        ("insert into t values ($2, $3, $4)", False),
    ],
)
def test_a_list_is_one_parameter_only_where_they_come_in_turn(sql: str, same: bool) -> None:
    """The same values in other columns are another statement."""
    assert (look(sql).text == look("insert into t values ($1, $2, $3)").text) is same


def test_a_literal_among_parameters_keeps_its_column() -> None:
    """Nothing else tells where it stands: literals and parameters are compared apart."""
    one, other = (f"insert into t values ({items})" for items in ("$1, 7, $2", "$1, $2, 7"))
    assert look(one).literals == look(other).literals
    assert look(one).text != look(other).text


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("insert into u (id, email) values ($1, $2), ($3, $4)", ("id", "email", "id", "email")),
        ('update u set a = $1, "B" = $2 where id = $3', ("a", "B", "id")),
        ("select 1 from u where lower(email) = $1 and name like $2", ("", "name")),
        ("insert into u (id, email) values ($1, lower($2))", ("id",)),
        ("select $1", ()),
    ],
)
def test_parameters_know_their_columns(sql: str, names: tuple[str, ...]) -> None:
    """Where the text says it plainly, and nowhere else."""
    assert parameter_names(sql) == names


@given(st.text(max_size=60))
def test_no_text_raises(sql: str) -> None:
    """Whatever somebody sends as SQL is looked at."""
    look(sql)
    parameter_names(sql)


@given(st.text("ab '\"$-/*;(),1\\E", max_size=30))
def test_pieces_of_syntax_do_not_raise(sql: str) -> None:
    """Quotes and comments that do not end, among others."""
    assert look(sql).text == look(sql + " ").text or "'" in sql or '"' in sql or "$" in sql
    parameter_names(sql)
