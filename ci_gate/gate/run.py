"""`run`: the gate. Mocks up, service up and ready, replay, compare, judge, report, all stopped."""

from __future__ import annotations

import asyncio
import datetime
import os
import secrets
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from ci_gate.codecs.registry import codec
from ci_gate.config.options import RunOptions
from ci_gate.correlation.correlation import Correlation
from ci_gate.diff.calls import Compared as ComparedCalls
from ci_gate.diff.calls import compare_calls
from ci_gate.diff.equality import Equality
from ci_gate.diff.rules import Rules
from ci_gate.errors import CannotRun, UsageError
from ci_gate.gate import events
from ci_gate.gate.boot import Surroundings, service_address, start_service
from ci_gate.gate.commit import current_commit
from ci_gate.gate.judging import Evidence, judged
from ci_gate.gate.listeners import LOOPBACK, Listeners
from ci_gate.gate.mock import spellings
from ci_gate.gate.mocking import Mocks, explained, live_calls, recorded_calls
from ci_gate.gate.replaying import Replay
from ci_gate.gate.reporting import write_run
from ci_gate.gate.select import inbound_of, select, with_routes
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import BACKGROUND, STARTUP
from ci_gate.model.result import Result
from ci_gate.net.certificates import Authority
from ci_gate.policy.conditions import parse_all
from ci_gate.replayer.client import Replayer
from ci_gate.replayer.plan import plan
from ci_gate.replayer.samples import Samples
from ci_gate.service.container import Container
from ci_gate.service.leftovers import Leftovers, clear
from ci_gate.service.log import ServiceLog
from ci_gate.service.outcome import ServiceFailed, ServiceUp
from ci_gate.service.ports import free_port, holder_of
from ci_gate.service.process import Process
from ci_gate.service.readiness import wait_ready
from ci_gate.service.watch import Escapes, Watch
from ci_gate.store.runs import RunDirectory
from ci_gate.store.snapshot import read_with_places
from ci_gate.values.addresses import Addresses
from ci_gate.values.redaction import Redactor
from ci_gate.values.standins import StandIns


async def run(options: RunOptions, sink: events.Sink) -> Result:
    """Gate the service as it is now against the snapshot; the run directory is written.

    A failed gate, also a service that does not start, is a result. Raises UsageError for
    configuration and snapshot, CannotRun for what the environment does not give.
    """
    began = time.monotonic()
    clear(options.state_folder)
    with Leftovers(options.state_folder) as leftovers:
        gate = _Gate(options, sink, leftovers)
        try:
            await gate.run()
        finally:
            await asyncio.shield(gate.stop())
        return gate.judge(began)


