"""`learn`: the unchanged service is replayed under its mocks, and what varies is written beside the
exchanges, with the evidence, for review in a pull request."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from ci_gate.codecs.registry import codec
from ci_gate.config.options import RunOptions
from ci_gate.correlation.bindings import find
from ci_gate.diff.rules import Rules
from ci_gate.errors import UsageError
from ci_gate.gate import events
from ci_gate.gate.learning import filling, lesson
from ci_gate.gate.learning.clockwork import by_the_clock, in_background
from ci_gate.gate.learning.pacing import FAST, RECORDED, hurt, reason, suffers, unready, unsteady
from ci_gate.gate.learning.rehearsing import Rehearsal, rehearse
from ci_gate.gate.learning.rotting import risks
from ci_gate.gate.learning.teaching import Taught, teach
from ci_gate.gate.planning import Plan, make_plan
from ci_gate.gate.recording.folding import fold_leftover
from ci_gate.gate.serving.hiding import Hidden
from ci_gate.gate.summary import LearnSummary
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, Part
from ci_gate.model.snapshot import Snapshot
from ci_gate.service.load import busy_machine
from ci_gate.store.snapshot import write_snapshot

REPLAYS = 3
PATIENCE = 60.0
"""Seconds."""
RESTARTS = 3
"""How often learning begins again with more calls in the background."""
_SHOWN = 3
AHEAD = timedelta(days=31)
"""How far the clock of the last replay is ahead, so that what follows it shows."""


async def learn(
    options: RunOptions,
    sink: events.Sink,
    replays: int = REPLAYS,
    *,
    busy: bool = False,
    fill: bool = False,
) -> LearnSummary:
    """Replay the snapshot `replays` times, one boot each, and write what was learned. `busy`: the
    second time while other processes load every core. `fill`: see `filling`, first.

    One boot more where a fast replay suffers from its haste (see `pacing`), and all replays again
    at the recorded pace where fast ones cannot be explained and a recording takes no longer than
    `PATIENCE`. Nothing is written when a replay cannot be explained: the summary says what was
    unfaithful. Raises UsageError for configuration and snapshot, CannotRun for the environment.
    """
    check(options, replays)
    options = msgspec.structs.replace(options, only=())
    filled = await filling.fill(options, sink) if fill else filling.Filled()
    if filled.left:
        return LearnSummary(
            snapshot=options.snapshot,
            replays=0,
            filled=filled.filled,
            left=filled.left,
            exit_code=1,
        )
    fold_leftover(options.snapshot, options.routes, sink)
    plan = make_plan(options)
    if not plan.steps:
        raise UsageError(plan.nothing)
    plan = msgspec.structs.replace(plan, snapshot=fresh(plan.snapshot))
    rehearsing = _Rehearsing(options, plan, sink, busy=busy)
    await rehearsing.all(replays)
    snapshot = rehearsing.snapshot
    plan = msgspec.structs.replace(plan, snapshot=snapshot)
    rehearsals, pace = rehearsing.usable()
    taught = _taught(snapshot, rehearsals, plan.rules)
    if not pace and rehearsing.may_go_slowly():
        early = await _asked_too_early(rehearsing, taught, plan)
        if taught.unfaithful or early:
            slow = await rehearsing.slowly(replays)
            again = _taught(snapshot, slow, plan.rules)
            if early or len(again.unfaithful) < len(taught.unfaithful):
                pace = unready(early) if early else unsteady(taught.unfaithful)
                rehearsals, taught = slow, again
    if not taught.unfaithful:
        write_snapshot(options.snapshot, _paced(taught.snapshot, options, pace))
    summary = _summary(options, plan.rules, rehearsals, taught, pace)
    return msgspec.structs.replace(summary, filled=filled.filled)


async def _asked_too_early(rehearsing: _Rehearsing, taught: Taught, plan: Plan) -> list[str]:
    """Routes that all fast replays answer otherwise than was recorded, and one at the recorded pace
    does not: asked so fast, the service was not ready."""
    if taught.unfaithful or not any(map(_rebased, taught.snapshot.inbound)):
        return []
    once = _taught(plan.snapshot, [await rehearsing.slowly_once()], plan.rules).snapshot
    still = {one.id: _rebased(one) for one in once.inbound}
    return [
        one.route for one in taught.snapshot.inbound if _rebased(one) - still.get(one.id, set())
    ]


def _rebased(exchange: Exchange) -> set[str]:
    return {one.at for one in exchange.rebased}


def _taught(snapshot: Snapshot, rehearsals: Sequence[Rehearsal], rules: Rules) -> Taught:
    ahead = [at for at, one in enumerate(rehearsals) if one.ahead]
    return teach(snapshot, rehearsals, rules, ahead)


def _summary(
    options: RunOptions,
    rules: Rules,
    rehearsals: Sequence[Rehearsal],
    taught: Taught,
    pace: str,
) -> LearnSummary:
    hide = Hidden(options.replay.secrets).text
    bindings = taught.snapshot.bindings
    faithful = not taught.unfaithful
    return LearnSummary(
        snapshot=options.snapshot,
        replays=len(rehearsals),
        noise=lesson.varies(taught.snapshot) if faithful else (),
        rebased=lesson.rebased(taught.snapshot) if faithful else (),
        bindings=len(bindings.inbound) + len(bindings.outbound) if faithful else 0,
        pace=pace if faithful else "",
        risks=risks(taught.snapshot, rules, options.dependencies)
        if faithful and not rehearsals[-1].clocked
        else (),
        unfaithful=lesson.unfaithful(taught.unfaithful, hide),
        erratic=lesson.erratic(taught.snapshot, taught.erratic),
        note=rehearsals[-1].note,
        last_lines=rehearsals[-1].last_lines,
        exit_code=0 if faithful else 1,
    )


def check(options: RunOptions, replays: int) -> None:
    """Raise UsageError for what cannot be learned from, before anything is started."""
    if not (options.service.command or options.service.image):
        raise UsageError("learn starts the service itself: give service.command, or `-- CMD`")
    if replays < 2:
        raise UsageError(f"learn from at least 2 replays, not {replays}: one shows nothing varying")


class _Rehearsing:
    """The replays of one lesson, each a boot of the service."""

    def __init__(self, options: RunOptions, plan: Plan, sink: events.Sink, *, busy: bool) -> None:
        self._options = options
        self._sink = sink
        self._busy = busy
        self.snapshot = plan.snapshot
        """The recording; what was found to be nobody's is in the background."""
        self._restarts = 0
        pace = options.replay.pace
        # What an earlier lesson said of the pace is learned anew.
        self._plan = plan.at_pace(FAST) if pace == "auto" else plan
        paced = plan.at_pace(RECORDED)
        can_help = pace == "auto" and any(step.due for step in paced.steps)
        self._slower = paced if can_help else None
        self._done: list[Rehearsal] = []

    async def all(self, replays: int) -> None:
        """Rehearse; stops early when the service fails."""
        for number in range(1, replays + 1):
            shift = AHEAD if number == replays and replays > 2 else timedelta()
            self._sink(events.Stage("learn", f"replay {number} of {replays}"))
            one = await self._once(shift, loaded=number == 2, lingering=number == 1)
            if self._found_clockwork():
                await self.all(replays)
                return
            if not one.failure and number == 1 and self._slower is not None:
                await self._try_slower(self._slower)
            if self._done[-1].failure:
                return

    def _found_clockwork(self) -> bool:
        """Put what the service turns out to do by the clock into the background. True when that was
        something: it is to be learned anew, because it will be answered otherwise."""
        settle = self._options.replay.settle * 1000
        found = by_the_clock(self.snapshot, self._done[-1:], settle)
        if not found or self._restarts == RESTARTS:
            return False
        self._restarts += 1
        routes = dict.fromkeys(one.route for one in self.snapshot.outbound if one.id in found)
        told = ", ".join(list(routes)[:_SHOWN]) + (", …" if len(routes) > _SHOWN else "")
        text = f"{len(found)} calls are made by the clock, not by requests ({told}); begin again"
        self._sink(events.Stage("learn", text))
        self.snapshot = in_background(self.snapshot, found)
        self._plan = msgspec.structs.replace(self._plan, snapshot=self.snapshot)
        if self._slower is not None:
            self._slower = msgspec.structs.replace(self._slower, snapshot=self.snapshot)
        self._done.clear()
        return True

    async def _try_slower(self, slower: Plan) -> None:
        if not suffers(self._done[-1], self.snapshot):
            return
        seconds = slower.steps[-1].due / 1000
        self._sink(
            events.Stage(
                "learn",
                "calls are missing or statuses others: once more, at the recorded pace "
                f"({seconds:.0f} s)",
            )
        )
        fast, self._plan = self._plan, slower
        await self._once(timedelta())
        if not hurt(self._done, self.snapshot):
            self._plan = fast

    def may_go_slowly(self) -> bool:
        """True when all of it can be tried again at the recorded pace."""
        return (
            self._slower is not None
            and not self._done[-1].failure
            and self._slower.steps[-1].due / 1000 <= PATIENCE
        )

    async def slowly_once(self) -> Rehearsal:
        """One replay at the recorded pace; an earlier one will do."""
        assert self._slower is not None
        known = [one for one in self._done if one.paced and not one.ahead]
        if known:
            return known[0]
        seconds = self._slower.steps[-1].due / 1000
        text = f"answers are not as recorded: once more, at the recorded pace ({seconds:.0f} s)"
        self._sink(events.Stage("learn", text))
        fast, self._plan = self._plan, self._slower
        try:
            return await self._once(timedelta())
        finally:
            self._plan = fast

    async def slowly(self, replays: int) -> list[Rehearsal]:
        """As many replays at the recorded pace, the last of them ahead."""
        assert self._slower is not None
        self._plan = self._slower
        slow = [one for one in self._done if one.paced and not one.ahead][: replays - 1]
        seconds = self._plan.steps[-1].due / 1000
        for number in range(len(slow) + 1, replays + 1):
            self._sink(
                events.Stage(
                    "learn",
                    f"again, at the recorded pace ({seconds:.0f} s), replay {number} of {replays}",
                )
            )
            shift = AHEAD if number == replays and replays > 2 else timedelta()
            slow.append(await self._once(shift, loaded=number == 2))
            if slow[-1].failure:
                break
        return slow

    async def _once(
        self, shift: timedelta, *, loaded: bool = False, lingering: bool = False
    ) -> Rehearsal:
        with busy_machine() if loaded and self._busy else contextlib.nullcontext():
            one = await rehearse(self._options, self._plan, self._sink, shift, lingering=lingering)
        self._done.append(one)
        return self._done[-1]

    def usable(self) -> tuple[list[Rehearsal], str]:
        """The replays to learn from, and why they are those at the recorded pace: what haste has
        spoilt teaches nothing. "" when all are used."""
        spoilt = hurt(self._done, self.snapshot)
        if not spoilt or self._done[-1].failure:
            return self._done, ""
        told = reason(spoilt, self.snapshot, next(one for one in self._done if not one.paced))
        return [one for one in self._done if one.paced], told


def _paced(snapshot: Snapshot, options: RunOptions, pace: str) -> Snapshot:
    if options.replay.pace != "auto":
        return snapshot  # that is the configuration's to say
    origin = msgspec.structs.replace(snapshot.origin, pace=RECORDED if pace else FAST)
    return msgspec.structs.replace(snapshot, origin=origin)


def fresh(snapshot: Snapshot) -> Snapshot:
    """The snapshot without what was learned before, and with the bindings it shows by itself."""
    bare = msgspec.structs.replace(
        snapshot,
        inbound=tuple(msgspec.structs.replace(one, noise=()) for one in snapshot.inbound),
        outbound=tuple(
            msgspec.structs.replace(one, noise=(), blocking=False) for one in snapshot.outbound
        ),
    )
    protocols = {one.name: codec(one.protocol) for one in snapshot.dependencies}

    def parts_of(exchange: Exchange, message: Message) -> tuple[Part, ...]:
        return protocols.get(exchange.dependency, codec("http")).places(message)

    return msgspec.structs.replace(bare, bindings=find(bare, parts_of))
