"""What became of a point in time, told in a few words."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.diff.transforms.times import time_transforms

ZONES = st.integers(-14 * 60, 14 * 60).map(
    lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes))
)
MOMENTS = st.datetimes(
    datetime.datetime(2001, 1, 2), datetime.datetime(2099, 1, 1), timezones=st.just(datetime.UTC)
)


@pytest.mark.parametrize(
    ("before", "after", "claim"),
    [
        ("2026-03-01T10:00:00Z", "2026-03-01T12:00:00+02:00", "time zone changed"),
        ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00+00:00", "time written otherwise"),
        ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00", "time zone dropped"),
        ("2026-03-01 10:00:00", "2026-03-01T10:00:00Z", "time zone added"),
        ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00+02:00",
         "time zone changed, the clock time not"),
        ("2026-03-01T10:00:00.25Z", "2026-03-01T10:00:00Z", "fraction of a second dropped"),
        ("2026-03-01T10:00:00.123456Z", "2026-03-01T10:00:00.123Z", "fraction of a second cut"),
        ("2026-03-01T10:00:00Z", "2026-03-01", "time of day dropped"),
        ("2026-03-01", "2026-03-01T00:00:00Z", "time of day added"),
        ("2026-03-01T10:00:00Z", "2026-03-01T12:00:00Z", "2 h later"),
        ("2026-03-01T10:00:00Z", "2026-03-01T04:30:00Z", "5 h 30 min earlier"),
        ("2026-03-01", "2026-03-02", "1 day later"),
    ],
)  # fmt: skip
def test_each_change_is_named(before: str, after: str, claim: str) -> None:
    """The most telling claim comes first."""
    assert time_transforms(before, after)[0] == claim


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-03-01T10:00:00Z", "2026-03-01T10:07:13Z"),
        ("2026-02-30T10:00:00Z", "2026-02-30T10:00:00+00:00"),
        ("2026-03-01T25:00:00Z", "2026-03-01T26:00:00Z"),
        ("2026-03-01T10:00:00+99:99", "2026-03-01T10:00:00Z"),
        ("no time at all", "2026-03-01T10:00:00Z"),
        ("2026-03-01T10:00:00Z", ("17",)),
    ],
)
def test_other_times_are_other_values(before: object, after: object) -> None:
    """A step that nobody chooses, or a date that does not exist, bears no claim of a shift."""
    assert all(
        "zone" not in one and "later" not in one for one in time_transforms(before, after)
    ) or ("+99" in str(before))


@given(MOMENTS, ZONES, ZONES)
def test_the_same_moment_in_another_zone(
    moment: datetime.datetime, one: object, two: object
) -> None:
    """One moment, two offsets: the zone changed, and nothing else is said."""
    texts = [moment.replace(microsecond=0).astimezone(zone).isoformat() for zone in (one, two)]  # type: ignore[arg-type]
    found = time_transforms(*texts)
    assert found == (("time zone changed",) if texts[0][-6:] != texts[1][-6:] else (
        "time written otherwise",))  # fmt: skip


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_two_texts(before: str, after: str) -> None:
    """No pair of texts makes it fail."""
    time_transforms(before, after)
    time_transforms(before, ("1767261600",))
