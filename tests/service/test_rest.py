"""Whether processes are at rest."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from ci_gate.service import rest as resting
from ci_gate.service.rest import Rest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells")

TWO_THREADS = """
import sys, threading
def work():
    while True:
        sys.stdin.readline()
        end = __import__("time").monotonic() + 0.5
        while __import__("time").monotonic() < end:
            pass
        print("done", flush=True)
threading.Thread(target=work).start()
print("ready", flush=True)
"""


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[str]]:
    """A process with a second thread that works half a second for each line it is sent."""
    process = subprocess.Popen(
        [sys.executable, "-c", TWO_THREADS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def becomes(holds: Callable[[], bool]) -> bool:
    """Whether it comes to hold within ten seconds."""
    end = time.monotonic() + 10
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.001)
    return True


def test_work_in_any_thread_is_no_rest(worker: subprocess.Popen[str]) -> None:
    """It rests, works when it is told to, and rests again."""
    rest = Rest([worker.pid])
    assert worker.stdin is not None
    assert becomes(rest)
    worker.stdin.write("work\n")
    worker.stdin.flush()
    assert becomes(lambda: not rest())
    assert becomes(rest)


def test_work_that_wanders_between_threads_is_no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every thread sleeps at the moment it is looked at, and one has run meanwhile."""
    ran = {"1": 5, "2": 7}

    def read(path: str) -> bytes:
        tid, _, what = path.removeprefix("/proc/9/task/").partition("/")
        if what == "schedstat":
            return b"%d 0 1" % ran[tid]
        # Whose turn it was while the other one was looked at.
        ran["1"] += working and tid == "2"
        return b"9 (a) R) S 1"

    monkeypatch.setattr(resting, "_in", lambda _folder: list(ran))
    monkeypatch.setattr(resting, "_read", read)
    working = True
    assert not Rest([9])()
    working = False
    assert Rest([9])()


def test_of_who_is_gone_nothing_is_known(worker: subprocess.Popen[str]) -> None:
    """A process that has ended keeps nobody waiting."""
    worker.kill()
    worker.wait()
    assert Rest([worker.pid])()
    assert Rest([])()
