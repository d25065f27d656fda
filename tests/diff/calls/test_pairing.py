"""Pairing misses with what they are changed forms of."""

from __future__ import annotations

from collections.abc import Sequence

from ci_gate.diff.calls import pairing
from ci_gate.diff.calls.pairing import closest
from ci_gate.model.call import CallRecord
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import Facts


def _call(name: str, coarse: str = "c") -> CallRecord:
    return CallRecord(
        id=name,
        dependency="d",
        route="r",
        label="",
        facts=Facts("read"),
        parts=(),
        coarse=(coarse,),
    )


def _pairs(misses: Sequence[str], recorded: Sequence[str], asked: list[int]) -> dict[str, str]:
    """Names are numbers; the distance of two calls is that of their numbers."""
    records = [_call(name) for name in recorded]

    def differ(record: CallRecord, call: CallRecord) -> list[Difference]:
        asked.append(1)
        distance = abs(int(record.id) - int(call.id))
        return [Difference(change="value"), *[Difference(change="value")] * distance]

    found = closest(
        [(_call(name), ("x",)) for name in misses],
        lambda call, groups: records,
        [record.id for record in records].index,
        differ,
    )
    return {name: record.id for name, record in found.items()}


def test_closest_pairs_first_each_once() -> None:
    """The nearest pair is made first, and no recorded call is used twice."""
    assert _pairs(["5", "6"], ["6", "9"], []) == {"6": "6", "5": "9"}
    assert _pairs(["1", "2", "3"], ["2"], []) == {"2": "2"}


def test_too_many_pair_in_order() -> None:
    """Beyond the bound nothing is compared: calls pair up as they come."""
    names = [str(number) for number in range(pairing._MOST)]
    asked: list[int] = []
    assert _pairs(names, names[:60], asked) == {name: name for name in names[:60]}
    assert not asked
