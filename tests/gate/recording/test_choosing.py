"""`record --new-only`: what shows something new."""

from __future__ import annotations

from ci_gate.gate.recording.choosing import new_only
from ci_gate.model.snapshot import Snapshot
from ci_gate.store.fold import fold
from ci_gate.store.journal import Recording
from tests.gate.test_distilling import ORIGIN, PAY, exchange, recorded


def test_new_only() -> None:
    """Of a second recording only kinds that the snapshot does not show, with what they need; what
    is there stays as it is, also where the same request was answered otherwise."""
    old = [one for one in recorded(1) if one.response.status != 404]  # type: ignore[union-attr]  # HTTP
    first = fold(ORIGIN, (PAY,), old, None, 300).snapshot
    again = [
        exchange("i1", "POST", "/orders", 0.0, {"id": "ord-10000000"}, status=201),
        exchange("i2", "POST", "/orders", 1.0, {"why": "no"}, status=409),
        exchange("i3", "GET", "/orders/ord-10000000", 2.0, {"id": "ord-10000000", "n": 1}),
        exchange("o4", "POST", "/charge", 1.2, {}, "i2"),
    ]
    told = Recording(origin=ORIGIN, dependencies=(PAY,), exchanges=tuple(again), torn=False)
    kept = new_only(told, first, 300)
    assert {one.id for one in kept.exchanges} >= {"i2", "i3", "o4"}
    both = fold(ORIGIN, (PAY,), kept.exchanges, first, 300, "new").snapshot
    assert isinstance(both, Snapshot)
    assert {one.id for one in first.inbound} <= {one.id for one in both.inbound}
    statuses = [one.response.status for one in both.inbound if one.route == "POST /orders"]  # type: ignore[union-attr]  # HTTP
    assert sorted(statuses) in ([201, 409], [201, 201, 409])
    once_more = new_only(told, both, 300)
    assert once_more.exchanges == ()
