"""`record`: a service's real traffic becomes a snapshot."""

from __future__ import annotations

import asyncio
import datetime
import functools
import os
import time
from collections.abc import Callable
from typing import Any

import msgspec

from ci_gate.codecs.registry import codec
from ci_gate.config.options import RecordOptions
from ci_gate.config.telemetry import is_telemetry
from ci_gate.correlation.correlation import Correlation
from ci_gate.errors import CannotRun
from ci_gate.gate import events
from ci_gate.gate.boot import Surroundings, service_address, start_command
from ci_gate.gate.commit import current_commit
from ci_gate.gate.folding import Ended, check_out, fold_journal
from ci_gate.gate.listeners import LOOPBACK, Listeners
from ci_gate.gate.summary import RecordSummary, Uncaptured
from ci_gate.model.exchange import Exchange
from ci_gate.model.snapshot import Dependency, Origin
from ci_gate.net.certificates import Authority, client_context
from ci_gate.recorder.bodies import LargeBody, OpaqueBody
from ci_gate.recorder.clean import Cleaner
from ci_gate.recorder.dependencies import Dependencies, parse_address
from ci_gate.recorder.exchanges import Recording
from ci_gate.recorder.proxy import Proxies, Target
from ci_gate.service.leftovers import Leftovers, clear
from ci_gate.service.outcome import ServiceFailed
from ci_gate.service.ports import free_port
from ci_gate.service.process import Process
from ci_gate.service.readiness import wait_ready
from ci_gate.service.watch import Escape, Watch
from ci_gate.store.bodies import BodyWriter
from ci_gate.store.journal import Journal, journal_folder, open_journal
from ci_gate.store.statefolder import open_redaction_key
from ci_gate.values.addresses import Addresses
from ci_gate.values.redaction import Redactor
from ci_gate.values.standins import StandIns

PROGRESS_EVERY = 0.5


async def record(options: RecordOptions, sink: events.Sink) -> RecordSummary:
    """Record until CMD ends, the driver ends or the verb is cancelled; then fold the snapshot.

    A cancellation (Ctrl-C, SIGTERM) is a normal end: the summary is returned. Raises UsageError
    for a snapshot that is there already, CannotRun for a port in use or a full disk.
    """
    options = _with_port(options)
    clear(options.state_folder)
    check_out(options, sink)
    with Leftovers(options.state_folder) as leftovers:
        recorder = _Recorder(options, sink, leftovers)
        try:
            await recorder.run()
        finally:
            await asyncio.shield(recorder.stop())
    return fold_journal(options, recorder.ended())


