"""`record`: a service's real traffic becomes a snapshot."""

from __future__ import annotations

import asyncio
import datetime
import functools
import os
from typing import Any

import msgspec

from ci_gate.codecs.registry import codec
from ci_gate.config.options import RecordOptions
from ci_gate.gate import events
from ci_gate.gate.changes.commit import current_commit
from ci_gate.gate.recording.folding import Ended, check_out, fold_journal, give_up
from ci_gate.gate.recording.keeping import Keeping
from ci_gate.gate.serving import escaping, target
from ci_gate.gate.serving.boot import Surroundings, service_address
from ci_gate.gate.serving.listeners import LOCAL, LOOPBACK, address_of, spelled
from ci_gate.gate.serving.running import Running
from ci_gate.gate.summary import RecordSummary
from ci_gate.model.snapshot import Origin
from ci_gate.net.certificates import Authority, client_context
from ci_gate.recorder.dependencies import parse_address
from ci_gate.recorder.options import RecorderOptions
from ci_gate.recorder.proxy import Proxies, Target
from ci_gate.service.container import Container
from ci_gate.service.options import ServiceOptions
from ci_gate.service.outcome import ServiceFailed, exit_text, shell_code
from ci_gate.service.ports import free_port
from ci_gate.service.process import Process
from ci_gate.service.readiness import wait_ready

PROGRESS_EVERY = 0.5


async def record(options: RecordOptions, sink: events.Sink) -> RecordSummary:
    """Record until CMD ends, the driver ends or the verb is cancelled; then fold the snapshot.

    A cancellation (Ctrl-C, SIGTERM) is a normal end: the summary is returned. Raises UsageError
    for a snapshot that is there already, CannotRun for a port in use or a full disk; what was
    recorded by then is kept and folded by the next `record`.
    """
    options = _with_ports(options)
    check_out(options, sink)
    keeping = Keeping(options, sink)
    recorder = _Recorder(options, sink, keeping)
    running = Running(options.state_folder, sink, options.service.stop_timeout)
    done = False
    try:
        async with running:
            await recorder.run(running)
            done = True
    except BaseException as error:
        # A second Ctrl-C, while stopping, hurries the end and does not change it.
        if not (done and isinstance(error, asyncio.CancelledError)):
            keeping.close()
            give_up(options)
            raise
    keeping.close()
    if keeping.failure is not None:
        raise keeping.failure
    untried = keeping.redactor.pair_passwords()
    known = escaping.Known(keeping.dependencies.all(), options.dependencies)
    return fold_journal(
        options,
        Ended(
            undecoded=keeping.recording.undecoded,
            uncaptured=escaping.uncaptured(running.escapes.addresses, known),
            redacted=keeping.redactor.counts,
            warnings=(
                *recorder.warnings,
                *filter(None, (untried,)),
                *filter(None, (keeping.recording.pushes.warning(),)),
            ),
            exit_code=recorder.exit_code,
            started=recorder.started,
        ),
        keeping.again,
        keeping.attach,
    )


