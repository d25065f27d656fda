"""Recorded calls, and the order of the inbound exchanges as the calls tell it."""

from __future__ import annotations

from ci_gate.mocks.entries import Entry, Recorded, ranks
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, Key


def recorded(*groups: str) -> Recorded:
    """A call that any of these may have made."""
    request = HttpRequest("POST", b"/")
    exchange = Exchange(id="o1", dependency="d", route="/", groups=groups, request=request)
    return Recorded(exchange=exchange, key=Key(("POST",), ("POST", b"/")), read=False)


def test_the_order_of_inbound_exchanges() -> None:
    """Who was in flight first came first."""
    found = ranks([recorded("a"), recorded("a", "b"), recorded("c", "b"), recorded("a")])
    assert sorted(found, key=lambda name: found[name]) == ["a", "b", "c"]


def test_an_entry() -> None:
    """It has answered nobody yet."""
    entry = Entry(recorded("a", "b"), 7, 3, 1)
    assert (entry.groups, entry.order, entry.epoch, entry.last) == (("a", "b"), 7, 3, 1)
    assert (entry.read, entry.uses) == (False, 0)
