"""What the replays themselves would be red for."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ci_gate.diff.rules import Rules
from ci_gate.gate.learning.doubts import doubts
from ci_gate.gate.learning.rehearsing import Rehearsal
from ci_gate.gate.observing.callrecords import recorded_calls
from ci_gate.model.message import HttpResponse
from ci_gate.model.noise import Noise
from ci_gate.model.rule import Rule
from ci_gate.model.snapshot import Snapshot
from ci_gate.values.redaction.standins import StandIns

FIRST, CHARGE = "aaaa1111-1", "cccc1111-1"
JSON = ((b"Content-Type", b"application/json"),)
NO_RULES = Rules((), "2026-09-01")


@pytest.fixture
def plain(recorded: Snapshot) -> Snapshot:
    """Two inbound exchanges, and one call of the first."""
    calls = tuple(one for one in recorded.outbound if one.id == CHARGE)
    return msgspec.structs.replace(recorded, outbound=calls, dependencies=recorded.dependencies[:1])


def rehearsal(snapshot: Snapshot, body: bytes = b"", **more: Any) -> Rehearsal:
    """As recorded, but for the answer to the first request."""
    responses = {one.id: one.response for one in snapshot.inbound if one.response is not None}
    if body:
        responses[FIRST] = HttpResponse(status=201, headers=JSON, body=body)
    calls = tuple(
        msgspec.structs.replace(one, id=f"live-{one.id}", matched=one.id, tier=1)
        for one in recorded_calls(snapshot)
    )
    given: dict[str, Any] = {"responses": responses, "requests": {}, "calls": calls}
    return Rehearsal(**{**given, "failures": {}, **more})


def test_replays_as_recorded_leave_no_doubt(plain: Snapshot) -> None:
    """Nothing differs."""
    assert doubts(plain, [rehearsal(plain)] * 2, NO_RULES) == []


def test_what_was_learned_leaves_no_doubt(plain: Snapshot) -> None:
    """What varies as the snapshot says would pass; a step beyond would not."""
    noise = Noise(at="response.body.$.id", kind="integer", low=0, high=100)
    inbound = tuple(
        msgspec.structs.replace(one, noise=(noise,)) if one.id == FIRST else one
        for one in plain.inbound
    )
    snapshot = msgspec.structs.replace(plain, inbound=inbound)
    fits = rehearsal(plain, b'{"id":8,"items":[{"price":3}]}')
    beyond = rehearsal(plain, b'{"id":101,"items":[{"price":3}]}')
    assert doubts(snapshot, [fits, fits], NO_RULES) == []
    (doubt,) = doubts(snapshot, [fits, beyond], NO_RULES)
    assert (doubt.exchange, doubt.place) == (FIRST, "response.body.$.id")
    assert doubt.why == (
        "response.body.$.id varies otherwise than was learned of it (1 of 2 replays)"
    )
    assert doubt.seen == "7 was recorded, 101 came"


def test_redacted_values_of_replays_leave_no_doubt(plain: Snapshot) -> None:
    """A replay's messages are redacted as the recording's are: another token is another stand-in."""
    made = [StandIns(b"key").stand_in("secret", f"s3cretT0ken{n}") for n in range(3)]
    first = plain.inbound[0]
    bodies = [f'{{"id":7,"token":"{one}"}}'.encode() for one in made]
    recorded = msgspec.structs.replace(
        first,
        response=HttpResponse(status=201, headers=JSON, body=bodies[0]),
        redacted=("response.body.$.token",),
    )
    snapshot = msgspec.structs.replace(plain, inbound=(recorded, *plain.inbound[1:]))
    replays = [rehearsal(snapshot, body) for body in bodies[1:]]
    assert doubts(snapshot, replays, NO_RULES) == []


def test_a_rule_dispels_a_doubt(plain: Snapshot) -> None:
    """Rules excuse as they do in a run."""
    rule = Rule(index=1, at="response.body.$.id", allow="integer", reason="r")
    other = rehearsal(plain, b'{"id":101,"items":[{"price":3}]}')
    assert doubts(plain, [other], NO_RULES)
    assert doubts(plain, [other], Rules((rule,), "2026-09-01")) == []


def test_a_call_that_is_left_out(plain: Snapshot) -> None:
    """Never is another thing than sometimes."""
    without = rehearsal(plain, calls=())
    (never,) = doubts(plain, [without, without], NO_RULES)
    assert (never.call, never.why) == (CHARGE, "POST /charges (payments) is never called")
    (sometimes,) = doubts(plain, [without, rehearsal(plain)], NO_RULES)
    assert sometimes.why == (
        "the write POST /charges (payments) comes and goes: made in 1 of 2 replays"
    )
