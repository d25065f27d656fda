"""What a gate killed with -9 leaves is cleared away by the next start, and nothing else is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil
import pytest

from ci_gate.errors import CannotRun
from ci_gate.service import leftovers
from ci_gate.service.leftovers import Leftovers, clear, identity

GATE = """
import asyncio, os, sys
from ci_gate.service.leftovers import Leftovers
from ci_gate.service.process import Process

SERVICE = '''
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: pass
open(f"pid-{os.getpid()}.tmp", "w").write(str(os.getpid()))
os.rename(f"pid-{os.getpid()}.tmp", f"pid-{os.getpid()}")
time.sleep(1000)
'''

async def main():
    state, work = sys.argv[1:]
    record = Leftovers(state)
    folder = record.folder()
    open(os.path.join(folder, "truststore"), "w").close()
    process = await Process.start([sys.executable, "-c", SERVICE], env=dict(os.environ),
        folder=work, log=None, marker=record.marker())
    record.add_processes([process.pid])
    with open(os.path.join(work, "folder"), "w") as file: file.write(folder)
    await asyncio.sleep(1000)

asyncio.run(main())
"""


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for what must happen soon."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)


def running(pids: list[int]) -> list[int]:
    """Those of `pids` that still run."""
    return [
        pid
        for pid in pids
        if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    ]


def test_after_kill_9(tmp_path: Path) -> None:
    """Processes that ignored everything and the temporary folder of a killed gate are gone."""
    state, work = tmp_path / "state", tmp_path / "work"
    work.mkdir()
    gate = subprocess.Popen([sys.executable, "-c", GATE, str(state), str(work)])
    try:
        until(lambda: len(list(work.glob("pid-*[0-9]"))) == 3 and (work / "folder").exists())
        pids = [int(path.read_text()) for path in work.glob("pid-*[0-9]")]
        folder = Path((work / "folder").read_text())
        assert clear(str(state)) == leftovers.Cleared(), "a living gate's things were touched"
        assert running(pids) == pids
        assert folder.exists()
    finally:
        gate.send_signal(signal.SIGKILL)
        gate.wait()
    assert len(running(pids)) == 3, "they should have survived the gate"
    cleared = clear(str(state))
    assert len(cleared.processes) == 3
    assert cleared.folders == (str(folder),)
    assert running(pids) == []
    assert not folder.exists()
    assert clear(str(state)) == leftovers.Cleared()


def test_normal_end_leaves_nothing(tmp_path: Path) -> None:
    """A gate that ends by itself removes its folders and its record."""
    with Leftovers(str(tmp_path)) as record:
        folder = Path(record.folder())
        (folder / "file").write_text("x")
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()
    assert list((tmp_path / leftovers.RUNS_FOLDER).iterdir()) == []


def dead_record(state: Path, **changes: object) -> Path:
    """A record whose gate is dead."""
    record = {
        "run": "0123456789abcdef",
        "gate": {"pid": os.getpid(), "started": "another boot:1"},
        "space": leftovers._space(),
        "processes": [],
        "folders": [],
    }
    path = state / leftovers.RUNS_FOLDER / "0123456789abcdef.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    # Identity is written as an object, as msgspec writes every Struct that is not an array.
    path.write_bytes(msgspec.json.encode({**record, **changes}))
    return path


def test_reused_process_id_is_spared(tmp_path: Path) -> None:
    """A recorded id that now belongs to a process started at another time is not ended."""
    with subprocess.Popen(["sleep", "1000"]) as other:
        try:
            dead_record(tmp_path, processes=[{"pid": other.pid, "started": "another boot:1"}])
            assert clear(str(tmp_path)).processes == ()
            assert other.poll() is None
            now = identity(other.pid)
            dead_record(tmp_path, processes=[{"pid": now.pid, "started": now.started}])
            assert clear(str(tmp_path)).processes == (f"sleep (pid {other.pid})",)
            other.wait(10)  # the code is lost: whoever ends a child of its own also reaps it
        finally:
            other.kill()


def test_folder_without_our_mark_is_spared(tmp_path: Path) -> None:
    """A folder that a record names is removed only with that run's mark, or when it is empty."""
    precious, marked, empty = (tmp_path / name for name in ("precious", "marked", "empty"))
    for folder in (precious, marked, empty):
        folder.mkdir()
    (precious / "thesis").write_text("x")
    (marked / leftovers.FOLDER_MARK).write_text("0123456789abcdef")
    link = tmp_path / "link"
    link.symlink_to(marked)
    named = [str(link), str(precious), str(marked), str(empty), str(tmp_path / "never made")]
    dead_record(tmp_path, folders=named)
    assert clear(str(tmp_path)).folders == (str(marked), str(empty))
    assert (precious / "thesis").exists()


def test_other_machines_records_are_kept(tmp_path: Path) -> None:
    """A state directory shared with another container: what cannot be seen is not called dead."""
    path = dead_record(tmp_path, space="another machine")
    clear(str(tmp_path))
    assert path.exists()
    os.utime(path, (0, 0))
    clear(str(tmp_path))
    assert not path.exists()


def test_damaged_record(tmp_path: Path) -> None:
    """A record that is not one of ours stops nobody."""
    path = dead_record(tmp_path)
    path.write_text("{")
    assert clear(str(tmp_path)) == leftovers.Cleared()
    assert clear(str(tmp_path / "no such state")) == leftovers.Cleared()


def test_state_that_cannot_be_written(tmp_path: Path) -> None:
    """The error names the place and what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotRun, match="make the state directory writable"):
        Leftovers(str(tmp_path / "file"))
