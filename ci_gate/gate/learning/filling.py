"""`learn --fill`: requests that were imported without an answer get that of the unchanged service.

It is booted among its mocks and asked once, in recorded order. An answer that came about while a
call was refused is not what the service says; it is left open, and told.
"""

from __future__ import annotations

import datetime

import msgspec

from ci_gate.codecs.registry import codec, codec_of
from ci_gate.config.options import RunOptions
from ci_gate.errors import CannotRun
from ci_gate.gate import events
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.observation import Observation, Observed
from ci_gate.gate.planning import make_plan
from ci_gate.gate.recording.folding import fold_leftover
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpResponse
from ci_gate.model.snapshot import Snapshot
from ci_gate.replayer.samples import DIFFERENT, EQUAL
from ci_gate.store.snapshot import read_snapshot, write_snapshot
from ci_gate.values.named import with_names

_OPEN = HttpResponse(status=999, reason=b"open")
"""Stands where an answer is to come; no service says it."""


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """What filling came to."""

    filled: int = 0
    left: tuple[str, ...] = ()
    """Requests that have no answer yet, each with the reason."""


async def fill(options: RunOptions, sink: events.Sink) -> Filled:
    """Give every request an answer, and write the snapshot. Raises CannotRun when the service does
    not run, UsageError for snapshot and configuration."""
    fold_leftover(options.snapshot, options.routes, sink)
    options = msgspec.structs.replace(options, only=())
    snapshot = read_snapshot(options.snapshot)
    waiting = {one.id for one in snapshot.inbound if one.response is None}
    if not waiting:
        return Filled()
    sink(events.Stage("fill", f"{len(waiting)} requests have no recorded answer"))
    plan = make_plan(options, opened)
    cleaning = Cleaning(options)
    seen = await Observation(options, plan, cleaning, sink).run("")
    if seen.failure is not None:
        raise CannotRun(f"nothing could be asked: {seen.failure.reason}")
    refused = {group: what for groups, what in _refused(seen) for group in groups}
    found: dict[str, Exchange] = {}
    left = []
    for at, step in enumerate(plan.steps):
        exchange = step.exchange
        if exchange.id not in waiting:
            continue
        answered = seen.samples.states[at] in (EQUAL, DIFFERENT)
        if exchange.id in refused:
            what = cleaning.line(refused[exchange.id])
            left.append(f"{exchange.route}: it called what nobody has recorded: {what}")
        elif not answered:
            why = seen.samples.failures.get(at, "no answer")
            left.append(f"{exchange.route}: {cleaning.line(why)}")
        else:
            found[exchange.id] = _answered(exchange, seen, at, cleaning)
    write_snapshot(options.snapshot, _with(snapshot, found, plan.started_at))
    return Filled(filled=len(found), left=tuple(left))


def opened(snapshot: Snapshot) -> Snapshot:
    """The snapshot with something in place of every answer that is missing."""
    return msgspec.structs.replace(
        snapshot,
        inbound=tuple(
            msgspec.structs.replace(one, response=_OPEN) if one.response is None else one
            for one in snapshot.inbound
        ),
    )


def _refused(seen: Observed) -> list[tuple[tuple[str, ...], str]]:
    """The groups of each call that no mock could answer, and what it was."""
    found = []
    for call in seen.calls:
        if call.entry is not None or call.migration:
            continue
        asked = "" if call.request is None else codec_of(call.request).label(call.request)
        found.append((call.groups, f"{call.dependency} {asked}".rstrip()))
    return found


def _answered(exchange: Exchange, seen: Observed, at: int, cleaning: Cleaning) -> Exchange:
    assert seen.replay is not None
    response = with_names(seen.replay.recorded(at, seen.samples), seen.addresses)
    filled = cleaning.change(codec("http"), exchange, response)
    return msgspec.structs.replace(filled, took=round(seen.samples.latencies[at] / 1e6, 3))


def _with(snapshot: Snapshot, found: dict[str, Exchange], now: datetime.datetime) -> Snapshot:
    """The snapshot with these answers; where nothing was recorded at a time, its time is now."""
    recorded_at = snapshot.origin.recorded_at or now.isoformat(timespec="milliseconds")
    return msgspec.structs.replace(
        snapshot,
        origin=msgspec.structs.replace(snapshot.origin, recorded_at=recorded_at),
        inbound=tuple(found.get(one.id, one) for one in snapshot.inbound),
    )
