"""Titles: a reviewer understands what changed from one line."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.diff.causes.titles import title
from ci_gate.model.difference import Difference


def answer(exchange: str, **fields: Any) -> Difference:
    """A difference of an answer."""
    known = {"change": "value", "route": "GET /a", "place": "response.body.$.total"}
    return Difference(**{**known, "expected": "1", "actual": "2", "exchange": exchange, **fields})


def call(exchange: str, change: str, **fields: Any) -> Difference:
    """A difference of a call."""
    known = {"route": "GET /a", "dependency": "payments", "call": "POST /charges"}
    return Difference(**{**known, "exchange": exchange, "change": change, **fields})


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (answer("1", change="type", detail="number became string"),
         "response.body.$.total: number became string"),
        (answer("1"), "response.body.$.total: 1 became 2"),
        (answer("1", actual="x" * 100), "response.body.$.total changed"),
        (answer("1", change="added", expected=""), "response.body.$.total added"),
        (answer("1", change="removed", actual=""), "response.body.$.total removed"),
        (answer("1", change="status", place="response.status", expected="200", actual="500"),
         "status 200 became 500"),
        (answer("1", change="no-response", place="response", detail="timed out"),
         "no complete response: timed out"),
        (call("1", "unexpected"), "POST /charges (payments) newly called"),
        (call("1", "repeated", call="GET /rates", dependency="shipping", expected="1 call",
              actual="3 calls"), "GET /rates (shipping) called 3 times, recorded 1"),
        (call("1", "changed", place="request.body.$.amount", expected="1", actual='"1"'),
         'POST /charges (payments) request.body.$.amount: 1 became "1"'),
        (call("1", "changed", place="request.query.dry", expected="", actual="1"),
         "POST /charges (payments) request.query.dry added"),
        (call("1", "changed", place="request.transaction", expected="inside", actual="outside"),
         "POST /charges (payments) left its transaction"),
        (call("1", "changed", place="request.transaction", expected="outside", actual="inside"),
         "POST /charges (payments) is in a transaction now"),
        (call("1", "unexpected", detail="made 50 times, also as GET /b\nnearest"),
         "POST /charges (payments) newly called 50 times"),
        (call("1", "moved", detail="moved from GET /a to GET /b"),
         "POST /charges (payments) moved from GET /a to GET /b"),
        (call("1", "response-order", detail="now made after the response"),
         "POST /charges (payments) now made after the response"),
        (call("1", "fan-out"), "POST /charges (payments) made at once with other calls, or no longer"),
        (call("1", "repeated", expected="3 calls", actual="25 calls",
              detail="POST /charges: made 25, recorded 3, again after an error answer"),
         "POST /charges (payments) called 25 times, recorded 3, again and again after an error answer"),
        (answer("1", expected="12.345", actual="12.35", transforms=("rounded to 2 places",)),
         "response.body.$.total: 12.345 became 12.35 (rounded to 2 places)"),
        (answer("1", change="removed", actual="", transforms=("renamed to sum",)),
         "response.body.$.total renamed to sum"),
        (call("1", "changed", place="request.body.$.amount", expected="", actual="",
              transforms=("renamed to sum",)),
         "POST /charges (payments) request.body.$.amount renamed to sum"),
        (answer("1", expected="‹secret›", actual="‹secret›"), "response.body.$.total changed"),
        (call("1", "reordered"), "POST /charges (payments) called in another order"),
        (call("1", "header", notice=True, detail="client changed: user-agent"),
         "POST /charges (payments): client changed: user-agent"),
        (call("", "escape", actual="203.0.113.9:443", call=""),
         "a connection to 203.0.113.9:443 went past the mocks"),
    ],
)  # fmt: skip
def test_titles(difference: Difference, text: str) -> None:
    """Each kind of change reads as a sentence about what changed."""
    assert title([difference]) == text


def test_titles_of_several_say_what_they_share() -> None:
    """Values are named only when all differences have the same ones."""
    assert title([answer("1"), answer("2")]) == "response.body.$.total: 1 became 2"
    assert title([answer("1"), answer("2", actual="3")]) == "response.body.$.total changed"
    storm = [call("1", "repeated", expected="1 call", actual=f"{n} calls") for n in (2, 3)]
    assert title(storm) == "POST /charges (payments) called more often than recorded"
    one = call("1", "repeated", expected="0 calls", actual="1 call")
    assert title([one]) == "POST /charges (payments) called once, recorded 0"


def test_titles_stay_one_line() -> None:
    """A value with line breaks is not quoted."""
    assert title([answer("1", actual="a\nb")]) == "response.body.$.total changed"
