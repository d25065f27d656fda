"""Formats of points in time."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.times import fine, format_of, is_day, is_written, written_as

MOMENTS = st.datetimes(datetime.datetime(2001, 1, 2), datetime.datetime(2100, 1, 1))


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["2026-05-01T10:00:00Z", "2026-05-01T10:00:09Z"], "YYYY-MM-DDThh:mm:ssZ"),
        (["2026-05-01T10:00:00.123Z", "2026-05-01T10:00:00.456Z"], "YYYY-MM-DDThh:mm:ss.fffZ"),
        (
            ["2026-05-01T10:00:00.123456+00:00", "2026-05-01T10:00:00.456789+02:00"],
            "YYYY-MM-DDThh:mm:ss.f{4,6}±hh:mm",
        ),
        (["2026-05-01T10:00:00.123450Z"], "YYYY-MM-DDThh:mm:ss.ffffffZ"),
        (["2026-05-01T10:00:00.12Z", "2026-05-01T10:00:00Z"], "YYYY-MM-DDThh:mm:ss.f{0,2}Z"),
        (["2026-05-01 10:00:00"], "YYYY-MM-DD hh:mm:ss"),
        (["5/1/2026, 9:05:00 AM", "12/31/2026, 12:05:00 PM"], "M/D/YYYY, h:mm:ss AM"),
        (["5/1/2026, 9:05:00\u202fAM"], "M/D/YYYY, h:mm:ss\u202fAM"),
        (["Fri May  1 09:05:00 2026", "Sat Nov 21 19:05:00 2026"], "Www Mmm DD hh:mm:ss YYYY"),
        (["Fri May 01 2026 09:05:00 GMT+0000"], "Www Mmm DD YYYY hh:mm:ss GMT±hhmm"),
        (
            ["Fri May 01 2026 09:05:00 GMT+0200 (Central European Summer Time)"],
            "Www Mmm DD YYYY hh:mm:ss GMT±hhmm (name)",
        ),
        (["13/1/2026, 9:05:00 AM"], ""),
        (["1/1/2026, 13:05:00 PM"], ""),
        (["20260501T100000Z"], "YYYYMMDDThhmmssZ"),
        (["2026-05-01T10:00+0200"], "YYYY-MM-DDThh:mm±hhmm"),
        (["2026-05-01"], "YYYY-MM-DD"),
        (["10:11:12.5", "10:11:13.6"], "hh:mm:ss.f"),
        (["Fri, 01 May 2026 10:00:00 GMT"], "Www, DD Mmm YYYY hh:mm:ss GMT"),
        (["Fri, 01-May-2026 10:00:00 GMT"], "Www, DD-Mmm-YYYY hh:mm:ss GMT"),
        ([1_777_000_000, 1_777_000_009], "epoch s"),
        (["1777000000123"], "epoch ms"),
        ([1_777_000_000.5, 1_777_000_001.0], "epoch s.f"),
        ([1_777_000_000, 2_777_000_000], ""),
        (["2026-05-01T10:00:00Z", "2026-05-01"], ""),
        (["2026-13-01T10:00:00Z"], ""),
        (["2026-05-01T25:00:00Z"], ""),
        (["0001-01-01T00:00:00Z"], ""),
        (["1970-01-01T00:00:00Z"], ""),
        ([1_777_000_000, "1777000000"], ""),
        (["20260501"], ""),
        ([None], ""),
        ([True], ""),
        ([], ""),
    ],
)
def test_formats(values: list[object], form: str) -> None:
    """The format of values that are written alike, and none for what is no point in time."""
    assert format_of(values) == form
    assert not form or all(is_written(value, form) for value in values)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("2026-05-01T10:00:00.123Z", "YYYY-MM-DDThh:mm:ss.ffffffZ"),
        ("2026-05-01T10:00:00Z", "YYYY-MM-DDThh:mm:ss.fffZ"),
        ("2026-05-01T10:00:00.1Z", "YYYY-MM-DDThh:mm:ssZ"),
        ("2026-05-01T10:00:00+00:00", "YYYY-MM-DDThh:mm:ssZ"),
        ("0001-01-01T00:00:00Z", "YYYY-MM-DDThh:mm:ssZ"),
        ("null", "YYYY-MM-DDThh:mm:ssZ"),
        (None, "YYYY-MM-DDThh:mm:ssZ"),
        (1_777_000_000, "epoch ms"),
        (0, "epoch s"),
        (float("nan"), "epoch s.f"),
    ],
)
def test_another_format_is_another(value: object, form: str) -> None:
    """A changed precision, offset, unit or type is not the learned format; neither is a zero time."""
    assert not is_written(value, form)


@given(MOMENTS, MOMENTS)
def test_one_writer_keeps_its_format(one: datetime.datetime, other: datetime.datetime) -> None:
    """What one writer wrote twice fits a format that the same writer's third value fits, too."""
    texts = [moment.isoformat(timespec="milliseconds") + "Z" for moment in (one, other)]
    form = format_of(texts[:1])
    assert form == "YYYY-MM-DDThh:mm:ss.fffZ"
    assert is_written(texts[1], form)


@given(st.text(max_size=70) | st.integers() | st.floats())
def test_anything_is_read(value: object) -> None:
    """No value makes reading it fail."""
    found = written_as(value)
    assert found is None or found.skeleton


def test_fine_formats() -> None:
    """Only formats to the microsecond make chance equality unlikely."""
    assert fine("YYYY-MM-DDThh:mm:ss.f{4,6}Z")
    assert not fine("YYYY-MM-DDThh:mm:ss.fffZ")
    assert fine("epoch us")
    assert not fine("epoch ms")


def test_days() -> None:
    """Formats of a day have no time in them."""
    days = [
        form
        for form in ("YYYY-MM-DD", "YYYYMMDD", "YYYY-MM-DDThh:mm:ssZ", "hh:mm:ss", "epoch s")
        if is_day(form)
    ]
    assert days == ["YYYY-MM-DD", "YYYYMMDD"]
