"""Calls heard again: the same calls match as they did, other calls as they would have."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.hearing import Hearing
from ci_gate.gate.observing.observation import Observation, Observed
from ci_gate.gate.planning import make_plan
from ci_gate.mocks.matcher import MISS, WINDOW
from ci_gate.net.loop import run


@pytest.fixture
def observed(acting: Any) -> Any:
    """A function that gives (hearing, what was observed of a service)."""

    def once(how: str = "") -> tuple[Hearing, Observed]:
        options = acting.options(how)
        plan = make_plan(options)
        observation = Observation(options, plan, Cleaning(options), acting.events.append)
        seen = run(observation.run(str(acting.folder / "service.log")))
        return Hearing(options), seen

    return once


def ids(seen: Observed) -> list[tuple[str, int, tuple[str, ...]]]:
    """What answered each call."""
    return [
        (call.entry.exchange.id if call.entry is not None else "", call.tier, call.groups)
        for call in seen.calls
    ]


@pytest.mark.parametrize("how", ["", "twice", "extra", "changed", "write-twice", "new-host"])
def test_the_same_calls_match_as_they_did(observed: Any, how: str) -> None:
    """Hits, repeats, misses and refused hosts alike."""
    hearing, seen = observed(how)
    assert ids(hearing.again(seen)) == ids(seen)


def test_what_was_heard_is_not_touched(observed: Any) -> None:
    """It can be heard any number of times: matchers and what was learned are new each time."""
    hearing, seen = observed()
    before = ids(seen)
    first, second = hearing.again(seen), hearing.again(seen)
    assert first.learning is not seen.learning
    assert first.mocks["greetings"] is not second.mocks["greetings"]
    assert ids(first) == ids(second) == ids(seen) == before


def test_a_call_made_twice_finds_its_answer_once(observed: Any) -> None:
    """A write is answered as often as it was recorded."""
    hearing, seen = observed()
    calls = [*seen.calls, seen.calls[1]]
    heard = hearing.again(msgspec.structs.replace(seen, calls=calls))
    assert [call.tier for call in heard.calls] == [WINDOW, WINDOW, MISS]


def test_another_argument_is_a_miss(observed: Any) -> None:
    """Nothing is served because it is merely similar."""
    hearing, seen = observed()
    request = msgspec.structs.replace(seen.calls[0].request, target=b"/greeting?for=eve")
    calls = [msgspec.structs.replace(seen.calls[0], request=request), seen.calls[1]]
    heard = hearing.again(msgspec.structs.replace(seen, calls=calls))
    assert [call.tier for call in heard.calls] == [MISS, WINDOW]
    assert heard.calls[0].entry is None
