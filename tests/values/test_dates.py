"""Dates are moved in the format they have, and found where they will rot."""

from __future__ import annotations

import base64
import datetime
import json
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.model.message import HttpRequest, HttpResponse, Part, Raw
from ci_gate.values.dates import instants, moved, moved_at, moved_text, rot_risk

MONTH = datetime.timedelta(days=31)
RECORDED = datetime.datetime(2026, 8, 31, 10, 0, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("Mon, 31 Aug 2026 10:11:12 GMT", "Thu, 01 Oct 2026 10:11:12 GMT"),
        ("Monday, 31-Aug-26 10:11:12 GMT", "Thursday, 01-Oct-26 10:11:12 GMT"),
        ("Mon Aug 31 10:11:12 2026", "Thu Oct  1 10:11:12 2026"),
        ("Thu Aug  6 10:11:12 2026", "Sun Sep  6 10:11:12 2026"),
        ("Mon, 31-Aug-2026 10:11:12 GMT", "Thu, 01-Oct-2026 10:11:12 GMT"),
        ("Mon, 31 Aug 2026 10:11:12 +0200", "Thu, 01 Oct 2026 10:11:12 +0200"),
        ("2026-08-31T10:11:12Z", "2026-10-01T10:11:12Z"),
        ("2026-08-31T10:11:12.345678+02:00", "2026-10-01T10:11:12.345678+02:00"),
        ("2026-08-31t10:11z", "2026-10-01t10:11z"),
        ("2026-08-31 10:11:12", "2026-10-01 10:11:12"),
        ("20260831T101112Z", "20261001T101112Z"),
        ("2026-08-31", "2026-10-01"),
        ("1788170000", "1790848400"),
        ("1788170000.25", "1790848400.25"),
        ("1788170000123", "1790848400123"),
        ("1788170000123456", "1790848400123456"),
        ("1788170000123456789", "1790848400123456789"),
        ("2016-12-31T23:59:60Z", "2017-01-31T23:59:59Z"),
    ],
)
def test_every_format_is_kept(text: str, later: str) -> None:
    """A date a month later is written as the first one was, and the way back leads to it."""
    assert moved_text(text, MONTH) == later
    assert moved_text(later, -MONTH) == text.replace(":60", ":59")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "-1",
        "120",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Thu, 01-Jan-70 00:00:01 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Tue, 19 Jan 2038 03:14:07 GMT",
        "9999999999",
        "0001-01-01",
        "2026-02-30",
        "2026-13-01T00:00:00Z",
        "2026-08-31T25:00:00Z",
        "2026-08-31T10:11:61Z",
        "Mon, 31 Abc 2026 10:11:12 GMT",
        "2026-08-31 and more",
        "x" * 100,
        "１７８８１７００００",
    ],
)
def test_what_is_no_date_or_a_word_stays(text: str) -> None:
    """Never, deleted, an impossible day and anything else are not moved."""
    assert moved_text(text, MONTH) is None


def test_a_day_moves_by_whole_days() -> None:
    """A calendar day has no time that could carry the hours of a move."""
    assert moved_text("2026-08-31", datetime.timedelta(hours=11)) is None
    assert moved_text("2026-08-31", datetime.timedelta(hours=13)) == "2026-09-01"
    assert moved_text("2026-08-31", datetime.timedelta(hours=-13)) == "2026-08-30"


@given(
    st.datetimes(datetime.datetime(2003, 1, 1), datetime.datetime(2099, 11, 1)),
    st.timedeltas(datetime.timedelta(-400), datetime.timedelta(40)),
)
def test_a_move_is_exact_to_the_second(moment: datetime.datetime, by: datetime.timedelta) -> None:
    """What is written after the move is the moment plus the move, as another library writes it."""
    moment = moment.replace(microsecond=0, tzinfo=datetime.UTC)
    later = moment + datetime.timedelta(seconds=round(by.total_seconds()))
    if moment.replace(tzinfo=None) == datetime.datetime(2038, 1, 19, 3, 14, 7):
        return
    if later == moment:
        return
    text = format_datetime(moment, usegmt=True)
    assert moved_text(text, by) == format_datetime(later, usegmt=True)
    assert moved_text(moment.isoformat(), by) == later.isoformat()
    assert moved_text(str(int(moment.timestamp())), by) == str(int(later.timestamp()))
    assert list(instants(text)) == list(instants(moment.isoformat())) == [moment]


@given(st.text(max_size=80) | st.from_regex(r"[0-9TZ:+ .-]{1,64}", fullmatch=True))
def test_nothing_breaks_it(text: str) -> None:
    """Any text is moved to something of the same form, or not at all."""
    new = moved_text(text, MONTH)
    assert new is None or (new != text and moved_text(new, -MONTH) is not None)
    list(instants(text))


