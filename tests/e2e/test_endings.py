"""However a run ends, nothing is left: no process, no port, no file outside the run directory."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest

Until = Callable[[Callable[[], object]], None]


def started(small: Any, until: Until, *args: str, **env: str) -> Any:
    """A run in the middle of its work."""
    touched = small.folder / "touched"
    process = small.start("run", "--out", "run", *args, SMALL_TOUCH=str(touched), **env)
    until(lambda: touched.exists() or process.poll() is not None)
    assert process.poll() is None, small.end(process).text
    return process


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted(small: Any, until: Until, how: signal.Signals, code: int) -> None:
    """Ctrl-C and SIGTERM stop everything and say so by exit code."""
    process = started(small, until, SMALL="slow")
    os.kill(process.pid, how)
    done = small.end(process)
    assert done.code == code, done.text
    assert small.alive() == []


def test_a_service_that_crashes_is_a_failed_gate(small: Any) -> None:
    """A service that dies in the middle fails the run, and its last words are shown."""
    done = small("run", "--out", "run", SMALL="crash")
    assert done.code == 1, done.text
    assert "this is where it ends" in done.text, done.text
    assert small.alive() == []


def test_a_service_that_forks_into_another_session(small: Any) -> None:
    """A child that called setsid ends with the run."""
    done = small("run", "--out", "run", SMALL="fork")
    assert done.code == 0, done.text
    assert small.alive() == []


@pytest.mark.long
def test_a_service_that_ignores_being_told_to_stop(small: Any) -> None:
    """A service that ignores SIGTERM is killed after its time."""
    done = small("run", "--out", "run", SMALL="stubborn")
    assert done.code == 0, done.text
    assert small.alive() == []


def test_the_next_start_clears_up_after_a_killed_gate(small: Any, until: Until) -> None:
    """After kill -9 of the gate whatever it left is ended by the next start."""
    process = started(small, until, SMALL="slow")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    done = small("run", "--out", "again")
    assert done.code == 0, done.text
    assert small.alive() == []


def test_nothing_is_written_outside_the_run_directory(small: Any) -> None:
    """A run leaves its run directory and nothing else in the project."""
    before = {str(path) for path in small.folder.rglob("*") if "__pycache__" not in str(path)}
    done = small("run", "--out", "run")
    assert done.code == 0, done.text
    after = {str(path) for path in small.folder.rglob("*") if "__pycache__" not in str(path)}
    new = {path for path in after - before if not path.startswith(str(small.folder / "run"))}
    assert new == set()


def test_a_killed_recorder_loses_nothing_that_was_written(
    small: Any, upstream: int, until: Until
) -> None:
    """After kill -9 of the recorder whoever opens the snapshot next has every exchange of its
    journal."""
    config = small.folder / "ci-gate.yml"
    text = re.sub(r"localhost:\d+", f"localhost:{upstream}", config.read_text(encoding="utf-8"))
    config.write_text(text, encoding="utf-8")
    line = "import runpy, time; runpy.run_path('drive.py'); open('driven', 'w'); time.sleep(600)"
    (small.folder / "drive_long.py").write_text(line, encoding="utf-8")
    out = small.folder / "snapshots" / "again"
    recorder = small.start(
        *("record", "--in-port", "0", "--out-port", "0", "--out", str(out)),
        *("--drive", f"{sys.executable} drive_long.py"),
    )
    until(lambda: (small.folder / "driven").exists() or recorder.poll() is not None)
    assert recorder.poll() is None, small.end(recorder).text
    os.kill(recorder.pid, signal.SIGKILL)
    recorder.wait()
    done = small("run", "--in", str(out), "--out", "run")
    assert done.code == 0, done.text
    assert "a recording was cut off" in done.text
    counts = small.result()["runs"][0]["counts"]
    assert (counts["total"], counts["matched"]) == (9, 3)
    assert not list(out.rglob("*.jsonl"))
