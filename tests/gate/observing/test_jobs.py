"""Jobs that a recording has seen."""

from __future__ import annotations

import msgspec

from ci_gate.gate.observing.jobs import begun_at_start, keys_of
from ci_gate.model.exchange import Exchange
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from tests.correlation.traffic import ask, say

TIMES = tuple(f"2026-05-01T10:00:0{second}Z" for second in range(3))


def job(second: int, group: str) -> tuple[Exchange, Exchange]:
    """The rates are fetched, and kept in a cache with the time they are of."""
    poll = Exchange(
        id=f"poll-{second}",
        dependency="rates",
        route="r",
        groups=(group,),
        at=second * 1000.0,
        took=1.0,
        request=ask("/rates"),
        response=say({"rate": 1.0837, "at": TIMES[second]}),
    )
    kept = msgspec.structs.replace(
        poll,
        id=f"kept-{second}",
        dependency="cache",
        at=second * 1000.0 + 5,
        request=ask("/kept", {"rate": 1.0837, "at": TIMES[second]}),
        response=say({}),
    )
    return poll, kept


def snapshot(*outbound: Exchange) -> Snapshot:
    """Two dependencies."""
    names = ("rates", "cache")
    dependencies = tuple(Dependency(name=name, address=f"http://{name}") for name in names)
    return Snapshot(origin=Origin(service="s"), dependencies=dependencies, outbound=outbound)


def test_a_job_that_keeps_what_it_was_told_makes_one_call() -> None:
    """Each time with another value, which nobody but its poll has told; other values count."""
    recorded = snapshot(*job(0, "startup"), *job(1, "a"), *job(2, "background"))
    keys = keys_of(recorded)
    first, second, third = (one for one in recorded.outbound if one.dependency == "cache")
    assert keys(first) == keys(second) == keys(third)
    other = ask("/kept", {"rate": 2.5, "at": TIMES[0]})
    assert keys(msgspec.structs.replace(first, request=other)) != keys(first)


def test_what_a_job_does_first_is_known_among_the_calls_of_the_start() -> None:
    """Of a call that comes again in the background; of any other the start keeps its own."""
    once = msgspec.structs.replace(job(0, "startup")[1], id="once", request=ask("/once", {"n": 1}))
    recorded = snapshot(once, *job(0, "startup"), *job(1, "background"))
    assert begun_at_start(recorded) == {"poll-0", "kept-0"}
    assert begun_at_start(snapshot(once, *job(0, "startup"))) == frozenset()
