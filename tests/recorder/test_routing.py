"""Routes by configuration."""

from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest
from ci_gate.recorder.routing import routed


def test_a_configured_route_wins_over_folding() -> None:
    """An id that is not digits alone is folded where the configuration says so, queries aside."""
    one = Exchange(id="i1", route="GET /o/ab-1", request=HttpRequest("GET", b"/o/ab-1?x=1"))
    assert routed([one], ("GET /o/{id}",))[0].route == "GET /o/{id}"


def test_calls_keep_their_own_routes() -> None:
    """`routes:` names what comes in, not what goes out."""
    call = Exchange(
        id="o1", dependency="d", route="GET /o/ab-1", request=HttpRequest("GET", b"/o/ab-1")
    )
    assert routed([call], ("GET /o/{id}",)) == (call,)
