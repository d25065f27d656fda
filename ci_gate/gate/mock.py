"""`mock`: a snapshot's dependencies, played for a service or a test suite of the user's."""

from __future__ import annotations

import asyncio
import datetime

from ci_gate.config.options import MockVerbOptions
from ci_gate.correlation.correlation import Correlation
from ci_gate.diff.rules import Rules
from ci_gate.gate import events
from ci_gate.gate.boot import Surroundings, service_address, start_command
from ci_gate.gate.listeners import LOOPBACK, Listeners
from ci_gate.gate.mocking import Mocks, explained, live_calls, recorded_calls
from ci_gate.gate.summary import Miss, MockSummary
from ci_gate.net.certificates import Authority
from ci_gate.service.leftovers import Leftovers, clear
from ci_gate.service.ports import free_port
from ci_gate.store.snapshot import read_snapshot
from ci_gate.values.addresses import Addresses


async def mock(options: MockVerbOptions, sink: events.Sink) -> MockSummary:
    """Serve the snapshot until CMD ends or the verb is cancelled, which is a normal end.

    Raises UsageError for an unreadable snapshot, CannotRun for a port in use.
    """
    clear(options.state_folder)
    snapshot = read_snapshot(options.snapshot)
    rules = Rules(options.rules, datetime.date.today().isoformat())
    authority = Authority.open(options.state_folder)
    mocks = Mocks(
        snapshot,
        options.dependencies,
        rules,
        Correlation(0, by_time=False),
        authority,
        alone=True,
        recorded_latency=options.mocks.latency == "recorded",
    )
    listeners = Listeners()
    with Leftovers(options.state_folder) as leftovers:
        try:
            addresses = await mocks.listen(listeners, options.out_port, fixed=True)
            mocks.prepare(Addresses(spellings(addresses)))
            sink(events.Addresses(addresses))
            around = Surroundings(
                proxy=addresses["proxy"],
                authority=authority,
                folder=leftovers.folder(),
                addresses=addresses | service_address(options.service.port or free_port()),
                direct=tuple(one.partition("://")[2] for one in addresses.values()),
                marker=leftovers.marker(),
            )
            code = await _serve(options, around)
        finally:
            listeners.close()
            mocks.server.stop()
    return _summary(mocks, code)


async def _serve(options: MockVerbOptions, around: Surroundings) -> int:
    """CMD's exit code; 0 when the verb was cancelled."""
    process = None
    try:
        if not options.service.command:
            await asyncio.Event().wait()
        process = await start_command(options.service, around, None)
        return await process.wait()
    except asyncio.CancelledError:
        return 0
    finally:
        if process is not None:
            await process.stop(options.service.stop_timeout)


def spellings(addresses: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """Names in a snapshot -> how their live addresses may be spelled."""
    found: dict[str, tuple[str, ...]] = {}
    for name, address in addresses.items():
        host_port = address.partition("://")[2] or address
        port = host_port.rpartition(":")[2]
        found[name] = (f"{LOOPBACK}:{port}", f"localhost:{port}")
    return found


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
        unused=sum(not entry.uses for one in mocks.mocks.values() for entry in one.matcher.entries),
        misses=tuple(misses.values()),
        new_hosts=tuple(dict.fromkeys(one.dependency for one in live if one.new_host)),
        exit_code=code,
    )
