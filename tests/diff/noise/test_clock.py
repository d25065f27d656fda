"""Times that follow the clock at one distance."""

from __future__ import annotations

import pytest

from ci_gate.diff.noise.clock import strays
from ci_gate.diff.noise.held import Context, holds
from ci_gate.model.noise import Noise

ISO = "YYYY-MM-DDThh:mm:ssZ"
SEEN = ("2026-12-05T17:03:47Z", "2026-12-05T17:03:49Z", "2027-01-05T17:03:48Z")
DUE = "2026-12-05T17:03:46Z"


def due(*seen: str, at: str = "response.body.$.due_at", form: str = ISO) -> Noise:
    """A place that was seen with these values."""
    return Noise(at=at, kind="timestamp", format=form, replays=3, seen=seen or SEEN)


@pytest.mark.parametrize(
    ("live", "strayed"),
    [
        ("2026-12-05T17:20:00Z", False),
        ("2026-12-05T16:59:00Z", False),
        ("2026-12-06T17:03:47Z", True),
        ("2026-12-04T17:03:47Z", True),
        ("2027-12-05T17:03:47Z", True),
        ("nothing", False),
    ],
)
def test_a_day_more_is_not_a_slow_replay(live: str, strayed: bool) -> None:
    """Minutes are; what is no time at all is its kind's to say."""
    assert strays(due(), DUE, live) is strayed


def test_only_at_the_recordings_clock() -> None:
    """At another clock the time is another one."""
    later = "2027-02-01T10:00:00Z"
    assert not holds(due(), DUE, later, Context(at_recorded_clock=True))
    assert holds(due(), DUE, later, Context())


@pytest.mark.parametrize(
    "noise",
    [
        due(*SEEN[:2]),
        due(SEEN[0]),
        due(SEEN[0], "2026-12-05T19:00:00Z", SEEN[2]),
        due(SEEN[0], SEEN[1], "2026-12-05T17:03:48Z"),
        due(at="response.body.$.items[*].due_at"),
        due("2026-12-05", "2026-12-06", "2027-01-05", form="YYYY-MM-DD"),
        due(*(text.rstrip("Z") for text in SEEN), form="YYYY-MM-DDThh:mm:ss"),
        due(*(text.replace("2026-12", "2026-11") for text in SEEN)),
    ],
)
def test_without_evidence_nothing_strays(noise: Noise) -> None:
    """No clock ahead, replays that differ by hours, one that did not follow; many items, days, no
    time zone, and a recording that the replays disagree with."""
    assert not strays(noise, DUE, "2027-11-05T17:03:46Z")


@pytest.mark.parametrize(
    ("form", "near", "ahead"),
    [
        ("epoch s", "1796490226", "1799168626"),
        ("epoch ms", "1796490226000", "1799168626000"),
        ("YYYY-MM-DD hh:mm:ss±hh", "2026-12-05 12:03:46-05", "2027-01-05 12:03:46-05"),
        (
            "Www, DD Mmm YYYY hh:mm:ss GMT",
            "Sat, 05 Dec 2026 17:03:46 GMT",
            "Tue, 05 Jan 2027 17:03:46 GMT",
        ),
    ],
)
def test_whichever_way_it_is_written(form: str, near: str, ahead: str) -> None:
    """Numbers, offsets and HTTP's dates; two replays may have read the same second."""
    noise = due(near, ahead, form=form)
    assert strays(noise, near, ahead)
    assert not strays(noise, near, near)


def test_an_offset_is_no_distance() -> None:
    """The same moment in another time zone; the wrong day in the same one."""
    form = "YYYY-MM-DDThh:mm:ss±hh:mm"
    noise = due(*(text.replace("Z", "+00:00") for text in SEEN), form=form)
    assert not strays(noise, "2026-12-05T17:03:46+00:00", "2026-12-06T07:03:46+14:00")
    assert strays(noise, "2026-12-05T17:03:46+00:00", "2026-12-06T07:03:46+00:00")
