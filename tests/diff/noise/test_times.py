"""Times on which replays agree by chance: the recording is a further reading of the clock."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.http1.codec import Http1
from ci_gate.diff.noise.learn import Learned, learn_message
from ci_gate.diff.noise.times import read_again
from ci_gate.model.message import Body, HttpResponse, Part
from ci_gate.values.times import written_as

AT = "2026-05-01T10:00:00.120Z"
LATER = "2026-05-01T10:00:00.127Z"


def parts(data: Mapping[str, object] | str, *fields: tuple[bytes, bytes]) -> tuple[Part, ...]:
    """The parts of an answer that says this."""
    text = isinstance(data, str)
    body: Body = data.encode() if isinstance(data, str) else json.dumps(data).encode()
    kind = b"text/plain" if text else b"application/json"
    headers = ((b"Content-Type", kind), *fields)
    return Http1().places(
        HttpResponse(version=b"HTTP/1.1", status=200, reason=b"OK", headers=headers, body=body)
    )


def learned(recorded: Mapping[str, object] | str, *replays: Mapping[str, object] | str) -> Learned:
    """What is learned from replays at the recording's clock."""
    return learn_message("response", parts(recorded), [parts(one) for one in replays])


def kinds(one: Learned) -> dict[str, str]:
    """Kind by place."""
    return {noise.at: noise.kind for noise in one.noise}


def test_replays_that_agree_by_chance() -> None:
    """Two replays read the same millisecond, the recording another: it is a timestamp, and what
    is expected is what was recorded."""
    found = learned({"at": AT, "n": 1}, {"at": LATER, "n": 1}, {"at": LATER, "n": 1})
    assert kinds(found) == {"response.body.$.at": "timestamp"}
    assert found.noise[0].format == "YYYY-MM-DDThh:mm:ss.fffZ"
    assert found.rebased == ()


def test_whole_seconds() -> None:
    """Requests at the end of a second: the recording read the next one."""
    found = learned({"at": 1_700_000_001}, {"at": 1_700_000_000}, {"at": 1_700_000_000})
    assert kinds(found) == {"response.body.$.at": "timestamp"}


def test_header() -> None:
    """A date in a header is read again as one in a body is."""
    before = parts({}, (b"X-Made", b"Fri, 01 May 2026 10:00:01 GMT"))
    after = parts({}, (b"X-Made", b"Fri, 01 May 2026 10:00:00 GMT"))
    one = learn_message("response", before, [after, after])
    assert kinds(one) == {"response.headers.x-made": "timestamp"}


def test_in_a_text() -> None:
    """A word of a page, though another word of it was seen to vary. A page that differs in what no
    evidence explains, too, is rebased as a whole."""
    page = "made {} by worker {} of {}"
    found = learned(
        page.format(AT, "1f3a77c9d2e04b15", "a"),
        page.format(LATER, "9be20415c3d7aa68", "a"),
        page.format(LATER, "c44e19a07b52fd33", "a"),
    )
    assert sorted(kinds(found).values()) == ["hex", "timestamp"]
    assert found.rebased == ()
    found = learned(page.format(AT, "w", "a"), *[page.format(LATER, "w", "b")] * 2)
    assert kinds(found) == {}
    assert [one.at for one in found.rebased] == ["response.body"]


@pytest.mark.parametrize(
    ("recorded", "replay"),
    [
        ("2026-05-01T10:00:00.120Z", "2026-05-01T10:01:00.120Z"),
        ("2026-05-01", "2026-05-02"),
        ("1f3a77c9d2e04b15", "9be20415c3d7aa68"),
        (3, 4),
        ("warm", "cold"),
        ("2026-05-01T10:00:00.120Z", None),
    ],
)
def test_anything_else_is_rebased(recorded: object, replay: object) -> None:
    """A time far from the recorded one, a day, an id, a number: what the replays agree on is what
    is expected, and nothing is opened."""
    found = learned({"x": recorded}, {"x": replay}, {"x": replay})
    assert found.noise == ()
    assert [one.at for one in found.rebased] == ["response.body.$.x"]


def test_a_clock_that_was_moved() -> None:
    """A time that stays the same in a replay with the clock ahead does not follow the clock."""
    after = parts({"at": LATER})
    one = learn_message("response", parts({"at": AT}), [after] * 3, ahead=(2,))
    assert one.noise == ()
    assert [place.at for place in one.rebased] == ["response.body.$.at"]


def test_known_places_are_left() -> None:
    """What the replays taught already is not said twice."""
    recorded = {"at": AT, "end": AT}
    first = {"at": "2026-05-01T10:00:00.123Z", "end": LATER}
    second = {"at": "2026-05-01T10:00:00.125Z", "end": LATER}
    found = learned(recorded, first, second)
    assert [one.at for one in found.noise] == ["response.body.$.at", "response.body.$.end"]


def test_every_item_of_an_array() -> None:
    """Items whose times all were read again are one pattern."""
    rows = [{"at": f"2026-05-01T10:00:00.{n}00Z"} for n in range(3)]
    later = [{"at": f"2026-05-01T10:00:01.{n}00Z"} for n in range(3)]
    found = learned({"rows": rows}, {"rows": later}, {"rows": later})
    assert kinds(found) == {"response.body.$.rows[*].at": "timestamp"}


_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=30), st.datetimes().map(str)
)


@given(st.dictionaries(st.text(max_size=3), _VALUES), st.dictionaries(st.text(max_size=3), _VALUES))
def test_nothing_but_times(before: dict[str, object], after: dict[str, object]) -> None:
    """Whatever two messages say: what is opened are times, near one another."""
    for one in read_again("response", parts(before), parts(after), ()):
        assert one.noise.kind == "timestamp"
        for _, values in one.raw:
            moments = [written_as(value) for value in values]
            assert len({moment.seconds // 86_400 for moment in moments if moment}) <= 2
