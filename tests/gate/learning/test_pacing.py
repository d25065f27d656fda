"""Whether haste has spoilt a replay, and whether the recorded pace cures it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ci_gate.gate.learning.pacing import hurt, reason, suffers, unready, unsteady
from ci_gate.gate.learning.rehearsing import Rehearsal
from ci_gate.gate.learning.teaching import Reason
from ci_gate.gate.observing.callrecords import recorded_calls
from ci_gate.model.message import HttpResponse
from ci_gate.model.snapshot import Snapshot

FIRST, CHARGE = "aaaa1111-1", "cccc1111-1"


@pytest.fixture
def plain(recorded: Snapshot) -> Snapshot:
    """Two inbound exchanges, and one call of the first."""
    calls = tuple(one for one in recorded.outbound if one.id == CHARGE)
    return msgspec.structs.replace(recorded, outbound=calls, dependencies=recorded.dependencies[:1])


def rehearsal(
    snapshot: Snapshot, *, called: bool = True, status: int = 0, **more: Any
) -> Rehearsal:
    """The service behaves as recorded, or leaves its call out, or refuses the first request."""
    responses = {one.id: one.response for one in snapshot.inbound if one.response is not None}
    if status:
        responses[FIRST] = HttpResponse(status=status, headers=(), body=json.dumps({}).encode())
    calls = tuple(
        msgspec.structs.replace(one, id=f"live-{one.id}", matched=one.id, tier=1)
        for one in recorded_calls(snapshot)
    )
    return Rehearsal(
        responses=responses, requests={}, calls=calls if called else (), failures={}, **more
    )


def test_a_replay_as_recorded_does_not_suffer(plain: Snapshot) -> None:
    """Nothing is missing and nothing refused."""
    assert suffers(rehearsal(plain), plain) == frozenset()


@pytest.mark.parametrize(
    ("how", "ids"),
    [
        ({"called": False}, {CHARGE}),
        ({"status": 429}, {FIRST}),
        ({"status": 503}, {FIRST}),
        ({"status": 404}, {FIRST}),
        ({"status": 401}, set()),
    ],
)
def test_what_haste_may_do(plain: Snapshot, how: dict[str, Any], ids: set[str]) -> None:
    """Calls are left out, requests refused, or early; who may not ask may not ask slowly either."""
    assert suffers(rehearsal(plain, **how), plain) == ids


def test_a_refusal_that_was_recorded_is_none(plain: Snapshot) -> None:
    """A client that was refused when recorded is to be refused."""
    inbound = tuple(
        msgspec.structs.replace(one, response=HttpResponse(status=429, headers=(), body=b""))
        if one.id == FIRST
        else one
        for one in plain.inbound
    )
    snapshot = msgspec.structs.replace(plain, inbound=inbound)
    assert suffers(rehearsal(snapshot), snapshot) == frozenset()


def test_the_recorded_pace_cures_it(plain: Snapshot) -> None:
    """Missing in every fast replay, and in none at the recorded pace."""
    fast, slow = rehearsal(plain, called=False), rehearsal(plain, paced=True)
    assert hurt([fast, slow, slow], plain) == {CHARGE}


def test_what_comes_and_goes_is_not_cured(plain: Snapshot) -> None:
    """A call that a paced replay leaves out, too, or a fast one makes, is not a matter of pace."""
    fast, slow = rehearsal(plain, called=False), rehearsal(plain, paced=True)
    again = rehearsal(plain, called=False, paced=True)
    assert hurt([fast, slow, again], plain) == frozenset()
    assert hurt([fast, rehearsal(plain), slow], plain) == frozenset()
    assert hurt([fast, fast], plain) == frozenset()


def test_a_clock_ahead_says_nothing_of_pace(plain: Snapshot) -> None:
    """What has run out after a month is asked for again, or not, for other reasons."""
    fast, slow = rehearsal(plain, called=False), rehearsal(plain, paced=True)
    ahead = rehearsal(plain, called=False, paced=True, ahead=True)
    assert hurt([fast, slow, ahead], plain) == {CHARGE}


def test_the_reason_names_routes(plain: Snapshot) -> None:
    """For a person: what is left out, and what refused."""
    text = reason({FIRST, CHARGE}, plain, rehearsal(plain, status=429))
    assert text == (
        "asked at full speed the service leaves out calls that it makes at the recorded pace "
        "(POST /charges) and refuses requests as too many that it answers then (POST /orders)"
    )


def test_what_was_asked_too_early() -> None:
    """Of what is not ready yet, and of what is not steady, the routes are named."""
    assert unsteady([Reason(route="GET /jobs/{id}", why="status 200 or 404")]) == (
        "asked at full speed the service is not steady (GET /jobs/{id})"
    )
    assert unready(["GET /a", "GET /a", "GET /b"]).endswith("is not ready (GET /a, GET /b)")
    assert unsteady([Reason(why="a call at its start")]).endswith("(at its start)")


def test_another_status_is_told_apart_from_a_refusal(plain: Snapshot) -> None:
    """404 instead of 201 is no refusal as too many."""
    assert reason({FIRST}, plain, rehearsal(plain, status=404)) == (
        "asked at full speed the service answers with another status than at the recorded pace "
        "(POST /orders)"
    )