class _Recorder:
    """One recording while it runs."""

    def __init__(self, options: RecordOptions, sink: events.Sink, leftovers: Leftovers) -> None:
        self.options = options
        self.sink = sink
        self.exit_code = 0
        self._leftovers = leftovers
        self._key = self._redaction_key()
        self.redactor = Redactor(StandIns(self._key))
        self._listeners = Listeners()
        self._processes: list[Process] = []
        self._watch: Watch | None = None
        self._uncaptured: tuple[Uncaptured, ...] = ()
        self._local: list[tuple[str, int]] = []
        """Host and port of our own listeners."""
        self._failure: CannotRun | None = None
        self._stopping = asyncio.Event()
        self._journal: Journal | None = None
        self.dependencies = Dependencies(options.dependencies, is_telemetry, self._found)
        self.recording = Recording(
            started=time.monotonic_ns(),
            correlation=Correlation(int(options.recorder.settle * 1e9), by_time=True),
            cleaner=Cleaner(self.redactor, Addresses({}), self._key),
            sink=self._keep,
            body_sink=self._body,
            opaque_sink=lambda: OpaqueBody(self._key),
            failed=self._fail,
        )
        self._authority = Authority.open(options.state_folder)
        self._proxies = Proxies(
            self.recording,
            self._authority,
            functools.cache(lambda: client_context(os.environ)),
            self.dependencies,
        )

    def _redaction_key(self) -> bytes:
        if self.options.redaction_key:
            return bytes.fromhex(self.options.redaction_key)
        key, made = open_redaction_key(self.options.state_folder)
        if made:
            text = (
                f"made a redaction key in {self.options.state_folder}; the same key gives the same "
                "stand-ins again (CI_GATE_REDACTION_KEY overrides it)"
            )
            self.sink(events.Note(text))
        return key

    async def run(self) -> None:
        """Everything up, then wait for what ends the recording."""
        options = self.options
        self._journal = open_journal(options.out, self._origin(), self.dependencies.all())
        addresses, direct = await self._listen()
        self.sink(events.Addresses(addresses))
        around = Surroundings(
            proxy=addresses["proxy"],
            authority=self._authority,
            folder=self._leftovers.folder(),
            addresses=addresses | service_address(options.recorder.app_port),
            direct=direct,
            marker=self._leftovers.marker(),
        )
        try:
            await self._work(around)
        except asyncio.CancelledError:
            self.sink(events.Note("stopping"))
        if self._failure is not None:
            raise self._failure

    async def _work(self, around: Surroundings) -> None:
        options = self.options
        ends: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._stopping.wait())]
        if options.service.command:
            service = await start_command(options.service, around, None)
            self._processes.append(service)
            self._watch = Watch(
                service.pid, lambda: [one.pid for one in service.members()], self._local
            )
            ends.append(asyncio.ensure_future(service.wait()))
            if options.recorder.app_port and options.drive:
                await self._ready(service)
        if options.drive:
            driver = await self._drive(around)
            ends.append(asyncio.ensure_future(driver.wait()))
        progress = asyncio.ensure_future(self._progress())
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            codes = [one.result() for one in done if one is not ends[0]]
            self.exit_code = int(codes[0]) if codes else 0
            if options.drive:
                await asyncio.sleep(options.recorder.settle)  # calls after the last response
        finally:
            for future in (*ends, progress):
                future.cancel()

    async def _ready(self, service: Process) -> None:
        """A driver must not start before the service can answer."""
        options = self.options
        up = await wait_ready(
            options.service.ready, LOOPBACK, options.recorder.app_port, service, None
        )
        if isinstance(up, ServiceFailed):
            raise CannotRun(up.reason)

    async def _drive(self, around: Surroundings) -> Process:
        env = dict(os.environ)
        inbound = around.addresses.get("inbound", "")
        if inbound:
            env["CI_GATE_TARGET"] = inbound
        driver = await Process.start(
            [self.options.drive],
            env=env,
            folder=self.options.service.folder,
            log=None,
            marker=around.marker,
            shell=True,
        )
        self._processes.append(driver)
        return driver

    async def _listen(self) -> tuple[dict[str, str], tuple[str, ...]]:
        """Open every listener; name -> address, and host:port of all of them."""
        options, proxies = self.options, self._proxies
        recorder = options.recorder
        names: dict[str, tuple[str, ...]] = {}
        addresses: dict[str, str] = {}
        opened: list[int] = []
        if recorder.app_port:
            target = Target("", codec("http"))
            port = await self._listeners.open(
                proxies.inbound(LOOPBACK, recorder.app_port, target),
                recorder.in_port,
                "the inbound proxy (--in-port)",
            )
            addresses["inbound"] = f"http://{LOOPBACK}:{port}"
            names["service"] = _spellings(port) + _spellings(recorder.app_port)
            opened.append(port)
        port = await self._listeners.open(
            proxies.forward(), recorder.out_port, "the outbound proxy (--out-port)"
        )
        addresses["proxy"] = f"http://{LOOPBACK}:{port}"
        opened.append(port)
        for one in options.dependencies:
            if not one.address:
                continue
            scheme, host, remote = parse_address(one.address, one.protocol)
            factory = (
                proxies.gateway(scheme, host, remote)
                if one.protocol == "http"
                else proxies.inbound(host, remote, self.dependencies.target(scheme, host, remote))
            )
            port = await self._listeners.open(factory, one.listen, one.name, one.listen_host)
            addresses[one.name] = _address_of(one.protocol, port)
            names[one.name] = _spellings(port)
            opened.append(port)
        self._local = [(host, port) for port in opened for host in _LOCAL]
        self.dependencies.hidden.update(self._local)
        self.recording.cleaner = Cleaner(self.redactor, Addresses(names), self._key)
        return addresses, tuple(f"{host}:{port}" for host, port in self._local)

    def _origin(self) -> Origin:
        return Origin(
            service=self.options.service.name,
            service_port=self.options.recorder.app_port,
            recorded_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            commit=current_commit(self.options.service.folder),
        )

    def _found(self, dependency: Dependency) -> None:
        if self._journal is not None:
            self._guarded(lambda journal: journal.append_dependency(dependency))

    def _keep(self, exchange: Exchange) -> None:
        self._guarded(lambda journal: journal.append(exchange))

    def _guarded(self, write: Callable[[Journal], None]) -> None:
        """Write to the journal; a full disk ends the recording, not the traffic."""
        journal = self._journal
        if journal is None or self._failure is not None:
            return
        try:
            write(journal)
        except CannotRun as error:
            self._fail(error)
            return
        if journal.size > self.options.recorder.disk_limit:
            text = (
                f"the recording has reached {journal.size} bytes; what was recorded is kept: "
                "run record again to fold it"
            )
            self._fail(CannotRun(text))

    def _fail(self, error: CannotRun) -> None:
        """The disk refuses: the recording ends, the traffic does not."""
        self._failure = self._failure or error
        self._stopping.set()

    def _body(self, coding: str) -> LargeBody:
        writer = BodyWriter(journal_folder(self.options.out))
        redactor = self.redactor.stream()
        return LargeBody(coding, redactor, writer, self._key, self.recording.note)

    async def _progress(self) -> None:
        """Say how far the recording is."""
        while True:
            await asyncio.sleep(PROGRESS_EVERY)
            self.sink(events.Progress(self.recording.heard, 0))

    def ended(self) -> Ended:
        """What the summary needs beyond the journal."""
        return Ended(
            undecoded=self.recording.undecoded,
            uncaptured=self._uncaptured,
            redacted=self.redactor.counts,
            exit_code=self.exit_code,
        )

    async def stop(self) -> None:
        """Stop everything that was started; what was open becomes exchanges or is counted."""
        if self._watch is not None:
            self._uncaptured = tuple(_uncaptured(one) for one in self._watch.close().addresses)
        for process in reversed(self._processes):
            await process.stop(self.options.service.stop_timeout)
        self._listeners.close()
        await self._proxies.stop()
        if self._journal is not None:
            self._journal.close()


def _with_port(options: RecordOptions) -> RecordOptions:
    """A free port for the service where the configuration says `port: auto`."""
    recorder = options.recorder
    if recorder.app_port or not options.service.auto_port:
        return options
    recorder = msgspec.structs.replace(recorder, app_port=free_port())
    return msgspec.structs.replace(options, recorder=recorder)


_LOCAL = (LOOPBACK, "localhost")


def _spellings(port: int) -> tuple[str, ...]:
    return tuple(f"{host}:{port}" for host in _LOCAL)


def _address_of(protocol: str, port: int) -> str:
    return f"http://{LOOPBACK}:{port}" if protocol == "http" else f"{LOOPBACK}:{port}"


def _uncaptured(escape: Escape) -> Uncaptured:
    return Uncaptured(
        address=escape.address,
        count=escape.connections,
        fix="give the client the proxy, or its own listener: --map "
        f"NAME@PORT=http://{escape.address} and ${{NAME.url}} (docs/clients.md)",
    )
