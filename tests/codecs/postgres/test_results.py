"""Recorded results as portals ask for them."""

from __future__ import annotations

from struct import pack

import pytest

from ci_gate.codecs.postgres.columns import Column, Unfit, write_columns, write_row
from ci_gate.codecs.postgres.frames import FRAMED, frame, joined
from ci_gate.codecs.postgres.results import (
    columns_of,
    copy_format,
    described_for,
    query_frames,
    result_frames,
    rows_of,
    with_count,
)
from ci_gate.codecs.postgres.said import Portal, Prepared
from ci_gate.model.message import PgStatement

BODY = (
    frame(b"T", write_columns([Column("n", 23, size=4), Column("t", 25)]))
    + frame(b"D", write_row([b"7", b"x"]))
    + frame(b"C", b"SELECT 1\0")
)
ASKED = PgStatement("select n, t from a", (), "execute")


def test_as_recorded() -> None:
    """In the formats that were recorded, rows are as they came; the description was said before."""
    rows = (b"D", write_row([b"7", b"x"]))
    assert result_frames(BODY, Portal(ASKED, ()), 1) == [rows, (b"C", b"SELECT 1\0")]


def test_all_rows_are_one() -> None:
    """Where all are asked for they are not taken apart, and say the same; the portal has its end
    left."""
    portal = Portal(ASKED, ())
    portal.left = result_frames(BODY, portal)
    assert [kind for kind, _ in portal.left] == [FRAMED, b"C"]
    apart = result_frames(BODY, portal, 1)
    assert joined(rows_of(portal, 0)) == joined(apart)
    assert portal.left == [(b"C", b"SELECT 0\0")]


@pytest.mark.parametrize(
    "body",
    [
        frame(b"C", b"INSERT 0 1\0"),
        frame(b"N", b"\0") + frame(b"C", b"INSERT 0 1\0"),
        frame(b"T", write_columns([])) + BODY,
        BODY + frame(b"E", b"\0"),
    ],
)
def test_what_is_more_than_rows_is_taken_apart(body: bytes) -> None:
    """Notices, errors, no rows at all: each message is looked at."""
    assert FRAMED not in [kind for kind, _ in result_frames(body, Portal(ASKED, ()))]


def test_a_simple_query_hears_all() -> None:
    """As recorded, but for the word that data are wanted; an error among it is told."""
    assert query_frames(BODY) == ([(FRAMED, BODY)], False)
    assert query_frames(BODY + frame(b"E", b"\0"))[1]
    asked = frame(b"G", copy_format("COPY t FROM STDIN"))
    assert query_frames(asked + frame(b"C", b"COPY 1\0")) == ([(b"C", b"COPY 1\0")], False)


def test_in_the_other_format() -> None:
    """One code for all columns, or one for each; all rows at once, which are made once, or some."""
    row = (b"D", write_row([pack("!i", 7), b"x"]))
    both = result_frames(BODY, Portal(ASKED, (1,)))
    assert both == [(FRAMED, frame(*row)), (b"C", b"SELECT 1\0")]
    assert result_frames(BODY, Portal(ASKED, (1,)))[0][1] is both[0][1]
    assert result_frames(BODY, Portal(ASKED, (1, 0)))[0] == both[0]
    assert result_frames(BODY, Portal(ASKED, (1,)), 1)[0] == row


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


def _described(*columns: Column, formats: tuple[int, ...] = ()) -> Portal:
    prepared = Prepared("select n, t from a", ())
    prepared.columns = columns
    return Portal(ASKED, formats, prepared)


@pytest.mark.parametrize(
    ("portal", "why"),
    [
        (_described(Column("n", 23)), "has 2 columns, its description 1"),
        (_described(Column("n", 20), Column("t", 25)), "column n .* is int4, .* says int8"),
        (
            _described(Column("n", 23), Column("t", 25), formats=(1, 1, 1)),
            "has 2 columns, and 3 are asked for",
        ),
    ],
)
def test_columns_that_no_longer_fit(portal: Portal, why: str) -> None:
    """A client would read nonsense by the description that it was given."""
    with pytest.raises(Unfit, match=why + r".*: record this call again"):
        result_frames(BODY, portal)


def test_columns_that_fit() -> None:
    """In any format; types that were made in a database have other numbers in another one."""
    portal = _described(Column("n", 23), Column("t", 25), formats=(1,))
    assert result_frames(BODY, portal)
    assert result_frames(BODY, portal), "looked at once"
    body = frame(b"T", write_columns([Column("mood", 16_400)])) + frame(b"C", b"SELECT 0\0")
    assert result_frames(body, _described(Column("mood", 99_999)))


def test_a_row_that_is_none_of_its_description() -> None:
    """A row with another number of values, where they had to be read."""
    body = frame(b"T", write_columns([Column("n", 23)])) + frame(b"D", write_row([b"7", b"x"]))
    with pytest.raises(Unfit, match="has 1 columns, and a row of 2 values"):
        result_frames(body + frame(b"C", b"SELECT 1\0"), Portal(ASKED, (1,)))
