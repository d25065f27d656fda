"""The service's wall clock is moved, its waits are not, and the gate can see whether it worked."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_gate.errors import CannotRun
from ci_gate.service import clock as module
from ci_gate.service.clock import FILE_VARIABLE, INSIDE_LIBRARY, PRELOAD, Clock, open_clock
from ci_gate.service.clock_library import LIBRARY_VARIABLE, library
from ci_gate.service.clock_probe import Program

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="Linux with a C compiler only"
)
SOURCES = Path(__file__).parent / "clock"
SECOND = 10**9
MONTH = 31 * 24 * 3600 * SECOND
GLIBC = Program("/usr/bin/python3", "glibc")
SHOWING = """
import subprocess, sys, time
print(time.time_ns(), flush=True)
for line in sys.stdin:
    if line.strip() == "child":
        command = [sys.executable, "-c", "import time; print(time.time_ns())"]
        print(subprocess.check_output(command, text=True), end="", flush=True)
    else:
        print(time.time_ns(), flush=True)
"""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The library."""
    return library(str(tmp_path_factory.mktemp("state")), required=True)


@pytest.fixture
def clock(built: str, tmp_path: Path) -> Iterator[Clock]:
    """A clock that shows the machine's time."""
    made = Clock(str(tmp_path), built)
    yield made
    made.close()


