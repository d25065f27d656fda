"""Databases: the mock and the recorder beside the real servers, by the servers' own load tools."""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from bench import snapshots
from bench.lines import Line
from bench.tools import GATE, free_port, running, tool

ROUNDS = 3
SECONDS = 2
FOLDING = 900
KEYS = 200
ROWS = 100_000
STATEMENTS = 300_000
DIFFERENT = 30_000
REDIS_REQUESTS = 20_000
SELECT = f"\\set x random(1, {KEYS})\nSELECT id, v FROM kv WHERE id = :x;\n"
TABLE = (
    f"CREATE TABLE kv AS SELECT g AS id, 'value ' || g AS v FROM generate_series(1, {KEYS}) g;"
    "ALTER TABLE kv ADD PRIMARY KEY (id)"
)
MANY = f"SELECT g AS id, 'row ' || g AS v FROM generate_series(1, {ROWS}) g"


def own(name: str) -> str:
    """A program of PostgreSQL's, which are not on the path."""
    places = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    return shutil.which(name, path=os.pathsep.join(places)) or tool(name)


@contextlib.contextmanager
def postgres() -> Iterator[int]:
    """A PostgreSQL with the table; yields its port. It does not run as root."""
    folder = tempfile.mkdtemp(prefix="ci-gate-bench-postgres-")
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        who = {"user": owner.pw_uid, "group": owner.pw_gid}
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data, port = f"{folder}/data", free_port()
    try:
        flags = ["-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C"]
        made = [own("initdb"), "-D", data, *flags]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd=folder, **who)
        settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"]
        command = [own("postgres"), "-D", data, "-p", str(port)]
        command += [part for one in settings for part in ("-c", one)]
        with running(command, port, folder=Path(folder), **who):
            ready = [own("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
            while subprocess.run(ready, check=False).returncode:
                time.sleep(0.05)  # it listens before it can be asked
            psql(port, "-c", TABLE)
            yield port
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def psql(port: int, *flags: str) -> float:
    """Seconds that psql takes, its output thrown away."""
    command = [own("psql"), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", *flags]
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def pgbench(folder: Path, port: int, mode: str, clients: int, seconds: int) -> float:
    """Transactions a second; with one client the median of them in milliseconds."""
    (folder / "select.sql").write_text(SELECT)
    command = [own("pgbench"), "-n", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres"]
    command += ["-M", mode, "-c", str(clients), "-T", str(seconds), "-f", "select.sql"]
    if clients == 1:
        command += ["--log", "--log-prefix", f"log-{port}"]
    done = subprocess.run(
        [*command, "postgres"], cwd=folder, capture_output=True, text=True, check=False
    )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or found is None:
        sys.exit(f"bench: pgbench: {done.stderr[-2000:]}")
    if clients > 1:
        return float(found[1])
    times = []
    for log in folder.glob(f"log-{port}.*"):
        times += [int(line.split()[2]) for line in log.read_text().splitlines()]
        log.unlink()
    return statistics.median(times) / 1000


class Ours:
    """A recorder or mock while it runs."""

    def __init__(self, port: int, process: psutil.Process) -> None:
        self.port = port
        self._process = process

    def cpu(self) -> float:
        """Seconds of CPU so far."""
        times = self._process.cpu_times()
        return float(times.user + times.system)


@contextlib.contextmanager
def gate(folder: Path, verb: str, snapshot: str, where: str) -> Iterator[Ours]:
    """`ci-gate record` or `mock` for one dependency. A recording is folded at its end, which takes
    its time."""
    port = free_port()
    flag = "--out" if verb == "record" else "--in"
    command = [*GATE, verb, flag, snapshot, "--out-port", str(free_port())]
    with running([*command, "--map", f"db@{port}={where}"], port, folder=folder) as process:
        yield Ours(port, psutil.Process(process.pid))
        process.send_signal(signal.SIGINT)
        process.wait(FOLDING)


Rate = Callable[[int], tuple[float, float]]
"""Rate of one run of a load tool against a port, and how many it asked for."""


def pairs(metric: str, ours: Ours, server: int, rate: Rate, least: float) -> Line:
    """The rate through us beside the server's in the same minute, in turn, and what each asked for
    costs us of CPU, which does not depend on what else the machine does."""
    mine, other, cost = [], [], []
    for _ in range(ROUNDS):
        other.append(rate(server)[0])
        began = ours.cpu()
        found, count = rate(ours.port)
        mine.append(found)
        cost.append((ours.cpu() - began) / count * 1e6)
    metric = f"{metric} ({statistics.median(cost):.0f} us of CPU each)"
    return ratio(metric, mine, other, least)


def postgres_rates(work: Path) -> Iterator[Line]:
    """pgbench's selects: directly, recorded, and mocked."""
    work.mkdir(parents=True, exist_ok=True)
    with postgres() as server:
        where = f"postgres://127.0.0.1:{server}"
        for mode, least in (("simple", 0.3), ("prepared", 0.2), ("extended", 0.2)):

            def rate(port: int, mode: str = mode) -> tuple[float, float]:
                found = pgbench(work, port, mode, 4, SECONDS)
                return found, found * SECONDS

            with gate(work, "record", mode, where) as ours:
                recorded = pairs(f"PostgreSQL recorded, {mode}", ours, server, rate, least)
            with gate(work, "mock", mode, where) as ours:
                yield pairs(f"PostgreSQL mock, {mode}, 4 clients", ours, server, rate, 0.8)
            yield recorded
        with gate(work, "record", "one", where) as ours:
            both = [
                (pgbench(work, ours.port, "simple", 1, 1), pgbench(work, server, "simple", 1, 1))
                for _ in range(ROUNDS)
            ]
        recorded_one, direct = (statistics.median(times) for times in zip(*both, strict=True))
        yield Line(
            metric="PostgreSQL recorded, one client: added at the median",
            ours=recorded_one - direct,
            theirs=direct,
            unit="ms",
            target="<= 0.25",
            ok=recorded_one - direct <= 0.25,
        )
        yield many_rows(work, server, where)


def many_rows(work: Path, server: int, where: str) -> Line:
    """A result of many rows, from the mock and from the server."""
    with gate(work, "record", "rows", where) as recorder:
        psql(recorder.port, "-c", MANY)
    with gate(work, "mock", "rows", where) as mock:
        both = [(psql(mock.port, "-c", MANY), psql(server, "-c", MANY)) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(times) for times in zip(*both, strict=True))
    return Line(
        metric=f"PostgreSQL mock, a result of {ROWS:,} rows",
        ours=ours,
        theirs=theirs,
        unit="s",
        ratio=ours / theirs,
        target="<= 1.5",
        ok=ours <= 1.5 * theirs,
    )


def loading(work: Path) -> Iterator[Line]:
    """How long a mock of very many recorded statements takes to be up, and how large it gets."""
    snapshots.write(work / "many", snapshots.statements(STATEMENTS, DIFFERENT))
    began, port = time.perf_counter(), free_port()
    command = [*GATE, "mock", "--in", "many", "--out-port", str(free_port())]
    command += ["--map", f"{snapshots.DATABASE}@{port}=postgres://127.0.0.1:1"]
    with running(command, port, folder=work) as process:
        took = time.perf_counter() - began
        ours = psutil.Process(process.pid)
        times, largest = ours.cpu_times(), ours.memory_info().rss / 2**20
    cpu = times.user + times.system
    metric = f"a recording of {STATEMENTS:,} statements: until its mock is up ({cpu:.1f} s of CPU)"
    yield Line(metric=metric, ours=took, unit="s", target="<= 5", ok=took <= 5)
    yield Line(
        metric="the same: memory", ours=largest, unit="MB", target="<= 1024", ok=largest <= 1024
    )


def redis_rates(work: Path) -> Iterator[Line]:
    """redis-benchmark's GET without pipelining: directly, recorded, and mocked."""
    work.mkdir(parents=True, exist_ok=True)
    server = free_port()
    command = [tool("redis-server"), "--port", str(server), "--bind", "127.0.0.1", "--save", ""]

    def rate(port: int) -> tuple[float, float]:
        return redis_benchmark(port, "get"), REDIS_REQUESTS

    with running([*command, "--dir", str(work)], server):
        redis_benchmark(server, "set")
        where = f"redis://127.0.0.1:{server}"
        with gate(work, "record", "redis", where) as ours:
            recorded = pairs("Redis recorded", ours, server, rate, 0.3)
        with gate(work, "mock", "redis", where) as ours:
            yield pairs("Redis mock, GET, 4 clients", ours, server, rate, 0.8)
        yield recorded


def redis_benchmark(port: int, test: str) -> float:
    """Requests a second."""
    command = [tool("redis-benchmark"), "-p", str(port), "-c", "4", "-n", str(REDIS_REQUESTS)]
    done = subprocess.run(
        [*command, "-t", test, "--csv"], capture_output=True, text=True, check=True
    )
    found = re.search(r'"(?:GET|SET)","([\d.]+)"', done.stdout)
    if found is None:
        sys.exit(f"bench: redis-benchmark: {done.stdout[-500:]}{done.stderr[-500:]}")
    return float(found[1])


def ratio(metric: str, ours: Sequence[float], theirs: Sequence[float], least: float) -> Line:
    """A line of two rates, by their medians."""
    mine, other = statistics.median(ours), statistics.median(theirs)
    return Line(
        metric=metric,
        ours=mine,
        theirs=other,
        unit="/s",
        ratio=mine / other,
        target=f">= {least}",
        ok=mine / other >= least,
    )
