"""One boot and one replay of the service among its mocks, observed: nothing is compared yet."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import msgspec

from ci_gate.codecs.registry import codec
from ci_gate.config.options import RunOptions
from ci_gate.gate import events
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.learned import Learning
from ci_gate.gate.observing.replaying import Replay
from ci_gate.gate.planning import Plan
from ci_gate.gate.serving import escaping
from ci_gate.gate.serving.identity import new_identity
from ci_gate.gate.serving.running import Running
from ci_gate.gate.serving.service import Serving
from ci_gate.mocks.server import LiveCall, Mock
from ci_gate.model.difference import Difference
from ci_gate.replayer.client import Replayer
from ci_gate.replayer.samples import Samples
from ci_gate.service.log import ServiceLog
from ci_gate.service.outcome import ServiceFailed
from ci_gate.values.addresses import Addresses


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What the service said and called, before anything of it is compared."""

    plan: Plan
    learning: Learning
    replay: Replay | None = None
    """None: there was nothing to replay, and nothing was started."""
    samples: Samples
    calls: Sequence[LiveCall] = ()
    """What reached the mocks, in its order."""
    mocks: Mapping[str, Mock] = {}
    addresses: Addresses = Addresses({})
    started: bool = True
    """The service was started by us, so that what it called at its start was seen."""
    began: int = 0
    """Monotonic nanoseconds, from which the times of calls count."""
    apart: tuple[Difference, ...] = ()
    """Differences of connections, which are no calls: escapes, failed handshakes."""
    overflow: int = 0
    """Calls that were made and are not kept."""
    failure: ServiceFailed | None = None
    log: ServiceLog | None = None
    """What the service printed; None when it was not started by us."""
    notices: tuple[str, ...] = ()


class Observation:
    """One boot and one replay, prepared. Raises UsageError for snapshot and service."""

    def __init__(
        self, options: RunOptions, plan: Plan, cleaning: Cleaning, sink: events.Sink
    ) -> None:
        self._options = options
        self._plan = plan
        self._sink = sink
        identity = new_identity(plan.snapshot, options.service, options.replay)
        self._learning = Learning(plan.snapshot, identity)
        values = self._learning.substitution
        self._serving = Serving(options, plan, cleaning, sink, values=values, identity=identity)
        self._samples = Samples(len(plan.steps))
        self._began = time.monotonic_ns()

    async def run(self, log_path: str) -> Observed:
        """Everything up, ready, replayed, and stopped again; a service that fails is told, too.

        Raises CannotRun for what the environment does not give.
        """
        if not self._plan.steps:
            return Observed(plan=self._plan, learning=self._learning, samples=self._samples)
        options, serving = self._options, self._serving
        running = Running(options.state_folder, self._sink, options.service.stop_timeout)
        async with running:
            await serving.start(running, log_path)
            # Made while the service boots.
            replay = self._prepared()
            host = await serving.ready()
            if serving.passed:
                replay = self._prepared()
            if host:
                self._learning.keep_clock(serving.clocked)
                await self._replay(replay, host)
                await serving.check(self._samples)
        return self._observed(replay, running)

    def _prepared(self) -> Replay:
        plan = self._plan
        addresses, folder = self._serving.addresses, plan.snapshot.folder
        return Replay(plan.steps, addresses, plan.given, folder, self._learning)

    async def _replay(self, replay: Replay, host: str) -> None:
        serving, options = self._serving, self._options.replay
        self._sink(events.Stage("replay", f"{len(replay.steps)} requests"))
        replayer = Replayer(
            replay.prepared,
            codec("http"),
            host,
            serving.target.port,
            tls=serving.target.tls(),
            correlation=serving.correlation,
            concurrency=options.concurrency,
            settle=options.settle,
            timeout=options.timeout,
            progress=replay.progress(self._sink),
            moment=serving.timing.advance,
            resting=serving.resting,
        )
        self._samples = await replayer.run()
        self._leave_out_turns(self._samples)

    def _leave_out_turns(self, samples: Samples) -> None:
        """What our mocks have kept a request waiting for is not its service's latency."""
        turns = self._serving.mocks.server.turns
        if turns is not None:
            for at, step in enumerate(self._plan.steps):
                samples.held[at] = turns.delays.get(step.exchange.id, 0)

    def _observed(self, replay: Replay, running: Running) -> Observed:
        """What is known when everything is stopped."""
        options, serving = self._options, self._serving
        server = serving.mocks.server
        started = not options.service.url
        known = escaping.Known(self._plan.snapshot.dependencies, options.dependencies)
        notices = [*serving.notices]
        if running.escapes.note and started:
            notices.append(running.escapes.note)
        return Observed(
            plan=self._plan,
            learning=self._learning,
            replay=replay,
            samples=self._samples,
            calls=server.calls,
            mocks=serving.mocks.mocks,
            addresses=serving.addresses,
            started=started,
            began=self._began,
            apart=(
                *escaping.differences(running.escapes.addresses, known),
                *escaping.broken(server.broken),
            ),
            overflow=server.overflow,
            failure=serving.failure,
            log=serving.log,
            notices=tuple(notices),
        )
