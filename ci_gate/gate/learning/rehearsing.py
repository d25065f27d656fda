"""One replay of the unchanged service under its mocks, to see what it says: nothing is judged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from ci_gate.codecs.registry import codec
from ci_gate.config.options import RunOptions
from ci_gate.gate import events
from ci_gate.gate.observing.answering import answered
from ci_gate.gate.observing.callrecords import explained, live_calls, recorded_calls
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.learned import Learning
from ci_gate.gate.observing.replaying import Replay
from ci_gate.gate.planning import Plan
from ci_gate.gate.serving.identity import new_identity
from ci_gate.gate.serving.running import Running
from ci_gate.gate.serving.service import Serving
from ci_gate.mocks.server import LiveCall
from ci_gate.model.call import Answered, CallRecord
from ci_gate.model.exchange import BACKGROUND, STARTUP
from ci_gate.model.message import Message
from ci_gate.recorder.background import ticking
from ci_gate.replayer.client import Replayer
from ci_gate.replayer.samples import FAILED, Samples

LINGERING = 40.0
"""Seconds that calls are waited for which are made by the clock."""


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What the service said in one replay; messages redacted, addresses in them as names."""

    responses: dict[str, Message]
    """Inbound exchange id -> its live response."""
    in_recorded_terms: dict[str, Message] = {}
    """Those with recorded values for what the service makes up and sends to dependencies, where that
    is another answer."""
    requests: dict[str, Message]
    """Recorded call id -> the live request that it answered (the first)."""
    calls: tuple[CallRecord, ...]
    """All calls in their order, with the nearest recorded ones beside each miss."""
    failures: dict[str, str]
    """Inbound exchange id -> why it got no answer."""
    answered: dict[str, Answered] = {}
    """When the inbound exchanges were, by their ids."""
    blocking: frozenset[str] = frozenset()
    """Recorded calls whose answers were kept back, without anything going on meanwhile."""
    timed: frozenset[str] = frozenset()
    """Stand-ins of tokens that carry the time they were made at."""
    failure: str = ""
    """The service did not come up, or died."""
    last_lines: tuple[str, ...] = ()
    ahead: bool = False
    """The service's clock was ahead of the recording's."""
    paced: bool = False
    """The requests came at the recorded pace."""
    clocked: bool = False
    """The service went by the recording's clock, shifted or not."""
    note: str = ""
    """Why its clock could not be moved, or may not have been."""


async def rehearse(
    options: RunOptions,
    plan: Plan,
    sink: events.Sink,
    shift: timedelta = timedelta(),
    *,
    lingering: bool = False,
) -> Rehearsal:
    """Boot the service, its clock `shift` ahead of the recording's where it can be moved, and
    replay the plan once. `lingering`: then wait for recorded calls that are made by the clock."""
    began = time.monotonic_ns()
    cleaning = Cleaning(options)
    identity = new_identity(plan.snapshot, options.service, options.replay)
    learned = Learning(plan.snapshot, identity)
    serving = Serving(
        options,
        plan,
        cleaning,
        sink,
        learning=True,
        shift=shift,
        identity=identity,
        values=learned.substitution,
    )
    running = Running(options.state_folder, sink, options.service.stop_timeout)
    samples: Samples | None = None
    beside: list[LiveCall] = []
    async with running:
        await serving.start(running, "")
        folder = plan.snapshot.folder
        replay = Replay(plan.steps, serving.addresses, plan.given, folder, learned)
        host = await serving.ready()
        if serving.passed:
            replay = Replay(plan.steps, serving.addresses, plan.given, folder, learned)
        if host:
            replayer = Replayer(
                replay.prepared,
                codec("http"),
                host,
                serving.target.port,
                correlation=serving.correlation,
                settle=options.replay.settle,
                timeout=options.replay.timeout,
                progress=replay.progress(sink),
                moment=serving.timing.advance,
                resting=serving.resting,
            )
            samples = await replayer.run()
            if lingering:
                beside = await _linger(serving, plan)
            await serving.check(samples)
    failure = serving.failure
    responses = _responses(plan, replay, samples, cleaning, serving)
    turned = _in_recorded_terms(plan, replay, samples, cleaning, serving, learned)
    requests = _requests(serving, cleaning)
    return Rehearsal(
        responses=responses,
        in_recorded_terms=turned,
        requests=requests,
        timed=cleaning.timed,
        calls=tuple(explained(_calls(serving, began, beside), recorded_calls(plan.snapshot))),
        blocking=_blocking(serving),
        answered=answered(plan.snapshot, plan.steps, samples, began) if samples else {},
        failures=_failures(plan, samples),
        failure=failure.reason if failure is not None else "",
        last_lines=failure.last_lines if failure is not None else (),
        ahead=bool(shift) and serving.timing.clock is not None,
        paced=any(step.due for step in plan.steps),
        clocked=serving.clocked,
        note=serving.timing.note or serving.unmoved,
    )


