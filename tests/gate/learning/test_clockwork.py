"""What replays show to be made by the clock."""

from __future__ import annotations

from collections.abc import Sequence

from ci_gate.gate.learning.clockwork import by_the_clock, in_background
from ci_gate.gate.learning.rehearsing import Rehearsal
from ci_gate.mocks.guessing import ELSEWHERE
from ci_gate.mocks.matcher import WINDOW
from ci_gate.model.call import Answered, CallRecord
from ci_gate.model.exchange import Exchange, Facts
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.snapshot import Dependency, Origin, Snapshot

SETTLE = 500.0


def exchange(name: str, target: str, *groups: str) -> Exchange:
    """Inbound without groups."""
    return Exchange(
        id=name,
        dependency="d" if groups else "",
        route=f"GET {target}",
        groups=groups,
        request=HttpRequest("GET", target.encode(), ((b"Host", b"d"),)),
        response=HttpResponse(200),
    )


def snapshot(*outbound: Exchange) -> Snapshot:
    """Two requests and what they called."""
    return Snapshot(
        origin=Origin(service="s"),
        dependencies=(Dependency(name="d", address="http://d"),),
        inbound=(exchange("a", "/a"), exchange("b", "/b")),
        outbound=outbound,
    )


JOB = exchange("job", "/job", "a")
TICK = exchange("tick", "/tick", "background")


def rehearsal(at: float, tier: int, groups: Sequence[str] = ("a",)) -> Rehearsal:
    """The job was called `at`; request a was answered at 100 ms."""
    call = CallRecord(
        id="live-1",
        dependency="d",
        route="GET /job",
        label="GET /job",
        facts=Facts("read"),
        parts=(),
        groups=tuple(groups),
        at=at,
        matched="job",
        tier=tier,
    )
    times = Answered(recorded=(0.0, 9.0), live=(90.0, 100.0))
    return Rehearsal(responses={}, requests={}, calls=(call,), failures={}, answered={"a": times})


def found(one: Rehearsal, *outbound: Exchange) -> frozenset[str]:
    """What is made by the clock."""
    return by_the_clock(snapshot(*outbound), [one], SETTLE)


def test_what_comes_long_after_the_answer_is_made_by_the_clock() -> None:
    """And what comes within the time that is waited for it is its request's."""
    assert found(rehearsal(601.0, WINDOW), JOB, TICK) == {"job"}
    assert found(rehearsal(600.0, WINDOW), JOB, TICK) == frozenset()


def test_what_another_request_seems_to_make_is_made_by_the_clock() -> None:
    """It was recorded for a request that has not come yet."""
    assert found(rehearsal(10.0, ELSEWHERE, ["b"]), JOB, TICK) == {"job"}


def test_only_services_with_jobs_have_such_calls() -> None:
    """Where nothing was called in the background, late calls stay those of their requests."""
    assert found(rehearsal(900.0, WINDOW), JOB) == frozenset()


def test_what_is_nobodys_already_is_not_found_again() -> None:
    """Else learning would never end."""
    known = exchange("job", "/job", "background")
    assert found(rehearsal(900.0, WINDOW), known, TICK) == frozenset()


def test_every_call_with_its_key_joins_the_background() -> None:
    """As a recording that had seen it there would have it; calls of others stay."""
    same, other = exchange("same", "/job", "b"), exchange("other", "/other", "b")
    moved = in_background(snapshot(JOB, same, other), ["job"])
    assert [one.groups for one in moved.outbound] == [("background",), ("background",), ("b",)]
