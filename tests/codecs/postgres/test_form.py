"""Results as JSON and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.form import result_body, result_form
from ci_gate.codecs.postgres.frames import Malformed, frame

COLUMNS = frame(b"T", write_columns([Column("id", 23, size=4), Column("name", 25)]))
TAG = frame(b"C", b"SELECT 1\0")


def test_rows_are_objects() -> None:
    """So that a place says the column."""
    body = COLUMNS + frame(b"D", write_row([b"1", b"Ada"])) + TAG
    assert json.loads(result_form(body)) == [
        {
            "columns": [["id", "int4"], ["name", "text"]],
            "rows": [{"id": 1, "name": "Ada"}],
            "tag": "SELECT 1",
        }
    ]
    assert result_body(result_form(body)) == body


@pytest.mark.parametrize(
    "body",
    [
        frame(b"C", b"INSERT 0 1\0") + COLUMNS + TAG,
        frame(b"E", b"SERROR\0C23505\0Mduplicate\0ntags_pkey\0\0"),
        frame(b"N", b"SNOTICE\0Mhello\0\0") + TAG,
        frame(b"t", b"\0\1\0\0\0\x17") + frame(b"n"),
        frame(b"I"),
        COLUMNS + frame(b"D", write_row([b"1", None])) + frame(b"s"),
        frame(b"H", b"\0\0\1\0\0") + frame(b"d", b"1\n") + frame(b"c") + frame(b"C", b"COPY 1\0"),
        frame(b"G", b"\0\0\1\0\0") + frame(b"C", b"COPY 1\0"),
        frame(b"D", write_row([b"no", b"columns"])) + TAG,
        frame(b"T", write_columns([Column("a", 25), Column("a", 25)]))
        + frame(b"D", write_row([b"same", b"names"])),
        b"",
    ],
)
def test_every_outcome_comes_back(body: bytes) -> None:
    """Several statements, errors, notices, descriptions, COPY, rows without a description."""
    assert result_body(result_form(body)) == body


@given(st.binary(max_size=40))
def test_garbage_is_malformed(data: bytes) -> None:
    """Any bytes have a form or are Malformed."""
    try:
        form = result_form(data)
    except Malformed:
        return
    json.loads(form)


@pytest.mark.parametrize("form", [b"{}", b"[1]", b'[{"what": 1}]', b'[{"rows": [1]}]'])
def test_what_is_no_result(form: bytes) -> None:
    """A hand edit that makes no sense is refused."""
    with pytest.raises(ValueError, match=r"\w"):
        result_body(form)


def test_a_row_of_other_columns() -> None:
    """One whose names are not those of its columns is refused, and both are named."""
    form = b'[{"columns": [["id", "int4"], ["name", "text"]], "rows": [{"id": 1, "mail": "a"}]}]'
    with pytest.raises(ValueError, match="a row holds id, mail, its columns are id, name"):
        result_body(form)
