"""`replay`: a snapshot's requests sent to a running service, its answers compared. Answers only:
what the service calls is `run`'s to see."""

from __future__ import annotations

import time

from ci_gate.codecs.registry import codec
from ci_gate.config.options import ReplayVerbOptions
from ci_gate.diff.equality import Equality
from ci_gate.gate import events
from ci_gate.gate.judging.allowing import allowed
from ci_gate.gate.judging.baseline import letting_pass
from ci_gate.gate.judging.judged import About, Evidence, judged, last_lines
from ci_gate.gate.judging.reporting import run_directory, write_run
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.learned import Learning
from ci_gate.gate.observing.replaying import Replay, undone
from ci_gate.gate.planning import Plan, make_plan
from ci_gate.gate.recording.folding import fold_leftover
from ci_gate.gate.serving import target
from ci_gate.gate.serving.boot import Surroundings, service_address
from ci_gate.gate.serving.clocking import Timing
from ci_gate.gate.serving.identity import new_identity, times_of
from ci_gate.gate.serving.running import Running, death
from ci_gate.model.result import Result
from ci_gate.replayer.client import Replayer
from ci_gate.replayer.samples import Samples
from ci_gate.service.container import Container
from ci_gate.service.log import ServiceLog
from ci_gate.service.outcome import ServiceFailed
from ci_gate.service.process import Process
from ci_gate.service.readiness import wait_ready
from ci_gate.values.addresses import Addresses

NOT_MEASURED = "outbound calls were not measured: `ci-gate run` compares them, too"


async def replay(options: ReplayVerbOptions, sink: events.Sink) -> Result:
    """Replay the snapshot against `options.target`, starting CMD first when there is one.

    CMD has our environment without CI tokens, and its output goes to service.log. Raises UsageError
    for snapshot and target; a target that does not answer is a result.
    """
    began = time.monotonic()
    fold_leftover(options.snapshot, options.routes, sink)
    replayed = _Replayed(options, make_plan(options), sink)
    what = letting_pass(options, replayed.plan)
    with run_directory(options, replayed.plan.started_at) as folder:
        if replayed.plan.steps:
            running = Running(options.state_folder, sink, options.service.stop_timeout)
            async with running:
                await replayed.run(running, folder.service_log)
        outcome = judged(allowed(replayed.evidence(began), what))
        write_run(folder, outcome)
    return outcome.result


class _Replayed:
    """One replay: what it goes by, and what it has observed so far."""

    def __init__(self, options: ReplayVerbOptions, plan: Plan, sink: events.Sink) -> None:
        self.plan = plan
        self._options = options
        self._sink = sink
        self._cleaning = Cleaning(options)
        self._target = target.of_flag(options.target, plan.snapshot.origin.service_port)
        addresses = Addresses({"service": self._target.spellings})
        self._identity = new_identity(plan.snapshot, options.service, options.replay)
        self._identity.begin(times_of(plan.snapshot, Timing()), addresses)
        self._replay = Replay(
            plan.steps,
            addresses,
            plan.given,
            plan.snapshot.folder,
            Learning(plan.snapshot, self._identity),
        )
        self._samples = Samples(len(plan.steps))
        self._failure: ServiceFailed | None = None

    async def run(self, running: Running, log_path: str) -> None:
        """Start CMD, wait for it, replay."""
        options, where = self._options, self._target
        process = await self._start(running, log_path) if options.service.command else None
        if self._failure is not None:
            return
        text = f"{len(self.plan.steps)} requests to {where.authority}"
        self._sink(events.Stage("replay", text))
        replayer = Replayer(
            self._replay.prepared,
            codec("http"),
            where.host,
            where.port,
            tls=where.tls(),
            concurrency=options.replay.concurrency,
            timeout=options.replay.timeout,
            progress=self._replay.progress(self._sink),
        )
        self._samples = await replayer.run()
        if process is not None:
            self._failure = await death(process, suspected=bool(self._samples.failures))

    async def _start(self, running: Running, log_path: str) -> Process | Container:
        service, where = self._options.service, self._target
        self._sink(events.Stage("service", " ".join(service.command)))
        expect = service.ready.what if service.ready.how == "log" else ""
        log = ServiceLog(log_path, self._cleaning.line, expect)
        around = Surroundings(addresses=service_address(where.port), secrets=self._identity.secrets)
        process = await running.start(service, around, log)
        up = await wait_ready(service.ready, where.host, where.port, process, log)
        self._failure = up if isinstance(up, ServiceFailed) else None
        return process

    def evidence(self, began: float) -> Evidence:
        """Compare everything. `began`: monotonic seconds."""
        options, plan, failure = self._options, self.plan, self._failure
        equality = Equality()
        notices = [NOT_MEASURED] if plan.steps else [plan.nothing]
        if failure is not None:
            notices.append(last_lines(failure))
        if failure is None or self._samples.begun_at:
            steps = tuple(self._replay.compare(self._samples, plan.rules, equality))
        else:
            steps = tuple(undone(one, "not-replayed", failure.reason) for one in plan.steps)
        return Evidence(
            about=About(
                mode="replay",
                service=options.service.name,
                snapshot=options.snapshot,
                config=options.config,
                folder=options.folder,
            ),
            plan=plan,
            steps=steps,
            samples=self._samples,
            equality=equality,
            cleaning=self._cleaning,
            failure=failure.reason if failure is not None else "",
            notices=tuple(notices),
            seconds=time.monotonic() - began,
        )
