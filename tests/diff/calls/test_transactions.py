"""Writes that left the transaction they were recorded in."""

from __future__ import annotations

import pytest

from ci_gate.diff.calls.moves import Made
from ci_gate.diff.calls.transactions import left_transaction
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import INSIDE, Facts


def call(name: str, transaction: str, effect: str = "write", dependency: str = "db") -> CallRecord:
    """A statement of a transaction."""
    return CallRecord(
        id=name,
        dependency=dependency,
        route=f"INSERT {name}",
        label=name,
        facts=Facts(effect, transaction=transaction),
        parts=(),
    )


def left(*pairs: tuple[str, str]) -> list[tuple[str, list[str]]]:
    """(recorded call, those it left) for (recorded transaction, live one) of each in turn."""
    made: list[Made] = [
        (call(f"live-{name}", live), call(name, recorded))
        for name, (recorded, live) in zip("abcdef", pairs, strict=False)
    ]
    return [(record.id, [one.id for one in home]) for _, record, home in left_transaction(made)]


def test_numbers_are_no_difference() -> None:
    """Another connection of the pool, another count: what was together is together."""
    assert left(("1", "4.7"), ("1", "4.7"), ("2", "2.7"), ("2", "2.7")) == []


@pytest.mark.parametrize("away", [0, 1, 2])
def test_one_of_three_left(away: int) -> None:
    """It is the one that is told, wherever it stood."""
    pairs = [("1", "4.9" if number == away else "4.7") for number in range(3)]
    (found,) = left(*pairs)
    assert found == ("abc"[away], [one for one in "abc" if one != "abc"[away]])


def test_of_two_the_later_left() -> None:
    """Neither has more reason to be the one that stayed."""
    assert left(("1", "4.7"), ("1", "5.7")) == [("b", ["a"])]


def test_two_left_together() -> None:
    """Both are told."""
    pairs = [("1", "4.7"), ("1", "5.1"), ("1", "4.7"), ("1", "5.1"), ("1", "4.7")]
    assert left(*pairs) == [("b", ["a", "c", "e"]), ("d", ["a", "c", "e"])]


@pytest.mark.parametrize(
    ("recorded", "live"), [(INSIDE, "4.9"), ("1", INSIDE), ("1", ""), ("", "4.9")]
)
def test_what_is_not_known_proves_nothing(recorded: str, live: str) -> None:
    """Snapshots of before tell only that there was a transaction."""
    assert left(("1", "4.7"), (recorded, live), ("1", "4.7")) == []


def test_reads_may_come_from_anywhere() -> None:
    """A transaction is about what is written."""
    made = [
        (call("live-a", "4.7"), call("a", "1")),
        (call("live-b", "5.1", "read"), call("b", "1", "read")),
    ]
    assert list(left_transaction(made)) == []


def test_every_database_has_its_own() -> None:
    """Equal numbers in two dependencies are two transactions."""
    made = [
        (call("live-a", "4.7"), call("a", "1")),
        (call("live-b", "5.1", dependency="other"), call("b", "1", dependency="other")),
    ]
    assert list(left_transaction(made)) == []
