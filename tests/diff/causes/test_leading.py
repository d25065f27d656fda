"""What led in an exchange, and what followed from it."""

from __future__ import annotations

from typing import Any

from ci_gate.diff.causes.leading import GONE, leads
from ci_gate.model.difference import Difference, Moment


def answer(exchange: str, change: str = "value", **fields: Any) -> Difference:
    """A difference of an answer."""
    known = {"route": "GET /a", "place": "response.body.$.total", "actual": "x"}
    known |= {"expected": "200", "actual": "500"} if change == "status" else {}
    return Difference(**{**known, "change": change, "exchange": exchange, **fields})


def call(exchange: str, change: str, **fields: Any) -> Difference:
    """A difference of a call."""
    known = {"route": "GET /a", "dependency": "payments", "call": "POST /charges"}
    return Difference(**{**known, "exchange": exchange, "change": change, **fields})


def led(*differences: Difference, **more: Any) -> list[int]:
    """Of each difference the position of what led to it in the end; its own = it stands."""
    leaders = leads(
        differences, more.get("moments", {}), more.get("blamed", {}), more.get("after", {})
    )
    at = {id(one): number for number, one in enumerate(differences)}
    found = []
    for one in differences:
        while id(one) in leaders:
            one = leaders[id(one)]
        found.append(at[id(one)])
    return found


RAISED = {"1": Moment(error="KeyError: 'x'")}


def test_a_failed_call_explains_its_error_and_body() -> None:
    """A call that missed leads; status, body, exception and calls not made are its doing."""
    found = led(
        answer("1", "status"), answer("1"), call("1", "changed"), call("1", "missing"),
        moments=RAISED,
    )  # fmt: skip
    assert found == [2, 2, 2, 2]


def test_every_miss_stands_for_itself() -> None:
    """Two calls that missed are two findings, whichever of them the error comes from."""
    assert led(answer("1", "status"), call("1", "changed"), call("1", "new-host")) == [1, 1, 2]


def test_a_success_is_not_explained_by_a_miss() -> None:
    """Another good status is another decision; the calls it no longer makes go with the miss."""
    found = led(answer("1", "status", actual="204"), call("1", "changed"), call("1", "missing"))
    assert found == [0, 1, 1]


def test_an_exception_explains_the_calls_that_were_not_made() -> None:
    """A service that raised before it called is told by what it raised."""
    found = led(answer("1", "status"), call("1", "missing"), answer("1"), moments=RAISED)
    assert found == [0, 0, 0]


def test_a_missing_call_explains_a_failure_but_not_a_refusal() -> None:
    """5xx without an exception comes of the call that was not made; 4xx comes before it."""
    assert led(answer("1", "status"), answer("1"), call("1", "missing")) == [2, 2, 2]
    refused = answer("1", "status", actual="422")
    assert led(refused, answer("1"), call("1", "missing")) == [0, 0, 0]


def test_an_answer_that_never_came_explains_calls() -> None:
    """A request that hung or crashed made no further calls."""
    assert led(answer("1", "no-response"), call("1", "missing")) == [0, 0]


def test_requests_that_were_not_sent_go_under_what_the_service_died_of() -> None:
    """The crash led; what was never sent for other reasons leads itself."""
    gone = answer("2", "not-replayed", detail=f"{GONE[0]} (closed)")
    other = answer("3", "not-replayed", detail="the replay was cancelled")
    refused = answer("4", "no-response", detail=f"{GONE[1]} to localhost:1: refused")
    found = led(answer("1", "no-response"), gone, call("2", "missing"), other, refused)
    assert found == [0, 0, 0, 3, 0]
    assert led(refused, answer("5", "no-response", detail=refused.detail)) == [0, 0]


def test_an_exchange_that_answered_as_it_should_has_no_leader() -> None:
    """Body and calls of one that did not break stand; whole folds are asked elsewhere."""
    assert led(answer("1"), call("1", "missing"), answer("1")) == [0, 1, 2]


def test_notices_and_excused_differences_neither_lead_nor_follow() -> None:
    """Only what counts has a part in it."""
    found = led(answer("1", "status"), call("1", "changed", notice=True), answer("1", excused=1))
    assert found == [0, 1, 2]


def test_a_value_that_was_not_brought_explains_everything_behind_it() -> None:
    """What lacked an id follows from its producer, and what lacked something of that as well."""
    found = led(
        answer("1"),
        answer("2", "status", actual="404"),
        call("2", "changed"),
        answer("3"),
        answer("4"),
        blamed={"2": "1", "3": "2", "4": "nowhere"},
    )
    assert found == [0, 0, 0, 0, 4]


def test_an_earlier_write_that_broke_explains_later_reads() -> None:
    """What was not written cannot be read; calls of the reader stand for themselves."""
    after = {"2": ("1",), "3": ("1",), "4": ("1",)}
    found = led(
        answer("1", "status"),
        answer("2"),
        answer("3", "status", actual="404"),
        call("3", "missing"),
        call("4", "missing"),
        after=after,
    )
    assert found == [0, 0, 0, 0, 4]


def test_the_same_break_is_no_consequence_of_itself() -> None:
    """Ten writes that fail in the same way have one cause, each of them its own."""
    found = led(answer("1", "status"), answer("2", "status"), after={"2": ("1",)})
    assert found == [0, 1]


def test_a_write_that_did_not_break_explains_nothing() -> None:
    """Its answer may differ, what was written is there."""
    assert led(answer("1"), answer("2"), after={"2": ("1",)}) == [0, 1]


def test_blame_in_a_circle_ends() -> None:
    """Hostile or broken bindings that name one another cost no more than others."""
    assert led(answer("1"), answer("2"), blamed={"1": "2", "2": "1"}) == [0, 0]
