"""Recorded results as portals ask for them."""

from __future__ import annotations

from struct import pack

from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.frames import frame
from ci_gate.codecs.postgres.results import (
    columns_of,
    copy_format,
    described_for,
    result_frames,
    with_count,
)
from ci_gate.codecs.postgres.said import Portal
from ci_gate.model.message import PgStatement

BODY = (
    frame(b"T", write_columns([Column("n", 23, size=4), Column("t", 25)]))
    + frame(b"D", write_row([b"7", b"x"]))
    + frame(b"C", b"SELECT 1\0")
)
ASKED = PgStatement("select n, t from a", (), "execute")


def test_as_recorded() -> None:
    """In the formats that were recorded, rows are as they came; the description was said before."""
    assert [kind for kind, _ in result_frames(BODY, Portal(ASKED, ()))] == [b"D", b"C"]
    assert result_frames(BODY, Portal(ASKED, ()))[0] == (b"D", write_row([b"7", b"x"]))


def test_in_the_other_format() -> None:
    """One code for all columns, or one for each."""
    both = result_frames(BODY, Portal(ASKED, (1,)))
    assert both[0] == (b"D", write_row([pack("!i", 7), b"x"]))
    assert result_frames(BODY, Portal(ASKED, (0, 1)))[0] == (b"D", write_row([b"7", b"x"]))


def test_columns_are_remembered() -> None:
    """The same description is read once."""
    payload = write_columns([Column("n", 23, size=4)])
    assert columns_of(payload) is columns_of(payload)


def test_what_copy_wants() -> None:
    """Text unless it says binary; a code for each column that is named."""
    assert copy_format("COPY t (a, b) FROM STDIN") == pack("!bH2H", 0, 2, 0, 0)
    assert copy_format("copy t (a) from stdin with (format binary)") == pack("!bHH", 1, 1, 1)
    assert copy_format("copy t from stdin") == pack("!bH", 0, 0)


def test_a_tag_counts_rows() -> None:
    """Whatever it said before; one without a number stays."""
    assert with_count(b"SELECT 3\0", 1) == b"SELECT 1\0"
    assert with_count(b"INSERT 0 3\0", 0) == b"INSERT 0 0\0"
    assert with_count(b"BEGIN\0", 2) == b"BEGIN\0"


def test_a_description_for_a_portal() -> None:
    """In the formats that it asks for."""
    payload = write_columns([Column("n", 23, size=4), Column("t", 25)])
    told = columns_of(described_for(Portal(ASKED, (0, 1)), payload))
    assert [one.binary for one in told] == [False, True]
