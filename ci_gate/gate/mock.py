"""`mock`: a snapshot's dependencies, played for a service or a test suite of the user's."""

from __future__ import annotations

import asyncio
import datetime

from ci_gate.config.options import MockVerbOptions
from ci_gate.correlation.correlation import Correlation
from ci_gate.diff.rules import Rules
from ci_gate.gate import events
from ci_gate.gate.observing.callrecords import explained, live_calls, recorded_calls
from ci_gate.gate.observing.effects import with_effects
from ci_gate.gate.observing.learned import refuse
from ci_gate.gate.recording.folding import fold_leftover
from ci_gate.gate.serving.boot import Surroundings, service_address
from ci_gate.gate.serving.identity import own_secrets
from ci_gate.gate.serving.listeners import spellings
from ci_gate.gate.serving.mocking import Mocks
from ci_gate.gate.serving.running import Running
from ci_gate.gate.summary import Miss, MockSummary, Refused
from ci_gate.net.certificates import Authority
from ci_gate.service.outcome import shell_code
from ci_gate.service.ports import free_port
from ci_gate.store.snapshot import read_snapshot
from ci_gate.values.addresses import Addresses


async def mock(options: MockVerbOptions, sink: events.Sink) -> MockSummary:
    """Serve the snapshot until CMD ends or the verb is cancelled, which is a normal end.

    Raises UsageError for an unreadable snapshot, CannotRun for a port in use.
    """
    fold_leftover(options.snapshot, (), sink)
    snapshot = with_effects(read_snapshot(options.snapshot), options.dependencies)
    refuse(snapshot)
    mocks = Mocks(
        snapshot,
        options.dependencies,
        Rules(options.rules, datetime.datetime.now(datetime.UTC).date().isoformat()),
        Correlation(0, by_time=False),
        Authority.open(options.state_folder),
        alone=True,
        recorded_latency=options.mocks.latency == "recorded",
    )
    async with Running(options.state_folder, sink, options.service.stop_timeout) as running:
        around = await _listen(options, mocks, running, sink)
        try:
            code = await _serve(options, around, running)
        except asyncio.CancelledError:
            sink(events.Note("stopping"))
            code = 0
    return _summary(mocks, code)


async def _listen(
    options: MockVerbOptions, mocks: Mocks, running: Running, sink: events.Sink
) -> Surroundings:
    running.at_end(mocks.stop)
    addresses = await mocks.listen(running.listeners, options.out_port, fixed=True)
    mocks.prepare(Addresses(spellings(addresses)))
    sink(events.Addresses(addresses))
    return Surroundings(
        proxy=addresses["proxy"],
        authority=mocks.authority,
        addresses=addresses | service_address(options.service.port or free_port()),
        direct=tuple(one.partition("://")[2] or one for one in addresses.values()),
        secrets={one.signing.secret: one.text for one in own_secrets(options.service)},
    )


async def _serve(options: MockVerbOptions, around: Surroundings, running: Running) -> int:
    """CMD's exit code; without CMD there is no end but a cancellation."""
    if not (options.service.command or options.service.image):
        await asyncio.Event().wait()
    process = await running.start(options.service, around, None)
    return shell_code(await process.wait())


def _summary(mocks: Mocks, code: int) -> MockSummary:
    server = mocks.server
    live = live_calls(server.calls, mocks.mocks, Addresses({}), 0)
    misses: dict[tuple[str, str], Miss] = {}
    for call in explained(live, recorded_calls(mocks.snapshot)):
        if call.new_host:
            continue
        place = (call.dependency, call.label)
        known = misses.get(place)
        misses[place] = Miss(
            dependency=call.dependency,
            label=call.label,
            nearest=known.nearest if known is not None else call.nearest,
            count=known.count + 1 if known is not None else 1,
        )
    return MockSummary(
        matched=sum(one.answered for one in mocks.mocks.values()),
        unmatched=len(server.calls) + server.overflow,
        unused=sum(
            not (entry.uses or entry.session)
            for one in mocks.mocks.values()
            for entry in one.matcher.entries
        ),
        misses=tuple(misses.values()),
        refused=tuple(
            Refused(dependency=name, reason=reason, count=count)
            for (name, reason), count in server.broken.items()
        ),
        new_hosts=tuple(dict.fromkeys(one.dependency for one in live if one.new_host)),
        exit_code=code,
    )
