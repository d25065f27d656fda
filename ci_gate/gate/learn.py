"""`learn`: the unchanged service is replayed under its mocks, and what varies is written beside the
exchanges, with the evidence, for review in a pull request."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from ci_gate.codecs.registry import codec
from ci_gate.config.options import RunOptions
from ci_gate.correlation.bindings import find
from ci_gate.errors import UsageError
from ci_gate.gate import events
from ci_gate.gate.folding import fold_leftover
from ci_gate.gate.learning import teach
from ci_gate.gate.planning import make_plan
from ci_gate.gate.rehearsing import rehearse
from ci_gate.gate.summary import LearnSummary
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, Part
from ci_gate.model.snapshot import Snapshot
from ci_gate.store.snapshot import write_snapshot

REPLAYS = 3
AHEAD = timedelta(days=31)
"""How far the clock of the last replay is ahead, so that what follows it shows."""


async def learn(options: RunOptions, sink: events.Sink, replays: int = REPLAYS) -> LearnSummary:
    """Replay the snapshot `replays` times, one boot each, and write what was learned.

    Nothing is written when a replay cannot be explained: the summary says what was unfaithful.
    Raises UsageError for configuration and snapshot, CannotRun for the environment.
    """
    if not (options.service.command or options.service.image):
        raise UsageError("learn starts the service itself: give service.command, or `-- CMD`")
    if replays < 2:
        raise UsageError(f"learn from at least 2 replays, not {replays}: one shows nothing varying")
    options = msgspec.structs.replace(options, only=())
    fold_leftover(options.snapshot, options.routes, sink)
    plan = make_plan(options)
    if not plan.steps:
        raise UsageError(plan.nothing)
    snapshot = fresh(plan.snapshot)
    plan = msgspec.structs.replace(plan, snapshot=snapshot)
    rehearsals = []
    for number in range(1, replays + 1):
        sink(events.Stage("learn", f"replay {number} of {replays}"))
        shift = AHEAD if number == replays and replays > 2 else timedelta()
        one = await rehearse(options, plan, sink, shift)
        rehearsals.append(one)
        if one.failure:
            break
    ahead = [at for at, one in enumerate(rehearsals) if one.ahead]
    taught = teach(snapshot, rehearsals, plan.rules, ahead)
    if not taught.unfaithful:
        write_snapshot(options.snapshot, taught.snapshot)
    return LearnSummary(
        snapshot=options.snapshot,
        replays=len(rehearsals),
        noise=taught.noise,
        rebased=taught.rebased,
        bindings=len(taught.snapshot.bindings.inbound) + len(taught.snapshot.bindings.outbound),
        unfaithful=taught.unfaithful,
        note=rehearsals[-1].note,
        last_lines=rehearsals[-1].last_lines,
        exit_code=1 if taught.unfaithful else 0,
    )


def fresh(snapshot: Snapshot) -> Snapshot:
    """The snapshot without what was learned before, and with the bindings it shows by itself."""
    bare = msgspec.structs.replace(
        snapshot,
        inbound=tuple(msgspec.structs.replace(one, noise=()) for one in snapshot.inbound),
        outbound=tuple(msgspec.structs.replace(one, noise=()) for one in snapshot.outbound),
    )
    protocols = {one.name: codec(one.protocol) for one in snapshot.dependencies}

    def parts_of(exchange: Exchange, message: Message) -> tuple[Part, ...]:
        return protocols.get(exchange.dependency, codec("http")).places(message)

    return msgspec.structs.replace(bare, bindings=find(bare, parts_of))
