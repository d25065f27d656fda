"""The order in which literals are compared."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.postgres.inlists import literal_order
from ci_gate.codecs.postgres.literals import lifted, literals_form, with_literals
from ci_gate.codecs.postgres.sql import look, tokens


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
