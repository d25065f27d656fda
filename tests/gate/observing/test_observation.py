"""One boot and one replay: what is seen of the service, before anything is compared."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.observation import Observation, Observed
from ci_gate.gate.planning import make_plan
from ci_gate.net.loop import run
from ci_gate.replayer.samples import DIFFERENT, EQUAL
from ci_gate.store.snapshot import read_snapshot


@pytest.fixture
def observed(acting: Any) -> Any:
    """`observed("value")`: the acting service, behaving so, observed once; nothing may be left."""

    def once(how: str = "", **more: Any) -> Observed:
        options = acting.options(how, **more)
        plan = make_plan(options)
        observation = Observation(options, plan, Cleaning(options), acting.events.append)
        seen = run(observation.run(str(acting.folder / "service.log")))
        acting.check_nothing_left()
        return seen

    return once


def test_answers_and_calls(observed: Any) -> None:
    """Every answer has its sample, and every call that reached a mock is there in its order."""
    seen = observed()
    assert set(seen.samples.states) == {EQUAL}
    assert [call.groups for call in seen.calls] == [("bb010000-1",), ("bb020000-1",)]
    assert (seen.failure, seen.overflow, seen.started) == (None, 0, True)


def test_nothing_is_judged(observed: Any) -> None:
    """A service that misbehaves is observed as it is."""
    seen = observed("value")
    assert seen.samples.states[0] == DIFFERENT
    assert b'"id": 8' in seen.samples.responses[0].body


def test_a_service_that_does_not_start(observed: Any) -> None:
    """Its end is told, and nothing was replayed."""
    seen = observed("ends-badly")
    assert "exit code 1" in seen.failure.reason
    assert not seen.samples.begun_at


def test_nothing_to_replay(observed: Any, acting: Any) -> None:
    """Without a step nothing is started."""
    empty = msgspec.structs.replace(read_snapshot(acting.snapshot), inbound=(), outbound=())
    acting.write(empty)
    assert observed("ends-badly").replay is None


def test_a_service_without_a_port_is_refused_before_anything_starts(acting: Any) -> None:
    """What cannot be observed is refused when the observation is made."""
    bare = msgspec.structs.replace(read_snapshot(acting.snapshot), inbound=(), outbound=())
    origin = msgspec.structs.replace(bare.origin, service_port=0)
    acting.write(msgspec.structs.replace(bare, origin=origin))
    options = acting.options(service=acting.service(auto_port=False))
    with pytest.raises(UsageError, match="port"):
        Observation(options, make_plan(options), Cleaning(options), acting.events.append)
