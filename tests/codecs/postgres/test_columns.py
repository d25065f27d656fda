"""Descriptions of rows, and their values."""

from __future__ import annotations

import pytest

from ci_gate.codecs.postgres.columns import (
    Column,
    column_form,
    column_of,
    converted,
    form_text,
    read_columns,
    read_row,
    scalar,
    type_of,
    wire,
    write_columns,
    write_row,
)
from ci_gate.codecs.postgres.frames import Malformed

NUMBER = Column("id", 23, size=4)
BINARY = Column("n", 23, binary=True, size=4)
ODD = Column("x", 99999, binary=True, table=5, number=2, modifier=7)


def test_descriptions_come_back() -> None:
    """From the wire and from JSON; what follows from the type is not repeated."""
    columns = (NUMBER, BINARY, ODD)
    assert read_columns(write_columns(columns)) == columns
    assert [column_of(column_form(one)) for one in columns] == list(columns)
    assert column_form(NUMBER) == ["id", "int4"]
    assert column_form(ODD)[:2] == ["x", 99999]


def test_rows_come_back() -> None:
    """NULL among them."""
    assert read_row(write_row([b"1", None, b""])) == [b"1", None, b""]


@pytest.mark.parametrize(
    ("column", "data", "form"),
    [
        (NUMBER, b"12", 12),
        (NUMBER, b"012", "012"),
        (BINARY, b"\0\0\0\5", 5),
        (Column("b", 16, size=1), b"t", True),
        (Column("t", 25), b"text", "text"),
        (Column("t", 25), b"\xff", {"$b64": "/w=="}),
        (ODD, b"\0\1", {"$binary": "AAE="}),
        (None, b"x", "x"),
        (NUMBER, None, None),
    ],
)
def test_values_as_json(column: Column | None, data: bytes | None, form: object) -> None:
    """Numbers as numbers where that is exact, and back to the same bytes."""
    assert scalar(column, data) == form
    assert wire(column, form) == data


def test_formats_convert() -> None:
    """As a client asks for them; what cannot be told is an error that names the column."""
    assert converted(NUMBER, b"5", binary=True) == b"\0\0\0\5"
    assert converted(BINARY, b"\0\0\0\5", binary=False) == b"5"
    assert converted(BINARY, None, binary=False) is None
    with pytest.raises(Malformed, match="column x"):
        converted(ODD, b"\0\1", binary=False)


@pytest.mark.parametrize("form", [[1], {"$what": 1}, {"$b64": "?"}])
def test_what_is_no_value(form: object) -> None:
    """A hand edit that makes no sense is refused."""
    with pytest.raises(ValueError, match=r"\w"):
        form_text(form)
    with pytest.raises(ValueError, match="type"):
        type_of("no type")
    with pytest.raises(ValueError, match="int4"):
        wire(BINARY, "abc")
