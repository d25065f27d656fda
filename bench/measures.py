"""What is measured, one function a line or two of the table. Nothing here asserts a speed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import databases, imports, lessons, snapshots
from bench.lines import Line, config, replay
from bench.tools import (
    CLIENT_CORE,
    GATE,
    SERVER_CORE,
    TOP,
    free_port,
    head_of,
    nginx,
    pinned,
    running,
    stop,
    wait_for,
    wrk,
)
from ci_gate.model.message import HttpResponse
from ci_gate.store.snapshot import read_snapshot

ROUNDS = 5
SECONDS = 2
RULE = """
rules:
  - {at: "response.body.$.updated_at", allow: timestamp, reason: "server clock", owner: "@bench"}
"""


def mock_rate(work: Path, count: int = 10_000, size: int = 1000) -> Iterator[Line]:
    """A mock with `count` exchanges against nginx with the same body, one worker each."""
    body = snapshots.body(size)
    with nginx(work / "nginx", body) as theirs_port:
        snapshot = snapshots.outbound(count, answer_of(theirs_port))
        snapshots.write(work / "mock" / "snapshot", snapshot)
        port = free_port()
        config(
            work / "mock",
            f"dependencies: {{items: {{upstream: {snapshots.UPSTREAM}, listen: {port}}}}}\n",
        )
        command = [*GATE, "mock", "--in", "snapshot", "--out-port", str(free_port())]
        with running(pinned(SERVER_CORE, command), port, folder=work / "mock"):
            assert head_of(port, "/items/7")[3] == head_of(theirs_port, "/items/7")[3]
            ours, theirs = [], []
            for _ in range(ROUNDS):
                theirs.append(wrk(theirs_port, count, work, SECONDS))
                ours.append(wrk(port, count, work, SECONDS))
    metric = f"mock, {count:,} exchanges, against nginx"
    yield rates(metric, ours, theirs, 0.8)


def replay_rate(work: Path, count: int = 20_000, size: int = 1000) -> Iterator[Line]:
    """Replay, every answer compared and recorded, against wrk, both on one core, same nginx."""
    body = snapshots.body(size)
    folder = work / "replay"
    with nginx(work / "nginx", body) as port:
        answer = answer_of(port)
        plain = snapshots.write(folder / "plain", snapshots.inbound(count, answer))
        ruled = snapshots.write(folder / "ruled", snapshots.inbound(count, answer, updated=True))
        config(folder, "replay: {concurrency: 64}\n", "plain.yml")
        config(folder, "replay: {concurrency: 64}\n" + RULE, "ruled.yml")
        theirs, bare, with_rule = [], [], []
        for _ in range(ROUNDS):
            theirs.append(wrk(port, count, work, SECONDS))
            bare.append(replay(folder, "plain.yml", plain, port)[0])
            with_rule.append(replay(folder, "ruled.yml", ruled, port)[0])
    yield rates(f"replay, {count:,} requests, against wrk", bare, theirs, 0.5)
    yield rates("the same with a JSON rule in force", with_rule, theirs, 0.3)


def recording(work: Path, rate: int = 500, seconds: int = 3) -> Iterator[Line]:
    """What recording adds to the median, inbound and outbound, beside a control without it."""
    folder = work / "record"
    folder.mkdir(parents=True)
    with nginx(work / "nginx", snapshots.body(1000), CLIENT_CORE) as port:
        for name, argument in (("inbound", "--in-port"), ("outbound", "--out-port")):
            ours_port = free_port()
            ports = {"--in-port": free_port(), "--out-port": free_port(), argument: ours_port}
            flags = [part for flag, value in ports.items() for part in (flag, str(value))]
            out = folder / name
            command = [*GATE, "record", "--app-port", str(port), "--max", "1000000", *flags]
            with running(
                pinned(SERVER_CORE, [*command, "--out", str(out)]), ours_port, folder=folder
            ) as recorder:
                ours, theirs, sent = [], [], 0
                for _ in range(ROUNDS):
                    theirs.append(paced(rate, seconds, port, port)["p50"])
                    found = paced(
                        rate, seconds, port if name == "outbound" else ours_port, ours_port
                    )
                    ours.append(found["p50"])
                    sent += found["sent"]
                stop(recorder, signal.SIGINT)
            snapshot = read_snapshot(str(out))
            kept = len(snapshot.inbound if name == "inbound" else snapshot.outbound)
            added = statistics.median(ours) - statistics.median(theirs)
            yield Line(
                metric=f"recording {name} at {rate}/s: added at the median",
                ours=added,
                theirs=statistics.median(theirs),
                unit="ms",
                target="<= 0.4",
                ok=added <= 0.4,
            )
            yield Line(
                metric=f"recording {name}: exchanges lost of {sent:,}",
                ours=sent - kept,
                unit="",
                target="0",
                ok=sent == kept,
            )


def gate_overhead(work: Path, count: int = 300) -> Iterator[Line]:
    """`ci-gate run` over `count` exchanges, beyond the same service's own start and work."""
    folder = work / "gate"
    python = str(TOP / ".venv" / "bin" / "python")
    command = [python, str(TOP / "bench" / "service.py")]
    with nginx(work / "nginx", snapshots.body(1000)) as upstream:
        port = free_port()
        env = {**os.environ, "PORT": str(port), "ITEMS_URL": f"http://127.0.0.1:{upstream}"}
        start = time.perf_counter()
        control = subprocess.Popen(command, env=env, start_new_session=True)
        try:
            wait_for(port, control)
            one_by_one(port, count)
            own = time.perf_counter() - start
            recorded, dependency = answer_of(port), answer_of(upstream)
        finally:
            stop(control)
    snapshots.write(folder / "snapshot", snapshots.gate(count, recorded, dependency))
    config(
        folder,
        f"""snapshot: snapshot
service:
  name: bench
  command: {json.dumps(command)}
  port: auto
  env: {{PORT: "${{service.port}}", ITEMS_URL: "${{items.url}}"}}
dependencies: {{items: {{upstream: {snapshots.UPSTREAM}}}}}
""",
    )
    walls = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        done = subprocess.run(
            [*GATE, "run"], cwd=folder, capture_output=True, text=True, timeout=300
        )
        walls.append(time.perf_counter() - start)
        if done.returncode:
            sys.exit(f"bench: the gate did not pass:\n{done.stdout}\n{done.stderr}")
    added = statistics.median(walls) - own
    yield Line(
        metric=f"gate of {count} exchanges, beyond the service's own",
        ours=added,
        theirs=own,
        unit="s",
        target="< 3",
        ok=added < 3,
    )


