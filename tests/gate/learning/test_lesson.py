"""What was taught, told per route and place."""

from __future__ import annotations

import msgspec

from ci_gate.gate.learning import lesson
from ci_gate.gate.learning.teaching import Reason
from ci_gate.gate.summary import Rebase, Unfaithful, Varies
from ci_gate.model.exchange import Exchange
from ci_gate.model.noise import Noise, Rebased
from ci_gate.model.snapshot import Snapshot


def noisy(exchange: Exchange, *noise: Noise) -> Exchange:
    """The exchange with what was learned of it."""
    return msgspec.structs.replace(exchange, noise=noise)


def test_places_of_one_route_are_one_line(recorded: Snapshot) -> None:
    """Indices are folded, exchanges are counted, kinds that differ are kept apart."""
    first, second = recorded.inbound
    second = msgspec.structs.replace(second, route=first.route)
    items = [Noise(at=f"response.body.$.items[{n}].id", kind="uuid") for n in (0, 2)]
    one = Noise(at="response.body.$.took", kind="integer", low=0, high=100)
    two = Noise(at="response.body.$.took", kind="integer", low=0, high=300)
    call = noisy(recorded.outbound[0], Noise(at="call", kind="optional"))
    snapshot = msgspec.structs.replace(
        recorded,
        inbound=(noisy(first, *items, one), noisy(second, items[0], two)),
        outbound=(call, *recorded.outbound[1:]),
    )
    ids, took, optional = lesson.varies(snapshot)
    assert ids == Varies(
        route=first.route,
        place="response.body.$.items[*].id",
        kind="uuid",
        text="uuid",
        exchanges=2,
    )
    assert (took.kind, took.text, took.exchanges) == ("integer", "integer (differs by exchange)", 2)
    assert optional.route == f"{call.route} ({call.dependency})"


def test_rebased_places_are_told_one_by_one(recorded: Snapshot) -> None:
    """Each is to be reviewed: with its exchange, and both values."""
    first, second = recorded.inbound
    place = Rebased(at="response.body.$.host", recorded='"a"', expected='"b"')
    snapshot = msgspec.structs.replace(
        recorded, inbound=(msgspec.structs.replace(first, rebased=(place,)), second)
    )
    assert lesson.rebased(snapshot) == (
        Rebase(
            route=first.route,
            exchange=first.id,
            place="response.body.$.host",
            recorded='"a"',
            expected='"b"',
        ),
    )


def test_reasons_that_say_the_same_are_told_once() -> None:
    """Of one route, whatever values were seen; and nothing that must not be shown."""
    reasons = [
        Reason(route="GET /a", exchange=f"a-{n}", why=f"response.body.$.x[{n}] varies", seen=str(n))
        for n in range(3)
    ]
    reasons.append(Reason(why="replay 1: it died of hunger"))
    told = lesson.unfaithful(reasons, lambda text: text.replace("hunger", "…"))
    assert told == (
        Unfaithful(
            route="GET /a",
            why="response.body.$.x[0] varies (seen: 0)",
            exchange="a-0",
            exchanges=3,
        ),
        Unfaithful(route="", why="replay 1: it died of …"),
    )


def test_a_service_that_is_not_deterministic(recorded: Snapshot) -> None:
    """It is told of when most routes vary, not when some do."""
    routes = [one.route for one in recorded.inbound]
    assert len(set(routes)) == 2
    assert lesson.erratic(recorded, routes) == tuple(routes)
    assert lesson.erratic(recorded, routes[:1]) == ()
    assert lesson.erratic(recorded, ()) == ()
