"""What one place of many exchanges says of its numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ci_gate.diff.noise.learn import Heard, learn_all
from ci_gate.diff.noise.series import Row, Series, is_counter, keeps_order, with_series
from ci_gate.diff.noise.walk import Found
from ci_gate.model.message import Part
from ci_gate.model.noise import Noise
from ci_gate.values.evidence import in_range


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        ([(1, 4, 7)], True),
        ([(1, 4, 8)], False),
        ([(1, 4)], False),
        ([(1, 4), (2, 5)], True),
        ([(1, 4, 9), (2, 5, 11)], True),
        ([(1, 9, 4), (2, 10, 5)], True),
        ([(1, 9, 4), (2, 11, 5)], False),
        ([(1, 4, 7), (2, 3, 8)], False),
        ([(1, 4, 7), (1, 4, 7)], True),
        ([(1, 4, 7), (1, 5, 7)], False),
        ([(1.5, 2.5, 3.5)], False),
        ([(1, 2, 3), (4, 5)], False),
        ([], False),
    ],
)
def test_counters(rows: list[Row], counts: bool) -> None:
    """Numbers count when they keep their order and move on alike, or always grow."""
    assert is_counter(rows) is counts


def message(*values: int, place: str = "response.body.$.ms") -> Series:
    """One message with one number; none varies when all replays said the same."""
    noise = in_range(values)
    found = []
    if len(set(values)) > 1:
        at = Noise(at=place, kind=noise.kind, low=noise.low, high=noise.high)
        found = [Found(at, ((place, values),))]
    body = Part("body", b'{"ms": %d}' % values[0], "json")
    return Series("GET /x response", "response", found, ((body,),))


def test_what_most_exchanges_say_holds_for_the_rest() -> None:
    """From three exchanges on, half of which vary; fewer say nothing of the others."""
    some, none = message(3, 9, 4), message(5, 5, 5)
    results = with_series([some, none, none])
    assert [len(one) for one in results] == [1, 0, 0]
    results = with_series([some, none, message(4, 1, 8)])
    assert [len(one) for one in results] == [1, 1, 1]
    assert (results[1][0].noise.low, results[1][0].noise.high) == (0, 900)
    assert [len(one) for one in with_series([some, none])] == [1, 0]


def test_other_routes_say_nothing() -> None:
    """A series is one route's."""
    other = Series("GET /y response", "response", [], message(5, 5, 5).replays)
    results = with_series([message(3, 9, 4), message(3, 9, 4), other])
    assert results[2] == []


def test_pairs_that_overlap_are_a_range() -> None:
    """Two numbers here and two there, one of them shared: there are more than two."""

    def pair(*values: int) -> Series:
        one = Noise(at="response.body.$.ms", kind="one-of", members=tuple(map(str, set(values))))
        return Series("GET /x response", "response", [Found(one, ((one.at, values),))], ((),))

    kinds = [one[0].noise.kind for one in with_series([pair(0, 1, 0), pair(2, 1, 1)])]
    assert kinds == ["integer", "integer"]
    kinds = [one[0].noise.kind for one in with_series([pair(0, 1, 0), pair(8, 9, 9)])]
    assert kinds == ["one-of", "one-of"]
    kinds = [one[0].noise.kind for one in with_series([pair(0, 1, 0), pair(1, 0, 1)])]
    assert kinds == ["one-of", "one-of"]


@pytest.mark.parametrize(
    ("pairs", "kept"),
    [
        ([], True),
        ([(1, 10), (2, 11), (5, 40)], True),
        ([(1, 10), (1, 10)], True),
        ([(1, 10), (1, 11)], False),
        ([(1, 10), (2, 10)], False),
        ([(2, 10), (1, 11)], False),
    ],
)
def test_a_counter_counted_when_it_was_recorded(pairs: list[Row], kept: bool) -> None:
    """Numbers that the recording has in another order, or equal, are in a range and no counter."""
    assert keeps_order(pairs) is kept


def heard(bodies: list[list[Any]]) -> list[Heard]:
    """One message for each list of JSON bodies: the recorded one, then those of the replays."""
    parts = [[(Part("body", json.dumps(one).encode(), "json"),) for one in row] for row in bodies]
    return [
        Heard(
            scope=f"x-{number}",
            series="GET /x",
            side="response",
            recorded=recorded,
            replays=tuple(replays),
        )
        for number, (recorded, *replays) in enumerate(parts)
    ]


def test_timestamps_of_a_route_are_written_alike() -> None:
    """That one of them ends in a zero shows that their length is fixed; that one is shorter, that
    zeros are dropped."""

    def forms(*fractions: str) -> list[str]:
        """The formats of two messages: one with these fractions, one with six digits."""
        first = [{"at": f"2026-08-31T10:00:0{n}.{one}Z"} for n, one in enumerate(fractions)]
        second = [{"at": f"2026-08-31T10:00:0{n}.65432{n + 1}Z"} for n in range(len(fractions))]
        learned = learn_all(heard([[first[0], *first], [second[0], *second]]))
        return [one.noise[0].format for one in learned]

    fixed, dropped = "YYYY-MM-DDThh:mm:ss.ffffffZ", "YYYY-MM-DDThh:mm:ss.f{0,6}Z"
    assert forms("123450", "111111", "222222") == [fixed, fixed]
    assert forms("12345", "111111", "222222") == [dropped, dropped]
    assert forms("123451", "111111", "222222") == ["YYYY-MM-DDThh:mm:ss.f{4,6}Z"] * 2


def test_two_equal_numbers_at_one_clock_are_chance() -> None:
    """Where the others of a series vary while the clock stands, so does the one that did not."""
    bodies = [[{"ms": n}, {"ms": n}, {"ms": n * n}, {"ms": 50 - 7 * n}] for n in range(1, 5)]
    learned = learn_all(heard(bodies), ahead=(2,))
    assert [(one.noise[0].kind, one.noise[0].clock) for one in learned] == [("integer", False)] * 4
