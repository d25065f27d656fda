"""The order in which the values of lists are compared."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.postgres.codec import Postgres
from ci_gate.codecs.postgres.inlists import literal_order, parameter_lists, parameter_places
from ci_gate.codecs.postgres.literals import lifted, literals_form, with_literals
from ci_gate.codecs.postgres.sql import look, tokens
from ci_gate.model.message import Part, PgStatement


def order(sql: str) -> tuple[int, ...]:
    """Of the literals of a text."""
    return literal_order((kind, sql[start:end]) for kind, start, end in tokens(sql))


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 FROM t WHERE a IN ('c', 'a', 'b') AND b = 'A'", (0, 2, 3, 1, 4)),
        ("SELECT 1 FROM t WHERE a NOT IN (3, 1) OR b in ('y','x')", (0, 2, 1, 4, 3)),
        ("DELETE FROM t WHERE a IN ('b'::uuid, 'a'::uuid)", (1, 0)),
        ("DELETE FROM t WHERE a IN ('b'::uuid, 'a'::text)", (0, 1)),
        ("DELETE FROM t WHERE a IN ('b' 'c', 'a' 'd')", (0, 1, 2, 3)),
        ("DELETE FROM t WHERE a IN ('b', $1, 'a')", (0, 1)),
        ("DELETE FROM t WHERE a IN (now(), 'b', 'a')", (0, 1)),
        ("DELETE FROM t WHERE (a, b) IN (('b', 1), ('a', 2))", (0, 1, 2, 3)),
        ("DELETE FROM t WHERE a IN (SELECT 2, 1)", (0, 1)),
        ("INSERT INTO t VALUES ('b', 'a')", (0, 1)),
        ("DELETE FROM t WHERE a IN ('b', 'a'", (0, 1)),
        ("DELETE FROM t WHERE a IN ()", ()),
    ],
)
def test_lists_of_literals_are_sorted_and_nothing_else(sql: str, expected: tuple[int, ...]) -> None:
    """A set has no order; tuples, VALUES, expressions and lists that never close keep theirs."""
    assert order(sql) == expected


def test_two_orders_of_a_list_are_one_key_and_one_form() -> None:
    """Keys and places tell no order; another member does differ."""
    one, other, more = (
        f"SELECT * FROM t WHERE a IN ({items}) AND b = 'q'"
        for items in ("'x', 'y', 'z'", "'z', 'x', 'y'", "'x', 'y', 'w'")
    )
    assert look(one) == look(other) != look(more)
    assert literals_form(one) == literals_form(other) != literals_form(more)


@given(st.permutations(["'d'", "'a'", "3", "'it''s'"]))
def test_a_changed_literal_returns_to_its_place(items: list[str]) -> None:
    """Whatever the order, the form is the text's own, and a change of one member changes that one."""
    sql = f"SELECT 'z' FROM t WHERE a IN ({', '.join(items)}) AND b = 7"
    form = literals_form(sql)
    assert with_literals(sql, lifted(sql).text, form) == sql
    changed = json.loads(json.dumps(json.loads(form)).replace('"a"', '"new"')).copy()
    again = with_literals(sql, lifted(sql).text, json.dumps(changed).encode())
    assert again == sql.replace("'a'", "'new'")


@given(st.text(alphabet="IN ( ) , 'a' 1 ; $1 SELECT::", max_size=60))
def test_any_text_has_an_order_of_all_its_literals(text: str) -> None:
    """No literal is lost, none met twice."""
    found = order(text)
    assert sorted(found) == list(range(len(lifted(text).literals)))


@pytest.mark.parametrize(
    ("sql", "lists", "places"),
    [
        ("SELECT 1 FROM t WHERE a IN ($1, $2) AND b = $3", ((0, 1),), ((0, 1),)),
        (
            "SELECT $1 FROM t WHERE a IN ($3, $2) OR b NOT IN ($4,$5)",
            ((1, 2), (3, 4)),
            ((1, 2), (3, 4)),
        ),
        ("DELETE FROM t WHERE a IN ($1::int, $2::int)", ((0, 1),), ((0, 1),)),
        ("DELETE FROM t WHERE a IN ($1::int, $2::text)", (), ()),
        ("DELETE FROM t WHERE a IN ($1, $2) AND b = $1", (), ((0, 1),)),
        ("DELETE FROM t WHERE a IN ($1, 5)", (), ()),
        ("DELETE FROM t WHERE a IN ($1, lower($2))", (), ()),
        ("DELETE FROM t WHERE a IN ($1 + $3, $2 + $3)", (), ()),
        ("DELETE FROM t WHERE (a, b) IN (($1, $2), ($3, $4))", (), ()),
        ("DELETE FROM t WHERE a IN ($1)", (), ()),
        ("INSERT INTO t VALUES ($1, $2)", (), ()),
        ("DELETE FROM t WHERE a IN ($1, $9999999999)", (), ((0, 1),)),
    ],
)
def test_lists_of_parameters(sql: str, lists: object, places: object) -> None:
    """Nothing but parameters, of one type, that stand nowhere else; by number, and by place."""
    found = [(kind, sql[start:end]) for kind, start, end in tokens(sql)]
    assert parameter_lists(found) == lists
    assert parameter_places(found) == places


def _asked(*params: str | bytes | None) -> PgStatement:
    sql = "SELECT * FROM t WHERE a IN ($1, $2, $3) AND b = $4"
    return PgStatement(sql, params, "execute")


@given(st.permutations(["1", "1", "2"]))
def test_bound_values_of_a_list_are_a_set(values: list[str]) -> None:
    """In every order one key and one form, values as often as they were; another value is another
    key, and so is one that changes places with what stands outside."""
    codec, recorded = Postgres(), _asked("2", "1", "1", "9")
    live = _asked(*values, "9")
    assert codec.full(live) == codec.full(recorded)
    assert codec.places(live) == codec.places(recorded)
    for other in (
        _asked("1", "2", "2", "9"),
        _asked("2", "1", "3", "9"),
        _asked("9", "1", "1", "2"),
    ):
        assert codec.full(other) != codec.full(recorded)
        assert codec.places(other) != codec.places(recorded)


@given(st.permutations(["b", "a", None, b"\xff"]))
def test_a_changed_value_returns_to_its_place(values: list[str | bytes | None]) -> None:
    """Places are of the sorted list; what is changed there changes where it was said."""
    codec = Postgres()
    sql = "SELECT * FROM t WHERE b = $1 AND a IN ($2, $3, $4, $5)"
    said = PgStatement(sql, ("x", *values), "execute")
    parts = {one.place: one for one in codec.places(said)}
    assert codec.with_places(said, parts) == said
    form = parts["params"].value
    assert isinstance(form, bytes)
    changed = Part("params", form.replace(b'"a"', b'"new"'), "json")
    expected = tuple("new" if one == "a" else one for one in said.params)
    assert codec.with_places(said, {"params": changed}) == PgStatement(sql, expected, "execute")
