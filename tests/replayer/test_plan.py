"""What is replayed, in which order, when."""

from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest
from ci_gate.replayer.plan import LONGEST_GAP, plan


def inbound(id_: str, route: str, at: float) -> Exchange:
    """An inbound exchange."""
    method, target = route.split()
    return Exchange(id=id_, route=route, at=at, request=HttpRequest(method, target.encode()))


MORNING = [
    inbound("a", "POST /orders", 0),
    inbound("b", "GET /orders/{id}", 100),
    inbound("c", "DELETE /orders/{id}", 90_000),
    inbound("d", "GET /orders", 90_050),
]


def test_everything_is_replayed_in_recorded_order() -> None:
    """Without a selection all is judged."""
    steps = plan(MORNING, None, "fast")
    assert [(one.exchange.id, one.judged, one.due) for one in steps] == [
        ("a", True, 0), ("b", True, 0), ("c", True, 0), ("d", True, 0),
    ]  # fmt: skip


def test_only_brings_the_rest_of_the_chain_unjudged() -> None:
    """What was not chosen and is of the chain is sent in its place; all else is left out."""
    steps = plan(MORNING, {"d"}, "fast", ("a", "c", "d"))
    assert [(one.exchange.id, one.judged) for one in steps] == [
        ("a", False),
        ("c", False),
        ("d", True),
    ]


def test_recorded_pace_keeps_distances_and_caps_gaps() -> None:
    """A pause of a minute and a half in the recording costs thirty seconds."""
    due = [one.due for one in plan(MORNING, None, "recorded")]
    assert due == [0, 100, 100 + LONGEST_GAP, 150 + LONGEST_GAP]


def test_a_selection_of_nothing_replays_nothing() -> None:
    """Zero requests replayed is for the verdict to call inconclusive."""
    assert plan(MORNING, set(), "fast") == []
