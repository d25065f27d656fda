"""Statements that mean the same, and those that only look as if they did."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.postgres.meaning import in_order, meaning, same

SAME = [
    ("select u.id from users u where u.a=1 and u.b=2", "SELECT id FROM users WHERE b=2 AND a=1"),
    ("select users.id from users", 'select "users"."id" from "users"'),
    (
        "select a.n, b.n from x a join y b on b.x = a.id where a.p or b.q",
        "select s.n, t.n from x as s join y as t on t.x = s.id where t.q or s.p",
    ),
    (
        "select 1 from users a where exists (select 1 from users b where b.p = a.id)",
        "select 1 from users x where exists (select 1 from users y where y.p = x.id)",
    ),
    ("update users u set n = 1 where u.a = 2", "update users set n = 1 where a = 2"),
    ("delete from t where a = 1 and b = 2", "delete from t where b = 2 and a = 1"),
    ("select a from t where x = 1 or y = 2 and z = 3", "select a from t where z=3 and y=2 or x=1"),
]
OTHER = [
    ("select a, b from t", "select b, a from t"),
    ("select a as x from t", "select a from t"),
    ("select a from t where b = 1", "select a from t where b = '1'"),
    ("select a from t where b = 1 and c = 2", "select a from t where b = 1 or c = 2"),
    ("select a from t where (x=1 or y=2) and z=3", "select a from t where x=1 or (y=2 and z=3)"),
    ("select a from t order by a, b", "select a from t order by b, a"),
    ("select a from t limit 5", "select a from t limit 6"),
    ("select a from t for update", "select a from t"),
    (
        "select a.id from t a join t b on a.p = b.id",
        "select y.id from t x join t y on x.p = y.id",
    ),
    (
        "select 1 from users a where exists (select 1 from users b where b.p = a.id)",
        "select 1 from users a where exists (select 1 from users b where b.p = b.id)",
    ),
    (
        "select users.id from orders users join users u on true",
        "select u.id from orders o join users u on true",
    ),
    ("insert into t (a, b) values (1, 2)", "insert into t (b, a) values (1, 2)"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same(one: str, other: str) -> None:
    """Names of aliases, quotation marks, and the order of conditions decide nothing."""
    first = meaning(one)
    assert first is not None
    assert first == meaning(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_not_the_same(one: str, other: str) -> None:
    """Whatever decides the result is kept."""
    assert meaning(one) is not None
    assert meaning(one) != meaning(other)


def test_parameters_are_where_they_are_used() -> None:
    """Whichever number a parameter has, it is compared at its place."""
    one = meaning("select a from t where b = $1 and c = $2")
    other = meaning("select a from t where c = $1 and b = $2")
    assert one is not None
    assert other is not None
    assert one.form == other.form
    assert in_order(one, ("x", "y")) == in_order(other, ("y", "x")) == ("x", "y")
    assert in_order(other, ("y",)) is None


def test_parameters_next_to_each_other() -> None:
    """`$1,$` begins no text of PostgreSQL's."""
    found = meaning("insert into t (a, b, c) values ($1,$2,$1)")
    assert found is not None
    assert found.order == (1, 2, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "create table t (a int)",
        "select 1; select 2",
        "select (" * 3000,
        "select '" + "x" * 30_000,
        "selec a fro t",
        "begin",
    ],
)
def test_what_has_no_meaning_of_its_own(text: str) -> None:
    """Then its text is all there is."""
    assert meaning(text) is None


@given(st.text(max_size=60))
def test_any_text_ends(text: str) -> None:
    """Whatever a service sends as SQL does no harm."""
    meaning("select " + text)


def test_a_list_is_a_set_in_other_words_too() -> None:
    """Written with another alias and in another order; with another value it is another one."""
    one = "SELECT u.a FROM u WHERE u.b IN ($1, $2) AND u.c = $1"
    other = "SELECT x.a FROM u AS x WHERE x.c = $3 AND x.b IN ($2, $1)"
    assert same(one, ("p", "q"), other, ("p", "q", "p"))
    assert same(one, ("p", "q"), other, ("q", "p", "p"))
    assert not same(one, ("p", "q"), other, ("p", "q", "q"))
    assert not same(one, ("p", "q"), other, ("p", "p", "p"))
