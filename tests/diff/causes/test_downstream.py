"""Folds that go under others: where the root has all of their exchanges."""

from __future__ import annotations

from typing import Any

from ci_gate.diff.causes.downstream import downstream
from ci_gate.diff.causes.folds import folded
from ci_gate.model.difference import Difference


def answer(exchange: str, **fields: Any) -> Difference:
    """A difference of an answer."""
    known = {"change": "value", "route": "GET /a", "place": "response.body.$.total"}
    return Difference(**{**known, "exchange": exchange, "actual": "x", **fields})


def call(exchange: str, change: str, name: str = "POST /charges", **fields: Any) -> Difference:
    """A difference of a call."""
    known = {"route": "GET /a", "dependency": "payments", "call": name}
    return Difference(**{**known, "exchange": exchange, "change": change, **fields})


def roots(*differences: Difference) -> list[tuple[str, int]]:
    """(change, differences in all) of what stands for itself."""
    found = downstream(folded(differences, {}, {}))
    return [(one.first.change, len(one.everything())) for one in found]


def test_a_miss_explains_what_differs_in_its_requests() -> None:
    """Calls not made behind it, and the answer, although the status is as it was."""
    found = roots(answer("1"), call("1", "changed"), call("1", "missing", "POST /shipments"))
    assert found == [("changed", 3)]


def test_a_missing_call_explains_the_answer() -> None:
    """What it would have brought is not there."""
    assert roots(answer("1"), call("1", "missing")) == [("missing", 2)]


def test_what_also_occurs_alone_stands_alone() -> None:
    """A difference in an exchange without the root is not the root's doing."""
    found = roots(call("1", "missing"), answer("1"), answer("2"))
    assert sorted(found) == [("missing", 1), ("value", 2)]


def test_the_nearest_root_takes_it() -> None:
    """Of several roots that have all its exchanges, the one with the fewest others."""
    found = roots(
        call("1", "changed"), call("2", "changed"), call("1", "changed", "POST /b"), answer("1")
    )
    assert sorted(found) == [("changed", 2), ("changed", 2)]


def test_notices_and_what_does_not_count_explain_nothing() -> None:
    """Only what is red can be a root, and nothing that is not red goes under one."""
    known = call("1", "missing", standing="known")
    found = roots(call("1", "changed", notice=True), answer("1"), known)
    assert [count for _, count in found] == [1, 1, 1]


def test_startup_explains_no_request() -> None:
    """A cause without exchanges takes nothing."""
    assert len(roots(call("", "missing", group="startup", route=""), answer("1"))) == 2


def test_a_cached_copy_goes_under_its_answer() -> None:
    """The text that a cache is given changed as the answer that it keeps: one change, one cause."""
    total = answer("1", expected="5", actual='"5"', transforms=("number became string",))
    later = answer("2", expected="6", actual='"6"', transforms=("number became string",))
    copy = call("1", "changed", "SET order:{id}", transforms=("total: number became string",))
    assert roots(copy, total, later) == [("value", 3)]
    price = call("1", "changed", "SET order:{id}", transforms=("price: number became string",))
    assert sorted(roots(price, total, later)) == [("changed", 1), ("value", 2)]
    elsewhere = call("3", "changed", "SET order:{id}", transforms=("total: number became string",))
    assert roots(elsewhere, total, later) == [("value", 3)]
