"""Calls at another moment: only what is proven."""

from __future__ import annotations

import msgspec
import pytest

from ci_gate.diff.calls.moves import Made, moves
from ci_gate.model.call import Answered, CallRecord
from ci_gate.model.exchange import Facts

ROUTES = {"r1": "POST /orders", "r2": "GET /orders"}


def call(name: str, at: float, ended: float, *awaited: str, route: str = "GET /a") -> CallRecord:
    """A call with its times."""
    return CallRecord(
        id=name,
        dependency="api",
        route=route,
        label=route,
        facts=Facts("read"),
        parts=(),
        at=at,
        ended=ended,
        awaited=awaited,
    )


def found(*made: Made, answered: Answered | None = None) -> list[tuple[str, str, str]]:
    """(change, recorded call, detail) of what moved in r1."""
    times = {"r1": answered} if answered is not None else {}
    return [(one.change, one.record.id, one.detail) for one in moves("r1", made, times, ROUTES)]


AT_ONCE = (call("a", 10, 30), call("b", 11, 30, route="GET /b"))
IN_TURN = (call("a", 10, 20), call("b", 25, 30, route="GET /b"))


def live(*calls: CallRecord, records: tuple[CallRecord, ...]) -> list[Made]:
    """Live calls beside their recorded ones."""
    return list(zip(calls, records, strict=True))


def test_calls_made_at_once_that_wait_now() -> None:
    """The second call came only when the first was answered: one after the other."""
    made = live(call("l1", 1, 2, "b"), call("l2", 3, 4, route="GET /b"), records=AT_ONCE)
    assert found(*made) == [("fan-out", "b", "now called one after the other, recorded at once")]


@pytest.mark.parametrize("records", [AT_ONCE, IN_TURN])
def test_instant_answers_prove_nothing(records: tuple[CallRecord, ...]) -> None:
    """Calls that come one after the other, without anybody having waited, are as recorded."""
    made = live(call("l1", 1, 1), call("l2", 2, 2, route="GET /b"), records=records)
    assert found(*made) == []


def overtaken(one: CallRecord, *by: str) -> CallRecord:
    """The live call, with what came before its answer."""
    return msgspec.structs.replace(one, overtaken=by)


def test_calls_made_in_turn_that_no_longer_wait() -> None:
    """The second call came before the first was answered."""
    made = live(overtaken(call("l1", 1, 2), "b"), call("l2", 2, 4, route="GET /b"), records=IN_TURN)
    text = "now called at once with GET /b (api), recorded one after the other"
    assert found(*made) == [("fan-out", "a", text)]
    alike = (call("a", 10, 20), call("b", 25, 30))
    made = live(overtaken(call("l1", 1, 2), "b"), call("l2", 2, 4), records=alike)
    assert found(*made) == [("fan-out", "a", "now called at once, recorded one after the other")]


def test_which_of_several_came_first_makes_no_difference() -> None:
    """Three calls at once are one finding, told of the one that was recorded first."""
    records = (*IN_TURN, call("c", 30, 40, route="GET /c"))
    text = "now called at once with GET /b (api), recorded one after the other"
    for a, b in ((("b", "c"), ()), (("b",), ("c",)), (("c",), ("c",))):
        calls = (
            overtaken(call("l1", 1, 2), *a),
            overtaken(call("l2", 2, 3, route="GET /b"), *b),
            call("l3", 3, 4, route="GET /c"),
        )
        assert found(*live(*calls, records=records)) == [("fan-out", "a", text)]


def test_a_response_that_no_longer_waits() -> None:
    """It was there while the answer to the call was kept."""
    made = live(overtaken(call("l1", 1, 9), "r1"), records=(call("a", 10, 20),))
    assert found(*made, answered=Answered((0, 40), (0, 5))) == [
        ("response-order", "a", "now made beside the response, which no longer waits for it")
    ]


def test_calls_without_times_prove_nothing() -> None:
    """An imported recording has none, and nothing is said."""
    made = live(call("l1", 1, 9), call("l2", 2, 3), records=(call("a", 0, 0), call("b", 0, 0)))
    assert found(*made, answered=Answered((0, 0), (0, 5))) == []


def test_a_call_the_response_waits_for_now() -> None:
    """Recorded behind the answer; now there is no answer before it."""
    made = live(call("l1", 1, 2, "r1"), records=(call("a", 50, 60),))
    times = Answered((0, 40), (0, 3))
    assert found(*made, answered=times) == [
        ("response-order", "a", "now made before the response, which waits for it")
    ]


def test_a_call_that_is_made_behind_the_response_now() -> None:
    """Recorded as answered before the response; now the response was there before it came."""
    made = live(call("l1", 5, 6), records=(call("a", 10, 20),))
    times = Answered((0, 40), (0, 3))
    assert found(*made, answered=times) == [("response-order", "a", "now made after the response")]


def test_what_ran_beside_the_response_may_be_on_either_side() -> None:
    """A call whose answer came after the recorded response was never waited for."""
    made = live(call("l1", 5, 6), records=(call("a", 10, 60),))
    assert found(*made, answered=Answered((0, 40), (0, 3))) == []


def test_a_late_call_another_request_waits_for_has_moved() -> None:
    """Recorded for one request, now made by another, whose response waits for it."""
    made = live(call("l1", 5, 6, "r2"), records=(call("a", 50, 60),))
    assert found(*made) == [("moved", "a", "moved from POST /orders to GET /orders")]


def test_a_late_call_that_moved_within_a_route() -> None:
    """Both requests are of one route, so that naming it twice would say nothing."""
    (moved,) = moves(
        "r1", live(call("l1", 5, 6, "r2"), records=(call("a", 50, 60),)), {},
        {"r1": "POST /orders", "r2": "POST /orders"},
    )  # fmt: skip
    assert moved.detail == "moved to another request of POST /orders"


def test_one_of_a_kind_is_told() -> None:
    """Ten calls of one route that wait for one another are one finding."""
    records = [call(f"c{n}", n, 99) for n in range(10)]
    made = [
        (call(f"l{n}", n, n, *(f"c{m}" for m in range(n + 1, 10))), records[n]) for n in range(10)
    ]
    assert len(found(*made)) == 1


def test_thousands_of_calls_are_looked_at_in_time() -> None:
    """The number of pairs is bounded."""
    made = [(call(f"l{n}", n, n), call(f"c{n}", n, n + 0.5)) for n in range(5000)]
    assert found(*made) == []
