"""What led to what: the first divergence of an exchange stands, the rest goes under it."""

from __future__ import annotations

from typing import Any

from ci_gate.diff.downstream import downstream
from ci_gate.diff.folds import folded
from ci_gate.model.difference import Difference, Moment


def answer(exchange: str, change: str = "value", **fields: Any) -> Difference:
    """A difference of an answer."""
    place = {"status": "response.status", "no-response": "response", "not-replayed": "response"}
    known = {"route": "GET /a", "place": place.get(change, "response.body.$.total")}
    known |= {"expected": "200", "actual": "500"} if change == "status" else {"actual": "x"}
    return Difference(**{**known, "change": change, "exchange": exchange, **fields})


def call(exchange: str, change: str, name: str = "POST /charges", **fields: Any) -> Difference:
    """A difference of a call."""
    known = {"route": "GET /a", "dependency": "payments", "call": name}
    return Difference(**{**known, "exchange": exchange, "change": change, **fields})


def roots(*differences: Difference, **more: Any) -> list[tuple[str, int]]:
    """(change, differences in all) of what stands for itself."""
    moments, blamed = more.get("moments", {}), more.get("blamed", {})
    found = downstream(folded(differences, moments, blamed), moments, blamed)
    return [(one.first.change, len(one.everything())) for one in found]


RAISED = {"1": Moment(error="KeyError: 'x'")}


def test_a_failed_call_explains_its_error_and_body() -> None:
    """A call that missed stands first; status, body, exception and calls not made are its doing."""
    found = roots(
        answer("1", "status"),
        answer("1", "removed"),
        call("1", "changed", place="request.body.$.amount"),
        call("1", "missing", "POST /shipments"),
        moments=RAISED,
    )
    assert found == [("changed", 4)]


def test_a_missing_call_explains_its_error_and_body() -> None:
    """Without an exception the call that was not made stands first."""
    assert roots(answer("1", "status"), answer("1"), call("1", "missing")) == [("missing", 3)]


def test_an_exception_explains_the_calls_that_were_not_made() -> None:
    """A service that raised before it called is told by what it raised."""
    found = roots(answer("1", "status"), answer("1"), call("1", "missing"), moments=RAISED)
    assert found == [("status", 3)]


def test_a_status_explains_the_rest_of_its_answer() -> None:
    """Another status has another body and other headers."""
    found = roots(answer("1", "status", actual="404"), answer("1"), answer("1", "header"))
    assert found == [("status", 3)]


def test_an_answer_that_never_came_explains_calls() -> None:
    """A request that hung or crashed made no further calls."""
    assert roots(answer("1", "no-response"), call("1", "missing")) == [("no-response", 2)]
    assert roots(answer("1", "not-replayed"), call("1", "missing")) == [("not-replayed", 2)]


def test_what_also_occurs_alone_stands_alone() -> None:
    """A difference in an exchange without the root is not the root's doing."""
    found = roots(call("1", "missing"), answer("1"), answer("2"))
    assert sorted(found) == [("missing", 1), ("value", 2)]


def test_notices_and_what_does_not_count_explain_nothing() -> None:
    """Only what is red can be a root, and nothing that is not red goes under one."""
    known = call("1", "missing", standing="known")
    found = roots(call("1", "changed", notice=True), answer("1"), known)
    assert [count for _, count in found] == [1, 1, 1]


def test_a_failed_producer_explains_its_consumers() -> None:
    """A request that lacked an id because its producer failed goes under the producer's cause,
    and so does what lacked something of that request."""
    found = roots(
        answer("1", "status", route="POST /a"),
        answer("2", "status", actual="404"),
        call("2", "missing"),
        answer("3", "status", actual="404", route="GET /b"),
        answer("4", "status", actual="404", route="GET /c"),
        blamed={"2": "1", "3": "2"},
    )
    assert found == [("status", 4), ("status", 1)]


def test_blame_in_a_circle_ends() -> None:
    """Hostile or broken bindings that name one another cost no more than others."""
    found = roots(answer("1"), answer("2"), blamed={"1": "2", "2": "1"})
    assert sum(count for _, count in found) == 2