class _Recorder:
    """One recording while it runs."""

    def __init__(self, options: RecordOptions, sink: events.Sink, keeping: Keeping) -> None:
        self.exit_code = 0
        self.warnings: list[str] = []
        self.started = True
        """False: the service never got ready."""
        self._options = options
        self._sink = sink
        self._keeping = keeping
        self._local: list[tuple[str, int]] = []
        """Host and port of our own listeners."""
        self._authority = Authority.open(options.state_folder)
        self._proxies = Proxies(
            keeping.recording,
            self._authority,
            functools.cache(lambda alpn, ca: client_context(os.environ, alpn, ca)),
            keeping.dependencies,
        )

    async def run(self, running: Running) -> None:
        """Everything up, then wait for what ends the recording."""
        options = self._options
        self._keeping.open(self._origin())
        running.at_end(self._proxies.stop)
        addresses = await self._listen(running)
        self._sink(events.Addresses(addresses))
        around = Surroundings(
            proxy=addresses["proxy"],
            authority=self._authority,
            addresses=addresses | service_address(options.recorder.app_port),
            direct=tuple(f"{host}:{port}" for host, port in self._local),
            secrets={one.signing.secret: one.text for one in self._keeping.secrets},
        )
        progress = asyncio.ensure_future(self._progress())
        try:
            await self._work(running, around)
        except asyncio.CancelledError:
            self._sink(events.Note("stopping"))
        finally:
            progress.cancel()

    async def _work(self, running: Running, around: Surroundings) -> None:
        """Start what is to be started, and wait for the first of it to end, or for a full disk."""
        options = self._options
        full: asyncio.Future[Any] = asyncio.ensure_future(self._keeping.full.wait())
        ends: dict[asyncio.Future[Any], str] = {}
        try:
            if options.service.command or options.service.image:
                service = await running.start(options.service, around, None)
                running.watch(service, self._local)
                ends[asyncio.ensure_future(service.wait())] = "service"
                if options.drive and not await self._ready(service):
                    return
            if options.drive:
                driver = await self._drive(running, around)
                ends[asyncio.ensure_future(driver.wait())] = "driver"
            await asyncio.wait([full, *ends], return_when=asyncio.FIRST_COMPLETED)
            if options.drive:
                await asyncio.sleep(options.recorder.settle)  # calls after the last response
            self._tell({name: end.result() for end, name in ends.items() if end.done()})
        finally:
            for future in (full, *ends):
                future.cancel()

    def _tell(self, codes: dict[str, int]) -> None:
        """Who has ended by itself, and how; the driver's code counts before the service's."""
        driven = bool(self._options.drive)
        for name, code in codes.items():
            if code or (driven and name == "service"):
                self.warnings.append(f"the {name} {exit_text(code)} while it was recorded")
        if "driver" in codes:
            self.exit_code = shell_code(codes["driver"])
        elif "service" in codes:
            self.exit_code = shell_code(codes["service"]) or int(driven)

    async def _ready(self, service: Process | Container) -> bool:
        """A driver must not start before the service can answer."""
        options = self._options
        port = options.recorder.app_port
        if not port:
            return True
        up = await wait_ready(options.service.ready, target.LOCAL, port, service, None)
        if isinstance(up, ServiceFailed):
            self.started = False
            self.warnings.append(up.reason)
            self.exit_code = shell_code(up.exit_code or 1)
            return False
        return True

    async def _drive(self, running: Running, around: Surroundings) -> Process | Container:
        """Start the driver, which is the user's own and has their whole environment."""
        inbound = around.addresses.get("inbound", "")
        driver = ServiceOptions(
            name="driver",
            command=(self._options.drive,),
            shell=True,
            env={"CI_GATE_TARGET": inbound} if inbound else {},
            keep_env=tuple(name for name in os.environ if not name.startswith("CI_GATE_")),
            folder=self._options.service.folder,
        )
        return await running.start(driver, Surroundings(addresses=around.addresses), None)

    async def _listen(self, running: Running) -> dict[str, str]:
        """Open every listener; name -> address."""
        options, proxies, listeners = self._options, self._proxies, running.listeners
        recorder = options.recorder
        addresses: dict[str, str] = {}
        names: dict[str, tuple[str, ...]] = {}
        if recorder.app_port:
            host = _service_host(options.service)
            port = await listeners.open(
                proxies.inbound(host, recorder.app_port, Target("", codec("http"))),
                recorder.in_port,
                "the inbound proxy (--in-port)",
            )
            addresses["inbound"] = address_of("http", port)
            names["service"] = (*spelled(port), *spelled(recorder.app_port))
        port = await listeners.open(
            proxies.forward(), recorder.out_port, "the outbound proxy (--out-port)"
        )
        addresses["proxy"] = address_of("http", port)
        for one in options.dependencies:
            if not one.address:
                continue
            scheme, host, remote = parse_address(one.address, one.protocol)
            if one.server_tls:
                proxies.upstream_tls(codec(one.protocol).alpn, one.ca)  # a bad file is told at once
            factory = (
                proxies.gateway(scheme, host, remote)
                if one.protocol == "http"
                else proxies.inbound(
                    host, remote, self._keeping.dependencies.target(scheme, host, remote)
                )
            )
            port = await listeners.open(factory, one.listen, one.name, one.listen_host)
            addresses[one.name] = address_of(one.protocol, port, tls=bool(one.client_tls))
            names[one.name] = spelled(port)
        ports = [int(one.rpartition(":")[2]) for one in addresses.values()]
        self._local = [(host, port) for port in ports for host in LOCAL]
        self._keeping.dependencies.hidden.update(self._local)
        self._keeping.name(names)
        return addresses

    def _origin(self) -> Origin:
        return Origin(
            service=self._options.service.name,
            service_port=self._options.recorder.app_port,
            host=_inbound_host(self._options.recorder),
            recorded_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
            commit=current_commit(self._options.service.folder),
            values=self._keeping.stand_ins(),
        )

    async def _progress(self) -> None:
        """Say how far the recording is."""
        while True:
            await asyncio.sleep(PROGRESS_EVERY)
            self._sink(events.Progress(self._keeping.recording.heard, 0))


def _service_host(service: ServiceOptions) -> str:
    """Where the service listens that the inbound proxy stands in front of."""
    return target.of_url(service.url, "service.url").host if service.url else LOOPBACK


def _inbound_host(recorder: RecorderOptions) -> str:
    return f"{LOOPBACK}:{recorder.in_port}" if recorder.app_port else ""


def _with_ports(options: RecordOptions) -> RecordOptions:
    """Free ports for the service where the configuration says `port: auto`, and for clients."""
    recorder = options.recorder
    if options.service.auto_port and not recorder.app_port:
        recorder = msgspec.structs.replace(recorder, app_port=free_port())
    if not recorder.in_port:
        recorder = msgspec.structs.replace(recorder, in_port=free_port())
    return msgspec.structs.replace(options, recorder=recorder)
