"""`replay`: a snapshot's requests sent to a running service, its answers compared. Answers only:
what the service calls is `run`'s to see."""

from __future__ import annotations

import asyncio
import datetime
import os
import time
from urllib.parse import urlsplit

from ci_gate.codecs.registry import codec
from ci_gate.config.options import ReplayVerbOptions
from ci_gate.diff.equality import Equality
from ci_gate.diff.rules import Rules
from ci_gate.errors import UsageError
from ci_gate.gate import events
from ci_gate.gate.commit import current_commit
from ci_gate.gate.judging import Evidence, judged
from ci_gate.gate.replaying import Replay
from ci_gate.gate.reporting import write_run
from ci_gate.gate.select import inbound_of, select, with_routes
from ci_gate.model.result import Result
from ci_gate.model.snapshot import Snapshot
from ci_gate.net.certificates import client_context
from ci_gate.policy.conditions import parse_all
from ci_gate.replayer.client import Replayer
from ci_gate.replayer.plan import plan
from ci_gate.service.outcome import ServiceFailed
from ci_gate.service.process import Process
from ci_gate.service.readiness import wait_ready
from ci_gate.store.runs import RunDirectory
from ci_gate.store.snapshot import read_with_places
from ci_gate.values.addresses import Addresses


async def replay(options: ReplayVerbOptions, sink: events.Sink) -> Result:
    """Replay the snapshot against `options.target`, starting CMD first when there is one.

    Raises UsageError for snapshot and target; a target that does not answer is a result.
    """
    began = time.monotonic()
    conditions = parse_all(options.policy.fail_if, options.policy.warn_if)
    now = datetime.datetime.now(datetime.UTC)
    read = read_with_places(options.snapshot)
    snapshot = with_routes(read.snapshot, options.routes)
    rules = Rules(options.rules, now.date().isoformat())
    only = inbound_of(snapshot, select(snapshot, options.only)) if options.only else None
    pace = snapshot.origin.pace if options.replay.pace == "auto" else options.replay.pace
    steps = plan(snapshot.inbound, only, pace)
    scheme, host, port = _target(options, snapshot)
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    addresses = Addresses({"service": (authority, f"127.0.0.1:{port}", f"localhost:{port}")})
    prepared = Replay(steps, addresses, options.replay.headers, snapshot.folder)
    folder = RunDirectory.create(options.out, now, os.path.join(options.service.folder, ".ci-gate"))
    sink(events.Stage("replay", f"{len(steps)} requests to {authority}"))
    replayer = Replayer(
        prepared.prepared,
        codec("http"),
        host,
        port,
        tls=client_context(os.environ) if scheme == "https" else None,
        concurrency=options.replay.concurrency,
        timeout=options.replay.timeout,
        progress=lambda done, failed: sink(events.Progress(done, len(steps), failed)),
    )
    process = await _start(options)
    failure = None
    try:
        if process is not None:
            up = await wait_ready(options.service.ready, host, port, process)
            failure = up if isinstance(up, ServiceFailed) else None
        samples = replayer.samples if failure is not None else await replayer.run()
    finally:
        if process is not None:
            await asyncio.shield(process.stop(options.service.stop_timeout))
    equality = Equality()
    outcome = judged(
        Evidence(
            mode="replay",
            snapshot=snapshot,
            places=read.places,
            planned=tuple(steps),
            steps=tuple(prepared.compare(samples, rules, equality)) if failure is None else (),
            samples=samples,
            calls=None,
            equality=equality,
            rules=rules,
            conditions=conditions,
            failure=failure,
            snapshot_name=options.snapshot,
            config=options.config,
            commit=current_commit(options.service.folder),
            service=options.service.name,
            started_at=now.isoformat(timespec="seconds"),
            seconds=time.monotonic() - began,
        )
    )
    write_run(folder, outcome)
    return outcome.result


def _target(options: ReplayVerbOptions, snapshot: Snapshot) -> tuple[str, str, int]:
    """Scheme, host and port of the target: as given, else the recorded service port."""
    text = options.target
    if not text:
        port = snapshot.origin.service_port
        if not port:
            raise UsageError("the snapshot does not know the service's port: give --target URL")
        return "http", "127.0.0.1", port
    parts = urlsplit(text)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or not port:
        raise UsageError(f"--target {text!r}: write http://host:port")
    return parts.scheme, parts.hostname, port


async def _start(options: ReplayVerbOptions) -> Process | None:
    service = options.service
    if not service.command:
        return None
    return await Process.start(
        service.command,
        env=dict(os.environ),
        folder=service.folder,
        log=None,
        marker=f"replay-{os.getpid()}",
        shell=service.shell,
    )
