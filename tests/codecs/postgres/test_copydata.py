"""What COPY sends, as rows."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.postgres.copydata import copy_data, copy_form

SQL = "copy t (a, b) from stdin"


def test_rows_by_column() -> None:
    """NULL, tabs and line ends inside of values are told apart."""
    data = b"1\tAda\\tL\n2\t\\N\n"
    form = copy_form(SQL, data)
    assert form is not None
    assert json.loads(form) == [{"a": "1", "b": "Ada\tL"}, {"a": "2", "b": None}]
    assert copy_data(form) == data


def test_other_formats_are_left_alone() -> None:
    """CSV and binary are one body."""
    assert copy_form("copy t from stdin with (format csv)", b"1,2\n") is None
    assert copy_form("copy t (a) from stdin binary", b"PGCOPY\n") is None


@given(st.binary(max_size=30).map(lambda raw: raw + b"\n"))
def test_what_has_rows_comes_back(data: bytes) -> None:
    """Data that are not spelled as a server spells them have no rows."""
    form = copy_form(SQL, data)
    assert form is None or copy_data(form) == data