def test_a_response_is_moved() -> None:
    """Exactly the header fields that HTTP gives dates to, and cookies' expiry, are moved."""
    response = HttpResponse(
        200,
        headers=(
            (b"DATE", b"Mon, 31 Aug 2026 10:11:12 GMT"),
            (b"Expires", b"Mon, 31 Aug 2026 11:11:12 GMT"),
            (b"Last-Modified", b"Sun, 30 Aug 2026 10:11:12 GMT"),
            (b"Retry-After", b"Mon, 31 Aug 2026 10:12:12 GMT"),
            (b"Set-Cookie", b"expires=2026-08-31; Path=/; Expires=Mon, 31-Aug-26 10:11:12 GMT"),
            (b"set-cookie", b'a=b; expires="Mon, 31 Aug 2026 10:11:12 GMT" ; Max-Age=3600'),
            (b"Set-Cookie", b"gone=; expires=Thu, 01 Jan 1970 00:00:00 GMT"),
            (b"X-Date", b"Mon, 31 Aug 2026 10:11:12 GMT"),
        ),
        body=b"2026-08-31",
    )
    after = moved(response, MONTH)
    assert after.headers == (
        (b"DATE", b"Thu, 01 Oct 2026 10:11:12 GMT"),
        (b"Expires", b"Thu, 01 Oct 2026 11:11:12 GMT"),
        (b"Last-Modified", b"Wed, 30 Sep 2026 10:11:12 GMT"),
        (b"Retry-After", b"Thu, 01 Oct 2026 10:12:12 GMT"),
        (b"Set-Cookie", b"expires=2026-08-31; Path=/; Expires=Thu, 01-Oct-26 10:11:12 GMT"),
        (b"set-cookie", b'a=b; expires="Thu, 01 Oct 2026 10:11:12 GMT" ; Max-Age=3600'),
        (b"Set-Cookie", b"gone=; expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        (b"X-Date", b"Mon, 31 Aug 2026 10:11:12 GMT"),
    )
    assert (after.status, after.body) == (200, b"2026-08-31")
    assert moved(after, -MONTH) == response


def test_what_has_no_dates_is_the_same_object() -> None:
    """A message without dates, and one that is not HTTP, comes back as it is."""
    response = HttpResponse(
        503,
        headers=(
            (b"Expires", b"0"),
            (b"Retry-After", b"120"),
            (b"Retry-After", b"1788170000"),
            (b"Set-Cookie", b"a=b; Expires; expires="),
            (b"Date", b"\xff" * 10),
            (b"Expires", b""),
        ),
    )
    assert moved(response, MONTH) is response
    assert moved(response, datetime.timedelta()) is response
    assert moved(HttpRequest("GET", b"/"), MONTH) == HttpRequest("GET", b"/")
    raw = Raw(b"Date: Mon, 31 Aug 2026 10:11:12 GMT")
    assert moved(raw, MONTH) is raw


def jwt(**claims: object) -> str:
    """A token with these claims, unsigned."""
    pieces = [{"alg": "none", "typ": "JWT", "kid": "a-long-name-of-a-key"}, claims]
    texts = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode() for one in pieces]
    return ".".join([*(text.rstrip("=") for text in texts), "c2lnbmF0dXJl"])


def test_rot_risks_are_dates_near_the_recording() -> None:
    """Named are dates from a month before to a bit more than a year after, in every writing."""
    token = jwt(sub="x", exp=int(RECORDED.timestamp()) + 900)
    body = {
        "id": 1788170001234567,
        "created": "2019-01-01T00:00:00Z",
        "ends": "2027-08-31T00:00:00+02:00",
        "day": "2026-08-30",
        "seconds": 1788170000,
        "float": 1788170000.5,
        "millis": "1788170000123",
        "token": token,
        "bearer": f"Bearer {token}",
        "old_token": jwt(exp=1500000000),
        "no_token": "eyJ.eyJ.x" * 20,
        "price": 4711,
        "yes": True,
        "none": None,
        "far": "2028-12-31",
        "list": [{"at": "Mon, 31 Aug 2026 10:11:12 GMT"}],
    }
    parts = (
        Part("status", 200),
        Part(
            "headers",
            (
                (b"date", b"Mon, 31 Aug 2026 10:11:12 GMT"),
                (b"set-cookie", b"a=b; Expires=Mon, 31 Aug 2026 10:11:12 GMT"),
                (b"sunset", b"Mon, 31 Aug 2026 10:11:12 GMT"),
            ),
            "headers",
        ),
        Part("body", json.dumps(body).encode(), "json"),
    )
    found = list(rot_risk(parts, RECORDED))
    moments = {place: moment.isoformat() for place, _, moment in found}
    assert moments["body.$.ends"] == "2027-08-30T22:00:00+00:00"
    assert {place: text for place, text, _ in found}["body.$.day"] == "2026-08-30"
    assert tuple(moments) == (
        "headers.sunset",
        # Microseconds since 1970 cannot be told from such an id: a risk is only named.
        "body.$.id",
        "body.$.ends",
        "body.$.day",
        "body.$.seconds",
        "body.$.float",
        "body.$.millis",
        "body.$.token",
        "body.$.bearer",
        "body.$.list[0].at",
    )


def test_zones_count() -> None:
    """A moment with a zone is the moment, not what its clock shows."""
    utc = datetime.datetime(2026, 8, 31, 10, 0, tzinfo=datetime.UTC)
    for text in ("2026-08-31T12:00:00+02:00", "2026-08-31T04:30:00-0530", "2026-08-31T10:00"):
        assert list(instants(text)) == [utc]


def test_dates_at_places_move() -> None:
    """Those that are named, in their format; what is no date there stays, and the part with it."""
    body = Part("body", b'{"until": "2026-08-31", "at": 1788170400, "no": 7}', "json")
    day = datetime.timedelta(days=1)
    named = moved_at((body,), ("response.body.$.at", "response.body.$.no"), day)
    assert named["body"].value == b'{"until": "2026-08-31", "at": 1788256800, "no": 7}'
    assert moved_at((body,), ("response.body.$.no", "response.body.$.until.x"), day) == {}
