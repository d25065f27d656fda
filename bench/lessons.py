"""What learning costs, and what it costs to hold a service to what was learned."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench import snapshots
from bench.lines import Line, config, replay
from bench.tools import GATE, SERVER_CORE, TOP, free_port, pinned, running
from bench.varying import answer
from ci_gate.model.message import HttpResponse
from ci_gate.model.noise import Noise

PYTHON = str(TOP / ".venv" / "bin" / "python")
SERVICE = [PYTHON, str(TOP / "bench" / "varying.py")]
JSON = ((b"Content-Type", b"application/json"),)
NOISE = (
    Noise(at="response.body.$.id", kind="uuid", format="4"),
    Noise(at="response.body.$.number", kind="integer", low=0, high=10**18),
    Noise(at="response.body.$.at", kind="timestamp", format="YYYY-MM-DDThh:mm:ss.fff±hh:mm"),
    Noise(at="response.body.$.took", kind="integer", low=0, high=9000),
    Noise(at="response.body.$.share", kind="number", low=0.0, high=90.0),
    Noise(at="response.body.$.items[*].key", kind="uuid", format="4"),
)
REPLAYS = 3
ROUNDS = 3


def said() -> HttpResponse:
    """An answer of the service."""
    body = json.dumps(answer()).encode()
    headers = (*JSON, (b"Content-Length", str(len(body)).encode()))
    return HttpResponse(status=200, reason=b"OK", headers=headers, body=body)


def lesson(work: Path, count: int = 300) -> Iterator[Line]:
    """`learn` against its replays: as many boots and replays as `run` does without learning."""
    folder = _gated(work / "learn", count, 0.0)
    learned = [_wall(folder, "learn") for _ in range(ROUNDS)]
    runs = [_wall(folder, "run") for _ in range(ROUNDS)]
    ours, theirs = statistics.median(learned), REPLAYS * statistics.median(runs)
    yield Line(
        metric=f"learn, {count} exchanges, against {REPLAYS} runs of them",
        ours=ours,
        theirs=theirs,
        unit="s",
        ratio=ours / theirs,
        target="<= 1.2",
        ok=ours <= 1.2 * theirs,
    )


def slow_start(work: Path, count: int = 300, delay: float = 10.0) -> Iterator[Line]:
    """A service that takes `delay` seconds to start."""
    folder = _gated(work / "slow", count, delay)
    for verb, limit in (("learn", 55.0), ("run", 20.0)):
        taken = _wall(folder, verb)
        yield Line(
            metric=f"{verb}, {count} exchanges, {delay:.0f} s to start",
            ours=taken,
            unit="s",
            target=f"< {limit:.0f}",
            ok=taken < limit,
        )


def noisy(work: Path, count: int = 10_000) -> Iterator[Line]:
    """Answers of which every one varies in nine places: what one core has to do for them, in
    seconds of its time, so that it does not matter what else the machine does."""
    folder = work / "noisy"
    snapshot = snapshots.inbound(count, said())
    inbound = tuple(
        msgspec.structs.replace(one, response=said(), noise=NOISE) for one in snapshot.inbound
    )
    snapshots.write(folder / "snapshot", msgspec.structs.replace(snapshot, inbound=inbound))
    port = free_port()
    taken = []
    service = pinned(SERVER_CORE, ["env", f"PORT={port}", *SERVICE])
    with running(service, port, folder=folder):
        config(folder, "replay: {concurrency: 8}\n")
        for _ in range(ROUNDS):
            before = _worked()
            replay(folder, "ci-gate.yml", folder / "snapshot", port)
            taken.append(_worked() - before)
    median = statistics.median(taken)
    yield Line(
        metric=f"{count:,} exchanges, all with noise: loaded, replayed, compared, reported",
        ours=median,
        unit="s",
        target="< 5",
        ok=median < 5,
    )


def _gated(folder: Path, count: int, delay: float) -> Path:
    """A folder with a snapshot and the configuration of the service."""
    items = HttpResponse(status=200, reason=b"OK", headers=JSON, body=b'{"ok": true}')
    snapshots.write(folder / "snapshot", snapshots.gate(count, said(), items))
    config(
        folder,
        f"""snapshot: snapshot
service:
  name: bench
  command: {json.dumps(SERVICE)}
  port: auto
  env: {{PORT: "${{service.port}}", ITEMS_URL: "${{items.url}}", DELAY: "{delay}"}}
dependencies: {{items: {{upstream: {snapshots.UPSTREAM}}}}}
""",
    )
    return folder


def _worked() -> float:
    """Seconds of a core that the ended commands have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _wall(folder: Path, verb: str) -> float:
    """Seconds that a verb takes; it must succeed."""
    start = time.perf_counter()
    done = subprocess.run(
        [*GATE, verb], cwd=folder, capture_output=True, text=True, check=False, timeout=600
    )
    taken = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"bench: {verb} did not succeed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return taken
