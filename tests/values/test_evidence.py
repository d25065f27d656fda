"""What kind of thing varies, by the values seen."""

from __future__ import annotations

import json
import uuid
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.model.noise import Noise
from ci_gate.values.evidence import as_json, fits, in_range, infer, json_type, merge, number_of

IDS = [str(uuid.UUID(int=(n * 2**121 + 7919 * n) % 2**128, version=4)) for n in (3, 5, 9)]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JWTS = [f"eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjE3{n}fQ.abcdef" for n in ("Nzk5", "Nzg5", "Nzc5")]


def kind(*values: Any, recorded: Any = None, ahead: tuple[int, ...] = ()) -> str:
    """The kind inferred, "" for none; every value seen fits it."""
    noise = infer(values, recorded, ahead)
    assert noise is None or all(fits(noise, value) for value in values)
    return noise.kind if noise is not None else ""


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["same", "same", "same"], ""),
        (["2026-05-01T10:00:00Z", "2026-05-01T10:00:01Z", "2026-05-01T10:00:02Z"], "timestamp"),
        (IDS, "uuid"),
        (["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ"], "ulid"),
        (["507f1f77bcf86cd799439011", "68a01f77bcf86cd799439012"], "objectid"),
        (JWTS, "jwt"),
        (["8f3a01c2", "77b0e4d9", "01d2aa9f"], "hex"),
        (["gT4-_k9ZbQ1xWm2L", "Qm0x1_kLzTq-93bV", "b7Yt-aPz0Qw_1xMn"], "base64"),
        (["k3j9x0a1b2zz", "9zq8w7e6r5tt", "0p1o2i3u4yyy"], "token"),
        (["48213", "91754", "03366"], "token"),
        ([5, 800, 17], "integer"),
        (["5", "800", "17"], "integer"),
        (["48213", "91754", "13366"], "integer"),
        ([0.5, 2, 1.25], "number"),
        (["a", "b", "a"], "one-of"),
        ([1, 2, 1], "one-of"),
        ([None, "x", "x"], "one-of"),
        ([True, False], "one-of"),
        (["a", "b", "c", "a"], "one-of"),
        ([1, 2, 3, 1], "integer"),
        (["req_k3j9x0a1b2zz", "req_9zq8w7e6r5tt"], "base64"),
        (["alice", "bobby", "carol"], ""),
        ([None, "x", "y"], ""),
        ([1, "2", 3], ""),
        (["a", "b"], ""),
        ([1, True, 3], ""),
        (["", "8f3a01c2", "77b0e4d9"], ""),
    ],
)
def test_kinds(values: list[Any], expected: str) -> None:
    """Every kind by its evidence, and nothing where there is none."""
    assert kind(*values) == expected


def test_two_values_are_open_to_those_two() -> None:
    """A place seen with two values takes no third."""
    noise = infer(["warm", "cold", "warm"])
    assert noise is not None
    assert fits(noise, "cold")
    assert not fits(noise, "lukewarm")
    assert not fits(noise, None)


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        (["2026-05-01T10:00:00Z", "2026-05-01T10:00:01Z"], None),
        (["2026-05-01T10:00:00Z", "2026-05-01T10:00:01Z"], "soon"),
        (IDS, 17),
        (IDS, "not-a-uuid"),
        (IDS, "1f0c2a34-0000-1000-8000-0123456789ab"),
        (["8f3a01c2", "77b0e4d9"], "8f3a"),
        (["8f3a01c2", "07b0e4d9"], "8f3a01c"),
        (["8f3a01c28f3a01c28f3a01c28f3a01c2", "77b0e4d977b0e4d977b0e4d977b0e4d9"], "8f3a01c2"),
        (["req_8f3a01c28F", "req_77b0e4d97F"], "res_8f3a01c28F"),
        (["8f3a01c2", "77b0e4d9"], "8f3a01cx"),
        ([5, 800, 17], -1),
        ([5, 800, 17], 800_000),
        ([5, 800, 17], 5.5),
        ([5, 800, 17], True),
        ([0.5, 2.5], float("inf")),
    ],
)
def test_what_does_not_fit(values: list[Any], wrong: object) -> None:
    """A null timestamp, an integer for a UUID, another version or length, a number far off."""
    noise = infer(values)
    assert noise is not None
    assert not fits(noise, wrong)


