"""Parameters as JSON."""

from __future__ import annotations

import json

import pytest

from ci_gate.codecs.postgres.params import as_they_were, in_one_order, params_form, params_of


@pytest.mark.parametrize(
    ("sql", "params", "form"),
    [
        ("insert into u (id, email) values ($1, $2)", ("1", "a@b"), {"id": "1", "email": "a@b"}),
        ("select 1 from u where id = $1 or $2", ("1", None), {"id": "1", "$2": None}),
        ("select 1 from u where a = $1 and a = $2", ("1", "2"), {"$1": "1", "$2": "2"}),
        ("select $1", ("x",), ["x"]),
        ("select $1", (b"\xff",), [{"$b64": "/w=="}]),
        ("select 1", (), []),
    ],
)
def test_by_column_where_it_is_plain(
    sql: str, params: tuple[str | bytes | None, ...], form: object
) -> None:
    """And back to the same values in the same order."""
    assert json.loads(params_form(sql, params)) == form
    assert params_of(params_form(sql, params)) == params


def test_what_is_no_parameters() -> None:
    """A hand edit that makes no sense is refused."""
    with pytest.raises(ValueError, match="array or an object"):
        params_of(b"1")


def test_lists_in_one_order_and_back() -> None:
    """Only their own places change; a list of more values than there are counts for nothing."""
    said = ("z", "c", None, "b", b"a")
    assert in_one_order(said, ((1, 3, 4),)) == ("z", "b", None, "c", b"a")
    assert in_one_order(said, ((0, 5),)) == said
    changed = ("z", "B", None, "C", b"A")
    assert as_they_were(said, changed, ((1, 3, 4),)) == ("z", "C", None, "B", b"A")
    assert as_they_were(said, ("z",), ((1, 3),)) == ("z",), "a hand edit has another number of them"