class _Gate:
    """One run of the gate."""

    def __init__(self, options: RunOptions, sink: events.Sink, leftovers: Leftovers) -> None:
        self.options = options
        self._sink = sink
        self._leftovers = leftovers
        service = options.service
        if not (service.command or service.url or service.image):
            raise UsageError(
                "nothing to run: give service.command in ci-gate.yml, or `ci-gate run -- CMD`"
            )
        policy = options.policy
        self._conditions = parse_all(policy.fail_if, policy.warn_if)
        now = datetime.datetime.now(datetime.UTC)
        self._read = read_with_places(options.snapshot)
        self.snapshot = with_routes(self._read.snapshot, options.routes)
        self._rules = Rules(options.rules, now.date().isoformat())
        only = (
            inbound_of(self.snapshot, select(self.snapshot, options.only)) if options.only else None
        )
        pace = options.replay.pace
        pace = self.snapshot.origin.pace if pace == "auto" else pace
        self._steps = plan(self.snapshot.inbound, only, pace)
        self._port = _port(options, self.snapshot.origin.service_port)
        self._folder = RunDirectory.create(
            options.out, now, os.path.join(options.folder, ".ci-gate")
        )
        self._started = now
        self._correlation = Correlation(0, by_time=False)
        self._mocks = Mocks(
            self.snapshot,
            options.dependencies,
            self._rules,
            self._correlation,
            Authority.open(options.state_folder),
            alone=False,
            recorded_latency=options.mocks.latency == "recorded",
        )
        self._listeners = Listeners()
        self._process: Process | Container | None = None
        self._watch: Watch | None = None
        self._escapes = Escapes(watched=False)
        self._failure: ServiceFailed | None = None
        self._replay: Replay | None = None
        self._samples = Samples(len(self._steps))
        self._addresses = Addresses({})
        self._began = time.monotonic_ns()

    async def run(self) -> None:
        """Everything up, ready, replayed."""
        options = self.options
        self._sink(events.Stage("mocks", f"{len(self._mocks.mocks)} dependencies"))
        by_name = await self._mocks.listen(self._listeners, 0, fixed=bool(options.service.url))
        self._sink(events.Addresses(by_name))
        self._addresses = Addresses(spellings({**by_name, "service": f"{LOOPBACK}:{self._port}"}))
        self._mocks.prepare(self._addresses)
        self._expect()
        host = await self._boot(by_name)
        if not host:
            return
        self._sink(events.Stage("replay", f"{len(self._steps)} requests"))
        self._replay = Replay(
            self._steps, self._addresses, options.replay.headers, self.snapshot.folder
        )
        replayer = Replayer(
            self._replay.prepared,
            codec("http"),
            host,
            self._port,
            correlation=self._correlation,
            concurrency=options.replay.concurrency,
            settle=options.replay.settle,
            timeout=options.replay.timeout,
            progress=lambda done, failed: self._sink(
                events.Progress(done, len(self._steps), failed)
            ),
        )
        self._samples = await replayer.run()
        if self._process is not None and not self._process.alive():
            await self._process.drained()
            self._failure = self._process.failure()

    def _expect(self) -> None:
        """How many calls each inbound exchange is to cause."""
        counts: dict[str, int] = {}
        for call in self.snapshot.outbound:
            for group in call.groups:
                if group not in (STARTUP, BACKGROUND):
                    counts[group] = counts.get(group, 0) + 1
        self._correlation.expect(counts)

    async def _boot(self, by_name: dict[str, str]) -> str:
        """Start the service and wait for it; its host, or "" when it failed."""
        options = self.options
        service = options.service
        if service.url:
            host = urlsplit(service.url).hostname or LOOPBACK
        else:
            host = LOOPBACK
            holder = holder_of(self._port)
            if holder:
                raise CannotRun(
                    f"port {self._port} is the service's and is in use by {holder}; stop it, or "
                    "set service.port: auto"
                )
        self._sink(
            events.Stage("service", service.url or service.image or " ".join(service.command))
        )
        log = None
        if not service.url:
            expect = service.ready.what if service.ready.how == "log" else ""
            log = ServiceLog(self._folder.service_log, _redact_log(), expect)
            around = Surroundings(
                proxy=by_name["proxy"],
                authority=Authority.open(options.state_folder),
                folder=self._leftovers.folder(),
                addresses=by_name | service_address(self._port),
                direct=self._direct(by_name),
                marker=self._leftovers.marker(),
            )
            process = self._process = await start_service(service, around, log)
            self._leftovers.add_processes([process.pid])
            self._watch = Watch(
                process.pid,
                lambda: [one.pid for one in process.members()],
                _allowed(by_name),
            )
        ready = service.ready
        port = int(ready.what) if ready.how == "port" and ready.what.isdigit() else self._port
        up = await wait_ready(ready, host, port, self._process, log)
        if isinstance(up, ServiceUp):
            return up.host
        self._failure = up
        return ""

    def _direct(self, by_name: dict[str, str]) -> tuple[str, ...]:
        return (
            *(one.partition("://")[2] or one for one in by_name.values()),
            f"{LOOPBACK}:{self._port}",
            f"localhost:{self._port}",
        )

    async def stop(self) -> None:
        """Stop everything that was started; nothing is left behind."""
        if self._watch is not None:
            self._escapes = self._watch.close()
            self._watch = None
        if self._process is not None:
            await self._process.stop(self.options.service.stop_timeout)
        self._listeners.close()
        self._mocks.server.stop()

    def judge(self, began: float) -> Result:
        """Compare, judge, and write the run directory."""
        self._sink(events.Stage("compare"))
        equality = Equality()
        steps = (
            self._replay.compare(self._samples, self._rules, equality)
            if self._replay is not None
            else []
        )
        calls = self._compare_calls(equality) if self._replay is not None else ComparedCalls()
        evidence = Evidence(
            mode="run",
            snapshot=self.snapshot,
            places=self._read.places,
            planned=tuple(self._steps),
            steps=tuple(steps),
            samples=self._samples,
            calls=calls,
            escapes=self._escaped(),
            equality=equality,
            rules=self._rules,
            conditions=self._conditions,
            failure=self._failure,
            overflow=self._mocks.server.overflow,
            notices=tuple(
                f"{text} ({count} times)" if count > 1 else text
                for text, count in self._mocks.server.notes.items()
            ),
            snapshot_name=self.options.snapshot,
            config=self.options.config,
            commit=current_commit(self.options.folder),
            service=self.options.service.name,
            started_at=self._started.isoformat(timespec="seconds"),
            seconds=time.monotonic() - began,
        )
        outcome = judged(evidence)
        write_run(self._folder, outcome)
        return outcome.result

    def _compare_calls(self, equality: Equality) -> ComparedCalls:
        judged_routes = {
            step.exchange.id: step.exchange.route for step in self._steps if step.judged
        }
        recorded = recorded_calls(self.snapshot)
        live = live_calls(self._mocks.server.calls, self._mocks.mocks, self._addresses, self._began)
        return compare_calls(
            recorded,
            explained(live, recorded),
            self._rules,
            equality,
            judged_routes,
            startup=not self.options.service.url,
        )

    def _escaped(self) -> tuple[Difference, ...]:
        return tuple(
            Difference(
                change="escape",
                dependency=one.address,
                detail=f"{one.connections} connections went past the mocks to {one.address}",
                actual=one.address,
            )
            for one in self._escapes.addresses
        )


def _port(options: RunOptions, recorded: int) -> int:
    service = options.service
    if service.url:
        parts = urlsplit(service.url)
        return parts.port or (443 if parts.scheme == "https" else 80)
    if service.auto_port:
        return free_port()
    port = service.port or recorded
    if not port:
        raise UsageError("the service's port is not known: set service.port or give --app-port")
    return port


def _allowed(by_name: dict[str, str]) -> list[tuple[str, int]]:
    ports = [int(one.rpartition(":")[2]) for one in by_name.values()]
    return [(LOOPBACK, port) for port in ports]


def _redact_log() -> Callable[[str], str]:
    """Secrets in the service's output are masked; no key is needed for that."""
    return Redactor(StandIns(secrets.token_bytes(32))).text