class Showing:
    """A program that says on demand what its wall clock shows."""

    def __init__(self, clock: Clock) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SHOWING],
            env=clock.environment(os.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid
        self.first = self._line()

    def __enter__(self) -> Showing:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, who: str = "itself") -> int:
        """Nanoseconds since 1970."""
        assert self._process.stdin is not None
        self._process.stdin.write(who + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


def between(before: int, shown: int, after: int) -> bool:
    """Whether a clock was read between two readings of another."""
    return before <= shown <= after


@pytest.mark.parametrize("by", [MONTH, -MONTH, 0, 1, -1, 999_999_999, -999_999_999])
def test_the_clock_is_exactly_the_given_one(by: int, clock: Clock) -> None:
    """To the nanosecond, in both directions, in the process and in what it starts."""
    clock.set(time.time_ns() + by)
    with Showing(clock) as service:
        for who in ("itself", "child"):
            before = clock.now()
            shown = service.ask(who)
            assert between(before, shown, clock.now())


def test_it_goes_forward_and_back_while_the_service_runs(clock: Clock) -> None:
    """`set` moves a running service at once, its children included."""
    with Showing(clock) as service:
        for at in (1_800_000_000, 1_000_000_000, 4_000_000_000):
            clock.set(at * SECOND)
            before = clock.now()
            assert between(before, service.ask(), clock.now())
            assert between(before, service.ask("child"), clock.now())
            assert clock.now() - at * SECOND < 60 * SECOND


def test_advance_never_goes_back(clock: Clock) -> None:
    """Before a request the clock is set forward to the recorded time, or left where it is."""
    clock.set(1_800_000_000 * SECOND)
    with Showing(clock) as service:
        clock.advance(1_800_000_500 * SECOND)
        ahead = service.ask()
        assert ahead >= 1_800_000_500 * SECOND
        clock.advance(1_800_000_100 * SECOND)
        assert ahead <= service.ask() < 1_800_000_560 * SECOND


def test_it_moves_on_at_normal_speed(clock: Clock) -> None:
    """Between two readings as much time has passed as on the machine."""
    clock.set(time.time_ns() + MONTH)
    with Showing(clock) as service:
        outer = time.monotonic_ns()
        first = service.ask()
        inner = time.monotonic_ns()
        time.sleep(0.2)
        until = time.monotonic_ns()
        went = service.ask() - first
        assert until - inner <= went <= time.monotonic_ns() - outer


def test_it_starts_with_the_machines_time(clock: Clock) -> None:
    """A clock that nobody has set moves nothing."""
    assert (clock.offset, clock.moved) == (0, datetime.timedelta())
    assert between(time.time_ns(), clock.now(), time.time_ns())


def test_moved_says_how_far(clock: Clock) -> None:
    """The distance as other parts of the gate want it."""
    clock.set(time.time_ns() - MONTH)
    assert abs(clock.moved + datetime.timedelta(days=31)) < datetime.timedelta(seconds=60)


@pytest.mark.parametrize("by", [MONTH, -MONTH])
def test_every_deadline_of_the_c_library_is_kept(by: int, clock: Clock, tmp_path: Path) -> None:
    """Each function that takes a deadline in the wall clock waits as long as it was meant to, and
    those that take one in the monotonic clock, or a duration, are as they were."""
    program = str(tmp_path / "deadlines")
    source = str(SOURCES / "deadlines.c")
    subprocess.run(["cc", "-o", program, source, "-pthread", "-lrt"], check=True)
    clock.set(time.time_ns() + by)
    shown = subprocess.run(
        [program],
        env=clock.environment(os.environ),
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    ).stdout
    results = dict(line.split() for line in shown.splitlines())
    flags = {name: results.pop(name) for name in ("past", "invalid", "errno", "calls", "endless")}
    assert set(flags.values()) == {"1"}
    assert len(results) >= 17
    # Early or late by the shift would be 0 or never.
    assert {name: took for name, took in results.items() if not 190 <= int(took) < 10_000} == {}


def test_the_environment_keeps_what_is_there(clock: Clock, built: str) -> None:
    """Ours comes first and once; a service's own preloads stay, whatever separates them."""
    env = clock.environment({"A": "1", PRELOAD: "/lib/a.so:/lib/b.so /lib/c.so"})
    assert env == {
        "A": "1",
        PRELOAD: f"{built} /lib/a.so /lib/b.so /lib/c.so",
        FILE_VARIABLE: clock.path,
    }
    assert clock.environment(env) == env
    assert clock.environment({}, "/ci-gate") == {
        PRELOAD: f"/ci-gate/{INSIDE_LIBRARY}",
        FILE_VARIABLE: f"/ci-gate/{os.path.basename(clock.path)}",
    }


def test_whether_it_works_is_seen(clock: Clock) -> None:
    """Processes that have it are told from those that do not; a dead one says nothing."""
    assert clock.works([]) is None
    with Showing(clock) as service:
        service.ask()
        assert clock.works([service.pid]) is True
        assert clock.note([service.pid]) == ""
        other = subprocess.Popen(["sleep", "60"])
        try:
            assert clock.works([other.pid]) is False
            assert clock.works([service.pid, other.pid]) is False
            assert clock.untouched([service.pid, other.pid, other.pid]) == ("sleep",)
            assert clock.note([other.pid]) == "the clock is the machine's for sleep"
        finally:
            other.kill()
            other.wait()
        assert clock.works([other.pid]) is None
        assert clock.loads >= 1


def test_a_program_that_has_not_asked_yet(clock: Clock) -> None:
    """Loading the library proves nothing: until somebody has asked for the time it is not known."""
    cat = subprocess.Popen(
        ["cat"],
        env=clock.environment(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert cat.stdin is not None
    assert cat.stdout is not None
    cat.stdin.write(b"x\n")
    cat.stdin.flush()
    assert cat.stdout.readline() == b"x\n"
    assert (clock.loads, clock.works([cat.pid])) == (1, None)
    cat.communicate()


def test_without_its_variable_or_file_the_library_does_nothing(built: str, tmp_path: Path) -> None:
    """No variable, no file, a file that is too short, a folder: the machine's clock, no words."""
    (tmp_path / "short").write_bytes(b"x" * 16)
    for path in ("", "/no/such/file", str(tmp_path / "short"), str(tmp_path)):
        env = {PRELOAD: built} | ({FILE_VARIABLE: path} if path else {})
        before = time.time_ns()
        done = subprocess.run(
            [sys.executable, "-c", "import time; time.sleep(0.01); print(time.time_ns())"],
            env=env,
            capture_output=True,
            check=True,
        )
        assert between(before, int(done.stdout), time.time_ns())
        assert done.stderr == b""


@pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="setpriv is not installed"
)
def test_a_file_that_may_only_be_read(built: str) -> None:
    """A service that runs as somebody else goes by the clock all the same; it only cannot count."""
    # Root may write everything, so what it starts has to be nobody's, and pytest's own folders are
    # closed to that.
    command = ["date", "+%s%N"]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=65534", "--clear-groups", "env", *command]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        clock = Clock(folder, shutil.copy(built, folder))
        os.chmod(clock.path, 0o444)
        clock.set(time.time_ns() + MONTH)
        before = clock.now()
        out = subprocess.check_output(command, env=clock.environment(os.environ))
        assert between(before, int(out), clock.now())
        clock.close()


def test_the_files_of_a_container(clock: Clock, built: str, tmp_path: Path) -> None:
    """The library and a clock that already shows the right time, to be put where they are named."""
    clock.set(time.time_ns() + MONTH)
    inside = tmp_path / "inside"
    inside.mkdir()
    for name, content in clock.files().items():
        (inside / name).write_bytes(content)
    env = clock.environment(os.environ, str(inside))
    before = clock.now()
    out = subprocess.check_output(["date", "+%s%N"], env=env)
    assert between(before, int(out), clock.now())


def test_the_clock_of_a_container_follows(clock: Clock, tmp_path: Path) -> None:
    """Where its files can be reached through a process of it, its copy is moved like ours."""
    clock.set(time.time_ns() + MONTH)
    inside = tmp_path / "inside"
    inside.mkdir()
    copied = inside / os.path.basename(clock.path)
    copied.write_bytes(clock.files()[copied.name])
    assert clock.reach(os.getpid(), "/no/such/folder") is False
    assert clock.reach(os.getpid(), str(inside)) is True
    clock.set(5 * SECOND)
    assert int.from_bytes(copied.read_bytes()[:8], sys.byteorder, signed=True) == clock.offset
    assert clock.now() < 65 * SECOND


def test_closing(built: str, tmp_path: Path) -> None:
    """The file is gone, and closing again is no error."""
    clock = Clock(str(tmp_path), built)
    assert os.path.exists(clock.path)
    clock.close()
    clock.close()
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_there(built: str, tmp_path: Path) -> None:
    """The file that could not be made is named."""
    with pytest.raises(CannotRun, match=r"gone/clock-.*: No such file"):
        Clock(str(tmp_path / "gone"), built)


def opened(wanted: str, program: Program, folder: Path) -> tuple[bool, str]:
    """(whether there is a clock, the note)."""
    result = open_clock(wanted, program, str(folder), str(folder))
    if result.clock is not None:
        result.clock.close()
    return result.clock is not None, result.note


def test_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`real` is none, `auto` one where it works, `recorded` one wherever it can be had."""
    monkeypatch.delenv(LIBRARY_VARIABLE, raising=False)
    go = Program("/bin/server", "go")
    said = "the clock is the machine's: server is a Go program"
    assert opened("real", GLIBC, tmp_path) == (False, "")
    assert opened("auto", GLIBC, tmp_path) == (True, "")
    assert opened("auto", Program("", "unknown"), tmp_path) == (True, "")
    there, note = opened("auto", go, tmp_path)
    assert (there, note.startswith(said)) == (False, True)
    there, note = opened("recorded", go, tmp_path)
    assert (there, note.startswith(said)) == (True, True)


def test_opening_without_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`auto` says why it goes by the machine's clock; `recorded` stops."""
    monkeypatch.delenv(LIBRARY_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    there, note = opened("auto", GLIBC, tmp_path)
    assert (there, "there is no cc" in note) == (False, True)
    with pytest.raises(CannotRun, match="there is no cc"):
        opened("recorded", GLIBC, tmp_path)


def test_opening_on_macos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, and for `recorded` it is the same: there is no remedy but another machine."""
    monkeypatch.setattr(module.sys, "platform", "darwin")
    there, note = opened("auto", Program("python3", "macos"), tmp_path)
    assert (there, "on this system" in note) == (False, True)
    assert opened("recorded", Program("python3", "macos"), tmp_path) == (False, note)
