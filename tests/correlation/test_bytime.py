"""Causes of calls by their times."""

from __future__ import annotations

from ci_gate.correlation.bytime import with_causes
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.message import HttpRequest


def exchange(name: str, at: float, took: float = 0.0, groups: tuple[str, ...] = ()) -> Exchange:
    """Inbound when its name begins with i."""
    return Exchange(
        id=name,
        dependency="" if name.startswith("i") else "d",
        route="GET /",
        at=at,
        took=took,
        groups=groups,
        request=HttpRequest("GET", b"/"),
    )


def test_by_time() -> None:
    """Within a request, after it, before the first, long after the last, between two."""
    everything = [
        exchange("o0", 0.0),
        exchange("i1", 10.0, 20.0),
        exchange("o1", 10.0),
        exchange("o2", 30.0),
        exchange("o3", 31.0, groups=("i9",)),
        exchange("i2", 40.0, 20.0),
        exchange("i3", 50.0, 20.0),
        exchange("o4", 55.0),
        exchange("o5", 9000.0),
    ]
    groups = {one.id: one.groups for one in with_causes(everything[::-1], 0.5)}
    assert groups["o0"] == (STARTUP,)
    assert groups["o1"] == groups["o2"] == ("i1",)
    assert groups["o3"] == ("i9",)
    assert groups["o4"] == ("i2", "i3")
    assert groups["o5"] == (BACKGROUND,)
