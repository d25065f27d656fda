"""The service under test among its mocks: brought up for one run, ready to be asked."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from itertools import chain

import msgspec

from ci_gate.config.options import RunOptions
from ci_gate.correlation.correlation import Correlation
from ci_gate.correlation.identity import Identity
from ci_gate.correlation.substitution import Substitution
from ci_gate.errors import CannotRun
from ci_gate.gate import events
from ci_gate.gate.learning import rotting
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.planning import Plan
from ci_gate.gate.serving import target
from ci_gate.gate.serving.boot import Surroundings, probed, service_address
from ci_gate.gate.serving.clocking import Timing, by_machine, timing
from ci_gate.gate.serving.identity import times_of
from ci_gate.gate.serving.listeners import LOOPBACK, spellings
from ci_gate.gate.serving.mocking import Mocks
from ci_gate.gate.serving.running import Running, death
from ci_gate.net.certificates import Authority
from ci_gate.recorder.options import RecorderOptions
from ci_gate.replayer.samples import Samples
from ci_gate.service.container import Container
from ci_gate.service.inside import inside, refuse_own_localhost
from ci_gate.service.log import ServiceLog
from ci_gate.service.outcome import ServiceFailed
from ci_gate.service.ports import holder_of
from ci_gate.service.process import Process
from ci_gate.service.readiness import wait_ready
from ci_gate.service.rest import Rest
from ci_gate.values.addresses import Addresses


class Serving:
    """Call `start`, then `ready`; after the replay `check`.

    `shift`: where the service's clock is moved, it begins that much after the recording's start.
    `values`: those of the run that travel; `identity` signs its tokens.
    """

    def __init__(
        self,
        options: RunOptions,
        plan: Plan,
        cleaning: Cleaning,
        sink: events.Sink,
        *,
        learning: bool = False,
        shift: timedelta = timedelta(),
        values: Substitution | None = None,
        identity: Identity | None = None,
    ) -> None:
        self.target = target.of_service(options.service, plan.snapshot.origin.service_port)
        self.correlation = Correlation(0, by_time=False)
        self.addresses = Addresses({})
        self.failure: ServiceFailed | None = None
        """The service did not come up, or died."""
        self.notices: list[str] = []
        self.timing = Timing()
        """The service's time; known when it is started."""
        self.unmoved = ""
        """What of the service goes by the machine's clock though it should not; known when ready."""
        self.passed = False
        """All of it that answers does: requests prepared before it was ready have to be made anew."""
        self._identity = identity
        self.resting: Rest | None = None
        """Whether it is at rest; known when it is ready, None for one that we did not start."""
        self._shift = shift
        self._options = options
        self._plan = plan
        self._cleaning = cleaning
        self._sink = sink
        self._process: Process | Container | None = None
        self._log: ServiceLog | None = None
        self.mocks = Mocks(
            plan.snapshot,
            options.dependencies,
            plan.rules,
            self.correlation,
            Authority.open(options.state_folder),
            alone=False,
            recorded_latency=options.mocks.latency == "recorded",
            learning=learning,
            values=values,
        )
        if values is not None:
            values.saw_texts((*os.environ.values(), *options.service.env.values()))

    @property
    def log(self) -> ServiceLog | None:
        """What the service prints; None when it was not started by us."""
        return self._log

    async def start(self, running: Running, log_path: str) -> None:
        """Mocks up, service started, its output redacted into `log_path`.

        Raises CannotRun for a port in use, UsageError for a service.url that nothing can answer at,
        and what starting a command or an image raises.
        """
        service = self._options.service
        if service.url:
            refuse_own_localhost(service.url, inside())
        else:
            self._refuse_taken_port()
        by_name = await self._listen(running)
        around = self._around(by_name)
        self._set_clock(running, around)
        self._tell(self.timing)
        if service.url:
            self._say_where(by_name)
            return
        expect = service.ready.what if service.ready.how == "log" else ""
        self._log = ServiceLog(log_path, self._cleaning.line, expect)
        await self._start_service(running, around, self._log)

    async def ready(self) -> str:
        """Wait until the service answers: the host that does, or "" and `failure` is set."""
        ready, process = self._options.service.ready, self._process
        port = int(ready.what) if ready.how == "port" and ready.what.isdigit() else 0
        host = target.LOCAL if process is not None else self.target.host
        up = await wait_ready(ready, host, port or self.target.port, process, self._log)
        if isinstance(up, ServiceFailed):
            self.failure = up
            return ""
        if process is not None:
            self.resting = Rest(one.pid for one in process.members())
            self.unmoved = self.timing.seen_by(one.pid for one in process.members())
            self.notices += [self.unmoved] if self.unmoved else []
            self._follow(one.pid for one in process.members())
        return up.host

    def _tell(self, timing: Timing) -> None:
        """Make what is said to the service of the time that it has."""
        if self._identity is not None:
            self._identity.begin(times_of(self._plan.snapshot, timing), self.addresses)
        self.mocks.prepare(self.addresses, timing.by, self._identity)

    def _follow(self, pids: Iterable[int]) -> None:
        """What goes by the machine's clock though another was shown to it is told the machine's
        time: in tokens, and by its mocks."""
        if self.timing.passed_by(pids):
            self.passed = True
            self._tell(by_machine(self._plan.snapshot.origin.recorded_at))

    @property
    def clocked(self) -> bool:
        """True when the service, as far as can be known, goes by the recording's clock."""
        timing = self.timing
        return timing.clock is not None and not timing.note and not self.unmoved

    def alive(self) -> bool:
        """False when the service that we have started has ended."""
        return self._process is None or self._process.alive()

    async def check(self, samples: Samples) -> None:
        """Notice that the service has died, and that its log is not complete."""
        if self._process is not None:
            self.failure = await death(self._process, suspected=bool(samples.failures))
        if self._log is not None and self._log.error is not None:
            self.notices.append(f"service.log is not complete: {self._log.error.strerror}")

    def _refuse_taken_port(self) -> None:
        holder = holder_of(self.target.port)
        if holder:
            raise CannotRun(
                f"port {self.target.port} is the service's and is in use by {holder}; stop it, or "
                "set service.port: auto"
            )

    async def _listen(self, running: Running) -> dict[str, str]:
        """Open the mocks; name -> address."""
        running.at_end(self.mocks.stop)
        self._sink(events.Stage("mocks", f"{len(self.mocks.mocks)} dependencies"))
        fixed = bool(self._options.service.url)
        port = RecorderOptions().out_port if fixed else 0
        by_name = await self.mocks.listen(running.listeners, port, fixed=fixed)
        self._sink(events.Addresses(by_name))
        self.addresses = Addresses({**spellings(by_name), "service": self._spellings()})
        self.correlation.expect(self._expected_calls())
        self.mocks.hold(self.correlation, lambda: self.resting is None or self.resting())
        return by_name

    def _spellings(self) -> tuple[str, ...]:
        """Of the service's address. Requests say the one that clients called when it was recorded:
        services make names of it (of cookies, of realms), and those must stay what they were."""
        recorded = self._plan.snapshot.origin.host
        ours = self.target.spellings
        return (recorded, *ours) if recorded and not self._options.service.url else ours

    def _expected_calls(self) -> dict[str, int]:
        """How many calls each inbound exchange is to cause, as far as it is known whose they are:
        nobody waits for a call that another exchange may have made. What others published
        meanwhile is waited for like a call."""
        snapshot = self._plan.snapshot
        counts = Counter(call.belongs for call in snapshot.outbound)
        for one in chain(snapshot.inbound, snapshot.outbound):
            if one.pushed:
                counts[one.belongs] += len(one.pushed)
        del counts[""]
        return {one: count for one, count in counts.items() if count}

    def _say_where(self, by_name: dict[str, str]) -> None:
        """Whoever has started the service must tell it where its dependencies are now."""
        listed = [f"{name} at {where}" for name, where in by_name.items() if name != "proxy"]
        text = (
            f"the service at {self._options.service.url} runs already: it must use the proxy "
            f"{by_name['proxy']} and trust our certificate authority"
        )
        if listed:
            text += f", or call {', '.join(listed)} (`listen:` fixes these ports)"
        self._sink(events.Note(text, "warning"))
        self.notices.append(
            "the service was started by somebody else: what it called at its start was not "
            "compared, and connections past the mocks were not watched"
        )

    def _around(self, by_name: dict[str, str]) -> Surroundings:
        """What is around the service, but for its clock."""
        port = self.target.port
        ours = [one.partition("://")[2] or one for one in by_name.values()]
        return Surroundings(
            proxy=by_name["proxy"],
            authority=self.mocks.authority,
            addresses=by_name | service_address(port),
            direct=(*ours, f"{LOOPBACK}:{port}", f"localhost:{port}"),
            secrets=self._identity.secrets if self._identity is not None else {},
        )

    def _set_clock(self, running: Running, around: Surroundings) -> None:
        """Decide on the service's time; the mocks' certificates follow it."""
        service = self._options.service
        self.timing = timing(
            # Who runs already goes by the clock it was started with.
            "real" if service.url else service.clock,
            probed(service, around),
            self._plan.snapshot.origin.recorded_at,
            self._shift,
            self._options.state_folder,
            running.leftovers.folder,
        )
        if self.timing.clock is not None:
            running.at_end(self._close_clock)
        self.mocks.authority.shown(*self.timing.sees)
        self.notices += [self.timing.note] if self.timing.note else []
        if self.timing.clock is None:
            plan, upstreams = self._plan, self._options.dependencies
            rots = rotting.notice(plan.snapshot, plan.rules, plan.started_at, upstreams)
            self.notices += [rots] if rots else []

    async def _close_clock(self) -> None:
        if self.timing.clock is not None:
            self.timing.clock.close()

    async def _start_service(self, running: Running, around: Surroundings, log: ServiceLog) -> None:
        service = self._options.service
        self._sink(events.Stage("service", service.image or " ".join(service.command)))
        around = msgspec.structs.replace(around, clock=self.timing.clock)
        self._process = await running.start(service, around, log)
        allowed = {int(one.rpartition(":")[2]) for one in around.direct} - {self.target.port}
        running.watch(self._process, [(LOOPBACK, port) for port in allowed])
