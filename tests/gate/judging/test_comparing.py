"""What was observed, compared: the evidence, without a service."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ci_gate.gate.judging.comparing import blamed, earlier_writes, evidence_of
from ci_gate.gate.judging.judged import About, Evidence
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.learned import Learning
from ci_gate.gate.observing.observation import Observation, Observed
from ci_gate.gate.observing.replaying import Replay
from ci_gate.gate.planning import make_plan
from ci_gate.mocks.server import LiveCall
from ci_gate.model.binding import Binding, Bindings, Spot
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest
from ci_gate.model.noise import Noise
from ci_gate.net.loop import run
from ci_gate.replayer.samples import Samples
from ci_gate.service.outcome import ServiceFailed
from ci_gate.values.addresses import Addresses
from tests.gate.conftest import acted

ABOUT = About(mode="run", service="acting", snapshot="snapshot", config="", folder=".")


@pytest.fixture
def compared(acting: Any) -> Any:
    """`compared(answered=True, …)`: evidence of a run in which all answers were those recorded
    and no call was made."""
    options = acting.options()
    plan = make_plan(options)
    learning = Learning(plan.snapshot)
    addresses = Addresses({})

    def once(*, answered: bool = True, **seen: Any) -> Evidence:
        samples = Samples(len(plan.steps))
        replay = Replay(plan.steps, addresses, plan.given, plan.snapshot.folder, learning)
        if answered:
            samples.begun_at = 1
            for at, one in enumerate(replay.prepared):
                samples.answer(at, one.expected.response, one.expected, 1000)
        given = {"replay": replay, "samples": samples, **seen}
        observed = Observed(plan=plan, learning=learning, addresses=addresses, **given)
        return evidence_of(observed, ABOUT, Cleaning(options), 1.0)

    return once


def test_equal_answers_and_missing_calls(compared: Any) -> None:
    """Every step is compared, and calls that were not made are missing."""
    evidence = compared()
    assert len(evidence.steps) == 7
    assert all(one.answered and not one.differences for one in evidence.steps)
    assert [one.change for one in evidence.calls.differences] == ["missing", "missing"]
    assert evidence.failure == ""


def test_calls_of_a_service_that_did_not_come_up(compared: Any) -> None:
    """What it had no chance to call is not missing; what it called is told."""
    failure = ServiceFailed(reason="ended with exit code 4", last_lines=("asked for settings",))
    refused = LiveCall("new.example:443", None, None, 5, ("startup",), 10, True)
    evidence = compared(answered=False, failure=failure, calls=[refused])
    assert {one.differences[0].change for one in evidence.steps} == {"not-replayed"}
    assert [one.change for one in evidence.calls.differences] == ["new-host"]
    assert evidence.calls.missing == 0
    assert evidence.failure == "ended with exit code 4"
    assert "asked for settings" in evidence.notices[-1]


def test_calls_beyond_those_kept_fail_the_run(compared: Any) -> None:
    """Nothing is passed over in silence."""
    assert compared(overflow=3).failure == "3 more outbound calls were made than can be compared"


def test_nothing_replayed(compared: Any) -> None:
    """Without a replay there are no calls to measure, and a notice says why."""
    evidence = compared(replay=None)
    assert (evidence.steps, evidence.calls) == ((), None)
    assert "--only" in evidence.notices[0]


def test_what_varied_is_told(compared: Any) -> None:
    """The count of places that varied as learned is kept, to be a notice."""
    assert compared().varied == 0


@pytest.mark.parametrize("whole", [False, True])
def test_what_varied_is_counted_once(acting: Any, whole: bool) -> None:
    """Also where the calls of all requests are looked at once more: a shard's share is that of one
    run."""
    noise = (Noise(at="request.query.for", kind="integer", replays=3, seen=("1", "2")),)
    snapshot = acted()
    hello = msgspec.structs.replace(
        snapshot.outbound[0],
        noise=noise,
        request=HttpRequest(
            method="GET",
            target=b"/greeting?for=7",
            headers=snapshot.outbound[0].request.headers,
        ),
    )
    acting.write(msgspec.structs.replace(snapshot, outbound=(hello, *snapshot.outbound[1:])))
    options = acting.options("numbers")
    cleaning = Cleaning(options)
    observation = Observation(options, make_plan(options), cleaning, acting.events.append)
    seen = run(observation.run(str(acting.folder / "service.log")))
    assert evidence_of(seen, ABOUT, cleaning, 1.0, whole=whole).varied == 1


def test_calls_with_made_up_values_are_told(compared: Any) -> None:
    """How many were matched by tier 4 is kept, to be a notice."""
    call = LiveCall("new.example", None, None, 4, ("startup",), 10, True)
    assert [compared(calls=calls).bound for calls in ([], [call], [call] * 2)] == [0, 1, 2]


def test_seconds_and_about_are_handed_on(compared: Any) -> None:
    """What the caller knows of the run is in the evidence."""
    evidence = compared()
    assert (evidence.about, evidence.seconds) == (ABOUT, 1.0)
    assert msgspec.structs.asdict(ABOUT)["mode"] == "run"


def test_earlier_writes_to_the_same_resource() -> None:
    """What an exchange may build on: writes before it whose paths are about the same thing."""
    names = ("POST /orders", "GET /users", "GET /orders/{id}", "POST /orders", "GET /")
    inbound = [
        Exchange(id=str(at), route=route, request=HttpRequest(route.partition(" ")[0], b"/"))
        for at, route in enumerate(names)
    ]
    found = earlier_writes(inbound, {"0", "1", "2", "3", "4"})
    assert found == {"2": ("0",), "3": ("0",)}
    assert earlier_writes(inbound, {"1"}) == {}


def test_who_did_not_bring_a_value() -> None:
    """The producer of a value that a request lacked; the one that is named, of several."""
    made = [
        Binding(
            name=f"B{at}",
            value=name,
            made=Spot(exchange=name, at="response.body.$.id"),
            used=(Spot(exchange="u", at="path[1]"),),
        )
        for at, name in enumerate(("p1", "p2"))
    ]
    bindings = Bindings(inbound=tuple(made))
    assert blamed(bindings, lambda _name: "POST /a (p2) gave none", {"u"}) == {"u": "p2"}
    assert blamed(bindings, lambda _name: "", {"u"}) == {}
    assert blamed(bindings, lambda _name: "x", ()) == {}