def large_snapshot(work: Path, count: int = 10_000, size: int = 500) -> Iterator[Line]:
    """Loading, and comparing and reporting with every answer different."""
    folder = work / "large"
    with nginx(work / "nginx", snapshots.body(size)) as port:
        snapshot = snapshots.inbound(count, answer_of(port), updated=True)
        snapshots.write(folder / "snapshot", snapshot)
        code = (
            "import resource, sys, time; from ci_gate.store.snapshot import read_snapshot;"
            "t = time.perf_counter(); s = read_snapshot(sys.argv[1]);"
            "print(time.perf_counter() - t,"
            " resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(s.inbound))"
        )
        loads, peaks = [], []
        for _ in range(ROUNDS):
            output = subprocess.run(
                [sys.executable, "-c", code, str(folder / "snapshot")],
                capture_output=True,
                text=True,
                check=True,
            ).stdout.split()
            loads.append(float(output[0]))
            peaks.append(float(output[1]))
            assert int(output[2]) == count
        config(folder, "replay: {concurrency: 64}\n")
        rests = []
        for _ in range(3):
            start = time.perf_counter()
            _, seconds = replay(folder, "ci-gate.yml", folder / "snapshot", port, passes=False)
            rests.append(time.perf_counter() - start - seconds)
    load, peak = statistics.median(loads), statistics.median(peaks)
    megabytes = sum(f.stat().st_size for f in (folder / "snapshot").rglob("*") if f.is_file()) / 1e6
    rest = statistics.median(rests) - load
    name = f"snapshot of {count:,} exchanges ({megabytes:.0f} MB)"
    yield Line(metric=f"{name}: load", ours=load, unit="s", target="< 1", ok=load < 1)
    yield Line(metric=f"{name}: memory", ours=peak, unit="MB", target="< 300", ok=peak < 300)
    yield Line(
        metric=f"{name}: compared and reported, all different",
        ours=rest,
        unit="s",
        target="< 3",
        ok=rest < 3,
    )


def command_help(_work: Path) -> Iterator[Line]:
    """How long `ci-gate --help` takes."""
    taken = []
    for _ in range(11):
        start = time.perf_counter()
        subprocess.run([*GATE, "--help"], capture_output=True, check=True)
        taken.append(time.perf_counter() - start)
    median = statistics.median(taken)
    yield Line(metric="ci-gate --help", ours=median, unit="s", target="< 0.25", ok=median < 0.25)


MEASURES: dict[str, Callable[[Path], Iterator[Line]]] = {
    "help": command_help,
    "mock": mock_rate,
    "replay": replay_rate,
    "record": recording,
    "gate": gate_overhead,
    "snapshot": large_snapshot,
    "learn": lessons.lesson,
    "noise": lessons.noisy,
    "slow": lessons.slow_start,
    "postgres": databases.postgres_rates,
    "load": databases.loading,
    "redis": databases.redis_rates,
    "import": imports.importing,
}


def rates(metric: str, ours: list[float], theirs: list[float], least: float) -> Line:
    """A line of two rates, by their medians."""
    mine, other = statistics.median(ours), statistics.median(theirs)
    ratio = mine / other
    return Line(
        metric=metric,
        ours=mine,
        theirs=other,
        unit="/s",
        ratio=ratio,
        target=f">= {least}",
        ok=ratio >= least,
    )


def answer_of(port: int) -> HttpResponse:
    """What the server on `port` says, as a recorded answer."""
    status, reason, headers, body = head_of(port, "/items/1")
    return HttpResponse(status=status, reason=reason, headers=headers, body=body)


def one_by_one(port: int, count: int) -> None:
    """`count` requests over one connection, as the gate sends them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for number in range(1, count + 1):
        connection.request("GET", f"/items/{number}")
        connection.getresponse().read()
    connection.close()


def paced(rate: float, seconds: float, target: int, port: int) -> dict[str, Any]:
    """An open-loop run against `target`, through the proxy on `port` when it is another."""
    command = [sys.executable, str(TOP / "bench" / "paced.py"), str(rate), str(seconds)]
    command += [f"127.0.0.1:{target}", "/items/"]
    if port != target:
        command.append(f"http://127.0.0.1:{port}")
    output = subprocess.run(
        pinned(CLIENT_CORE, command), capture_output=True, text=True, check=True, timeout=120
    ).stdout
    found: dict[str, Any] = json.loads(output)
    if found["answered"] != found["sent"]:
        sys.exit(f"bench: {found['sent'] - found['answered']} requests were not answered with 200")
    return found