async def _linger(serving: Serving, plan: Plan) -> list[LiveCall]:
    """Wait for calls that are made by the clock: for as long as the recording took, where it has
    seen that there are such. Returns what else jobs have called then, which no run would hear."""
    ticks = ticking(plan.snapshot.outbound)
    due = {
        entry.exchange.id: entry
        for name, mock in serving.mocks.mocks.items()
        if name in ticks
        for entry in mock.matcher.entries
        if not (entry.uses or entry.session or set(entry.groups) & {BACKGROUND, STARTUP})
    }
    calls = serving.mocks.server.calls
    before = len(calls)
    last = max((one.at for one in plan.snapshot.outbound), default=0.0) / 1000
    end = time.monotonic() + min(last, LINGERING)
    while any(not one.uses for one in due.values()):
        if not serving.alive() or time.monotonic() > end:
            break
        await asyncio.sleep(0.05)
    return [one for one in calls[before:] if one.entry is None or one.entry.exchange.id not in due]


def _responses(
    plan: Plan, replay: Replay, samples: Samples | None, cleaning: Cleaning, serving: Serving
) -> dict[str, Message]:
    if samples is None:
        return {}
    http = codec("http")
    return {
        step.exchange.id: cleaning.message(
            http, replay.recorded(at, samples), "response", serving.addresses
        )
        for at, step in enumerate(plan.steps)
        if samples.states[at] != FAILED
    }


def _in_recorded_terms(
    plan: Plan,
    replay: Replay,
    samples: Samples | None,
    cleaning: Cleaning,
    serving: Serving,
    learned: Learning,
) -> dict[str, Message]:
    """See `Rehearsal.in_recorded_terms`."""
    found: dict[str, Message] = {}
    http = codec("http")
    for at, step in enumerate(plan.steps) if samples is not None else ():
        assert samples is not None
        if samples.states[at] == FAILED:
            continue
        response = replay.recorded(at, samples)
        changed = learned.substitution.made_up_in(http.places(response))
        if changed:
            message = http.with_places(response, changed)
            found[step.exchange.id] = cleaning.message(http, message, "response", serving.addresses)
    return found


def _failures(plan: Plan, samples: Samples | None) -> dict[str, str]:
    if samples is None:
        return {}
    return {
        step.exchange.id: samples.failures.get(at, "not replayed")
        for at, step in enumerate(plan.steps)
        if samples.states[at] == FAILED
    }


def _requests(serving: Serving, cleaning: Cleaning) -> dict[str, Message]:
    requests: dict[str, Message] = {}
    for call in serving.mocks.server.calls:
        if call.entry is None or call.request is None or call.entry.exchange.id in requests:
            continue
        protocol = serving.mocks.mocks[call.dependency].codec
        requests[call.entry.exchange.id] = cleaning.message(
            protocol, call.request, "request", serving.addresses
        )
    return requests


def _blocking(serving: Serving) -> frozenset[str]:
    return frozenset(
        call.entry.exchange.id
        for call in serving.mocks.server.calls
        if call.entry is not None and call.turn is not None and not call.turn.overtaken
    )


def _calls(serving: Serving, began: int, beside: Sequence[LiveCall]) -> list[CallRecord]:
    mocks, left = serving.mocks, {id(one) for one in beside}
    calls = [one for one in mocks.server.calls if id(one) not in left]
    return live_calls(calls, mocks.mocks, serving.addresses, began)
