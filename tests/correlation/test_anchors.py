"""Finding a value in a page again."""

from __future__ import annotations

import pytest

from ci_gate.correlation.anchors import around, behind
from ci_gate.correlation.atoms import read, spots_in
from ci_gate.model.binding import Spot

A, B, C = (f"{n}f0c2a34-0000-4000-8000-0123456789ab" for n in "123")


def page(*ids: str, checked: int) -> str:
    """A table with a row for each id, and something that varies in every row."""
    rows = [f'<tr id="{one}">\n  <td>checked {checked} s ago</td>\n</tr>\n' for one in ids]
    return f"<table>\n{''.join(rows)}</table>"


def test_a_value_with_something_of_its_own_before_it() -> None:
    """The shortest text that stands before nothing else."""
    text = f'<input name="q" value=""><input name="csrf" value="{A}">'
    before, after, nth = around(text, A, text.index(A)) or ("", "", -1)
    assert (text.count(before), after, nth) == (1, '"', 0)


@pytest.mark.parametrize("row", [0, 1, 2])
def test_rows_of_a_table(row: int) -> None:
    """Every row looks alike, and what tells them apart varies: the value is that of the same row in
    another page."""
    recorded, live = page(A, B, C, checked=12), page(C, A, B, checked=3)
    value = (A, B, C)[row]
    ((found, spot),) = spots_in("x", "p", recorded, lambda one: one == value)
    assert found == value
    assert read(recorded, spot) == value
    assert read(live, spot) == (C, A, B)[row]


def test_fewer_rows_than_recorded() -> None:
    """A row that is not there has no value."""
    recorded = page(A, B, checked=1)
    ((_, spot),) = spots_in("x", "p", recorded, lambda one: one == B)
    assert read(page(C, checked=1), spot) is None
    assert read("", spot) is None


def test_what_nothing_ends() -> None:
    """A value that what stands behind it may be part of has no end."""
    assert around(f"id={A}-{A}", A, 3) is None


def test_from_the_beginning() -> None:
    """A value with nothing before it begins where the text does."""
    assert around(f"{A};x", A, 0) == ("", ";", 0)
    assert behind(f"{B};x", Spot(exchange="x", at="p", after=";")) == 0
