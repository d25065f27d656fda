"""Stand-ins of names, addresses, days and coordinates."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.redaction.personstandins import (
    coordinate_stand_in,
    day_stand_in,
    is_coordinate_stand_in,
    is_day_stand_in,
    is_words_stand_in,
    words_stand_in,
)

KEY = b"k" * 32
SEEDS = st.binary(min_size=32, max_size=32)


def test_names_come_together() -> None:
    """First and last name put together are the whole name, also under one key only."""
    whole = words_stand_in("Ana Gómez", KEY)
    assert whole == f"{words_stand_in('Ana', KEY)} {words_stand_in('Gómez', KEY)}"
    assert words_stand_in("ANA", KEY) == words_stand_in("Ana", KEY).upper()
    assert words_stand_in("Ana", b"o" * 32) != words_stand_in("Ana", KEY)


@pytest.mark.parametrize("text", ["Ana Gómez", "JEAN-LUC", "o'neil", "Hauptstr. 5b", "4, rue Cler"])
def test_words(text: str) -> None:
    """Recognised; digits and signs stand where they stood; redacting again changes no word."""
    new = words_stand_in(text, KEY)
    assert not is_words_stand_in(text)
    assert is_words_stand_in(new)
    kept = [sign for sign in text if not sign.isalnum()]
    assert [sign for sign in new if not sign.isalnum()] == kept


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("1984-02-03", "%Y-%m-%d"),
        ("3.2.1984", "%d.%m.%Y"),
        ("02/03/1984", "%m/%d/%Y"),
        ("1984-02-03T00:00:00Z", "%Y-%m-%dT%H:%M:%SZ"),
    ],
)
@given(SEEDS)
def test_days(text: str, form: str, seed: bytes) -> None:
    """A day stays a day in the same form, lies before 1800 and is recognised by that."""
    new = day_stand_in(text, seed)
    assert datetime.datetime.strptime(new, form).year < 1800
    assert is_day_stand_in(new)
    assert not is_day_stand_in(text)


def test_days_without_separators_have_no_form_of_their_own() -> None:
    """Any number of eight digits could be one."""
    assert day_stand_in("19840203", b"x" * 32) == ""
    assert not is_day_stand_in("11930402")
    assert not is_day_stand_in("11934976T")


@pytest.mark.parametrize("text", ["52.52", "-0.127758", "13.404953999999999", "52.52,13.405"])
@given(SEEDS)
def test_coordinates(text: str, seed: bytes) -> None:
    """A coordinate stays one, is recognised, and survives being a float."""
    new = coordinate_stand_in(text, seed)
    assert is_coordinate_stand_in(new)
    assert not is_coordinate_stand_in(text)
    for one in new.split(","):
        assert -90 < float(one) <= -89.99
        assert str(float(one)) == one
        assert is_coordinate_stand_in(f"{float(one):.6f}"), "a column of four bytes keeps as many"
