"""Background calls."""

from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest
from ci_gate.recorder.background import ticking, with_background


def call(target: str, group: str) -> Exchange:
    """An outbound exchange of one dependency."""
    request = HttpRequest("GET", target.encode())
    return Exchange(
        id=target + group, dependency="d", route=f"GET {target}", groups=(group,), request=request
    )


def groups(*calls: Exchange, named: tuple[tuple[str, str], ...] = ()) -> list[str]:
    """Their groups afterwards."""
    return [one.groups[0] for one in with_background(calls, lambda one: one.route, named)]


def test_a_key_seen_in_the_background_is_background_everywhere() -> None:
    """A poll that once fell into a request is still nobody's."""
    assert groups(call("/poll", "a"), call("/poll", "background"), call("/x", "a")) == [
        "background",
        "background",
        "a",
    ]


def test_startup_calls_stay_startup() -> None:
    """What the service asks before the first request belongs to its start."""
    assert groups(call("/poll", "startup"), call("/poll", "background")) == [
        "startup",
        "background",
    ]


def test_the_configuration_may_name_background_routes() -> None:
    """`dependencies.*.background` names what no recording happened to show."""
    assert groups(call("/poll", "a"), named=(("d", "GET /poll"),)) == ["background"]


def test_who_is_called_in_the_background() -> None:
    """A dependency that only requests call is not."""
    assert ticking([call("/x", "a"), call("/x", "startup")]) == frozenset()
    assert ticking([call("/x", "a"), call("/poll", "background")]) == {"d"}