def test_signs_that_were_drawn_alike_are_no_beginning() -> None:
    """Of base64 that begins with bytes of its own, the next character is one of few: alike in three
    samples by chance. What a word begins is one."""
    noise = infer(["+/+rfIL34MwjXey6", "+/+9VGeDe1aM4kMZ", "+/+xK2bW0pQzTn7c"])
    assert noise is not None
    assert fits(noise, "+/9QGGd7ZtRk21Lm")
    noise = infer(["key-_rfIL34MwjXey6", "key-_9VGeDe1aM4kMZ", "key-_xK2bW0pQzTn7c"])
    assert noise is not None
    assert noise.format == "key-"


def test_a_duration_has_a_unit() -> None:
    """A number and its unit vary as a number does; another unit is another thing."""
    noise = infer(["-0.021s", "-0.018s", "-0.011s"])
    assert noise is not None
    assert (noise.kind, noise.format) == ("number", "text s")
    assert fits(noise, "0.3s")
    assert not fits(noise, "0.3ms")
    assert not fits(noise, "0.3")
    assert not fits(noise, 0.3)
    spaced = infer(["12 ms", "14 ms", "3 ms"])
    assert spaced is not None
    assert (spaced.kind, spaced.format) == ("integer", "text  ms")
    assert fits(spaced, "100 ms")
    assert infer(["1 ms", "2 s", "3 ms"]) is None


def test_two_sizes_are_no_set() -> None:
    """A heap has one of many sizes, though two replays met the same one; two choices are a set."""
    noise = infer([66846720, 67108864, 66846720])
    assert noise is not None
    assert noise.kind == "integer"
    assert fits(noise, 66584576)
    assert infer([66846720, 66846720, 67108864], ahead={2}) == noise
    choice = infer([404, 409, 404])
    assert choice is not None
    assert choice.kind == "one-of"


def test_range() -> None:
    """Of the same sign and at most a hundred times the greatest: another unit is out of range."""
    assert in_range([3, 5]) == Noise(at="", kind="integer", low=0, high=500)
    assert (in_range([-3, 5]).low, in_range([-3, 5]).high) == (-500, 500)
    assert (in_range([-5, -3]).low, in_range([-5, -3]).high) == (-500, 500)
    assert in_range([0.5, 0.75]) == Noise(at="", kind="number", low=0.0, high=75.0)


def test_zeros_before_a_number() -> None:
    """A number in a text may come with zeros before it, one in JSON may not be a text."""
    noise = infer(["482134", "917540", "133661"])
    assert noise is not None
    assert fits(noise, "048213")
    assert not fits(noise, "04821x")
    number = infer([5, 800, 17])
    assert number is not None
    assert not fits(number, "005")


def test_what_follows_the_clock() -> None:
    """What is the same while the clock stands and another with the clock ahead is time-derived;
    that takes two replays at one clock."""
    assert kind("3 days ago", "3 days ago", "34 days ago", ahead=(2,)) == "derived"
    noise = infer([3, 3, None], ahead=(2,))
    assert noise is not None
    assert (noise.kind, noise.clock, noise.format) == ("derived", True, "integer null")
    assert noise.members == ("3", "null")
    assert not fits(noise, "x")
    assert kind("a", "a", "b", recorded="a", ahead=(2,)) == "derived"
    assert kind("a", "a", "b", recorded="b", ahead=(2,)) == "one-of"
    assert kind(5, 5, 17, recorded=80, ahead=(2,)) == "integer"
    assert kind("a", "b", ahead=(1,)) == ""


