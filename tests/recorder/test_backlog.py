"""What was forwarded and is not read yet."""

from __future__ import annotations

from ci_gate.codecs.base import Side
from ci_gate.recorder.backlog import Backlog


def test_it_is_heard_in_the_order_it_came_with_its_time() -> None:
    """Of all connections; only the first asks for the emptying, and once empty it begins anew."""
    backlog, heard = Backlog(), list[tuple[str, Side, bytes, int]]()
    one, two = (
        lambda side, data, at, who=who: heard.append((who, side, data, at))
        for who in ("one", "two")
    )
    assert backlog.add(one, Side.CLIENT, b"a", 1)
    assert not backlog.add(two, Side.SERVER, b"b", 2)
    assert not backlog.add(one, Side.CLIENT, b"", 3)
    assert heard == []
    backlog.empty()
    backlog.empty()
    assert heard == [
        ("one", Side.CLIENT, b"a", 1),
        ("two", Side.SERVER, b"b", 2),
        ("one", Side.CLIENT, b"", 3),
    ]
    assert backlog.add(two, Side.CLIENT, b"c", 4)
