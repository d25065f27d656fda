"""`run`: the gate. Mocks up, service up and ready, replay, compare, judge, report, all stopped."""

from __future__ import annotations

import time

import msgspec

from ci_gate.codecs.registry import codec
from ci_gate.config.options import RunOptions
from ci_gate.diff.calls import Compared as ComparedCalls
from ci_gate.diff.calls import compare_calls
from ci_gate.diff.equality import Equality
from ci_gate.errors import UsageError
from ci_gate.gate import escaping, events
from ci_gate.gate.cleaning import Cleaning
from ci_gate.gate.folding import fold_leftover
from ci_gate.gate.judging import About, Evidence, judged, last_lines
from ci_gate.gate.learned import Learning
from ci_gate.gate.mocking import explained, live_calls, recorded_calls
from ci_gate.gate.planning import Plan, make_plan
from ci_gate.gate.replaying import Compared, Replay, undone
from ci_gate.gate.reporting import run_directory, write_run
from ci_gate.gate.running import Running
from ci_gate.gate.serving import Serving
from ci_gate.model.difference import Difference
from ci_gate.model.result import Result
from ci_gate.replayer.client import Replayer
from ci_gate.replayer.samples import Samples


async def run(options: RunOptions, sink: events.Sink) -> Result:
    """Gate the service as it is now against the snapshot; the run directory is written.

    A failed gate, also a service that does not start, is a result; so is a snapshot with nothing
    to replay, for which nothing is started. Raises UsageError for configuration and snapshot,
    CannotRun for what the environment does not give.
    """
    began = time.monotonic()
    service = options.service
    if not (service.command or service.url or service.image):
        raise UsageError(
            "nothing to run: give service.command in ci-gate.yml, or `ci-gate run -- CMD`"
        )
    fold_leftover(options.snapshot, options.routes, sink)
    gate = _Gate(options, make_plan(options), sink)
    with run_directory(options, gate.plan.started_at) as folder:
        if gate.plan.steps:
            running = Running(options.state_folder, sink, service.stop_timeout)
            async with running:
                await gate.replay(running, folder.service_log)
            gate.notice_connections(running)
        sink(events.Stage("compare"))
        outcome = judged(gate.evidence(began))
        result = msgspec.structs.replace(
            outcome.result, report_only=options.report_only, edits=options.edits
        )
        write_run(folder, msgspec.structs.replace(outcome, result=result))
        sink(events.Stage("report", folder.path))
    return result


class _Gate:
    """One run: what it goes by, and what it has observed so far."""

    def __init__(self, options: RunOptions, plan: Plan, sink: events.Sink) -> None:
        self.plan = plan
        self._options = options
        self._sink = sink
        self._cleaning = Cleaning(options)
        self._learning = Learning(plan.snapshot)
        self._serving = Serving(options, plan, self._cleaning, sink)
        self._replay: Replay | None = None
        self._samples = Samples(len(plan.steps))
        self._apart: tuple[Difference, ...] = ()
        self._began = time.monotonic_ns()

    async def replay(self, running: Running, log_path: str) -> None:
        """Everything up, ready, replayed."""
        serving, options = self._serving, self._options.replay
        await serving.start(running, log_path)
        # Made while the service boots.
        replay = self._replay = Replay(
            self.plan.steps,
            serving.addresses,
            options.headers,
            self.plan.snapshot.folder,
            self._learning,
        )
        host = await serving.ready()
        if not host:
            return
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
        )
        self._samples = await replayer.run()
        await serving.check(self._samples)

    def notice_connections(self, running: Running) -> None:
        """Take over what is known of connections when everything is stopped."""
        known = escaping.Known(self.plan.snapshot.dependencies, self._options.dependencies)
        self._apart = (
            *escaping.differences(running.escapes.addresses, known),
            *escaping.broken(self._serving.mocks.server.notes),
        )
        if running.escapes.note and not self._options.service.url:
            self._serving.notices.append(running.escapes.note)

    def evidence(self, began: float) -> Evidence:
        """Compare everything. `began`: monotonic seconds."""
        options, failure = self._options, self._serving.failure
        equality = Equality()
        notices = list(self._serving.notices)
        reasons = []
        if self._replay is None:
            notices.append(self.plan.nothing)
        if failure is not None:
            reasons.append(failure.reason)
            notices.append(last_lines(failure))
        overflow = self._serving.mocks.server.overflow
        if overflow:
            reasons.append(f"{overflow} more outbound calls were made than can be compared")
        return Evidence(
            about=About(
                mode="run",
                service=options.service.name,
                snapshot=options.snapshot,
                config=options.config,
                folder=options.folder,
            ),
            plan=self.plan,
            steps=self._compare_answers(equality),
            samples=self._samples,
            calls=self._compare_calls(equality) if self._replay is not None else None,
            apart=self._apart,
            equality=equality,
            cleaning=self._cleaning,
            failure="; ".join(reasons),
            notices=(*notices, *self._varied()),
            seconds=time.monotonic() - began,
        )

    def _varied(self) -> tuple[str, ...]:
        count = self._learning.varied()
        return (f"{count} places varied as learned",) if count else ()

    def _compare_answers(self, equality: Equality) -> tuple[Compared, ...]:
        if self._replay is None:
            return ()
        if self._samples.begun_at:
            return tuple(self._replay.compare(self._samples, self.plan.rules, equality))
        failure = self._serving.failure
        why = failure.reason if failure is not None else ""
        return tuple(undone(one, "not-replayed", why) for one in self.plan.steps)

    def _compare_calls(self, equality: Equality) -> ComparedCalls:
        serving, steps = self._serving, self.plan.steps
        recorded = recorded_calls(self.plan.snapshot)
        live = live_calls(
            serving.mocks.server.calls, serving.mocks.mocks, serving.addresses, self._began
        )
        booted = bool(self._samples.begun_at)
        compared = compare_calls(
            recorded,
            explained(live, recorded),
            self.plan.rules,
            equality,
            {one.exchange.id: one.exchange.route for one in steps if one.judged and booted},
            startup=not self._options.service.url,
            learned=self._learning.calls(),
        )
        if booted:
            return compared
        # A service that did not come up has not made its calls; those it made may say why.
        made = tuple(one for one in compared.differences if one.change != "missing")
        return msgspec.structs.replace(compared, differences=made, missing=0)