def test_days_that_follow_the_clock() -> None:
    """A day that changes with the clock alone must be that day; a time of day may have been read
    in one second by chance."""
    day = infer(["2026-05-01", "2026-05-01", "2026-06-01"], ahead=(2,))
    assert day == Noise(at="", kind="timestamp", format="YYYY-MM-DD", clock=True)
    moves = infer(["2026-05-01", "2026-05-02", "2026-06-01"], ahead=(2,))
    assert moves is not None
    assert not moves.clock
    second = "2026-05-01T10:00:00Z"
    time = infer([second, second, "2026-06-01T10:00:00Z"], ahead=(2,))
    assert time is not None
    assert (time.kind, time.clock) == ("timestamp", False)


def test_the_recorded_value_is_evidence_only_of_width() -> None:
    """The recorded value widens a fraction or a length, and is no further value of a set of texts;
    a third number makes a range."""
    short, long = "2026-05-01T10:00:00.1Z", "2026-05-01T10:00:00.123456789Z"
    noise = infer([long, "2026-05-01T10:00:00.123456781Z"], short)
    assert noise is not None
    assert noise.format == "YYYY-MM-DDThh:mm:ss.f{0,9}Z"
    noise = infer(["a", "b", "a"], "c")
    assert noise is not None
    assert noise.members == ('"a"', '"b"')
    assert kind(1, 2, 1, recorded=2) == "one-of"
    assert kind(1, 2, 1, recorded=9) == "integer"
    noise = infer(["0.1", "0.2", "0.4"], "-0.3")
    assert noise is not None
    assert (noise.low, noise.high) == (-40, 40)


def test_long_values_are_no_set() -> None:
    """Members are few and short, because they are written into the snapshot."""
    assert kind("x " * 1000, "y", "y") == ""


def test_merging_for_a_pattern() -> None:
    """Alike places merge to the widest of them; places of different kinds do not."""
    one, other = in_range([3, 5]), in_range([100, 105])
    both = merge(one, other)
    assert both is not None
    assert (both.low, both.high) == (0, 10_500)
    assert merge(one, in_range([1.5, 2.5])) is None
    stamp = Noise(at="", kind="timestamp", format="epoch s")
    assert merge(stamp, msgspec.structs.replace(stamp, format="epoch ms")) is None
    assert merge(stamp, stamp) == stamp


@given(st.lists(SCALARS, min_size=2, max_size=5), SCALARS)
def test_what_is_seen_fits(values: list[Any], recorded: Any) -> None:
    """Whatever was seen, a kind that is inferred holds for all of it, and nothing varies unless
    two values differ."""
    noise = infer(values, recorded)
    if noise is not None:
        assert all(fits(noise, value) for value in values)
        assert len({as_json(value) for value in values}) > 1


@pytest.mark.parametrize(
    ("value", "number"),
    [("7", 7), ("-1.5", -1.5), ("1e3", 1000.0), ("07", None), ("", None), (True, None), (2, 2)],
)
def test_numbers(value: object, number: object) -> None:
    """A number, or a text that is written like one."""
    assert number_of(value) == number


def test_types() -> None:
    """JSON types, whole numbers apart."""
    found = [json_type(value) for value in (None, True, "", 1, 1.5)]
    assert found == ["null", "boolean", "string", "integer", "number"]
    assert json.loads(as_json({"b": 1, "a": [None]})) == {"a": [None], "b": 1}


def test_the_size_in_an_entity_tag_varies_with_it() -> None:
    """A body that varies is longer by one now and then; the tag is still a tag."""
    noise = infer(["212-3t4MNIXZnnbqG3lE2VzZ8sDkZzQ", "212-qPXlmjV0Xf0b7lIr0mQp3Mdvu5E"])
    assert noise is not None
    assert fits(noise, "213-Tr1yFUYqHxs8pE7pYkyyXcvB3lQ")
    assert not fits(noise, "213-Tr1y")
