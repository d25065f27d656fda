"""Finds every process that a command has left in the world.

A service forks, calls setsid, lets its parent die. Its processes are found by three traces: an
environment variable that children inherit (`MARKER`), descent from the first process, and, on
Linux, by making us the parent of orphans (PR_SET_CHILD_SUBREAPER), which also shows those that
have wiped their environment.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import psutil

from ci_gate.service.environment import MARKER

LINUX = sys.platform == "linux"
_PR_SET_CHILD_SUBREAPER = 36

_started_here: set[int] = set()
"""First processes of all trees of this process; the orphans that we adopt are not among them."""


class _Entry(NamedTuple):
    pid: int
    parent: int
    session: int
    zombie: bool
    started: float
    """Tells a process from a later one with the same id; its unit depends on the system."""


class Tree:
    """The processes of one command. `marker` is the value of the environment variable."""

    def __init__(self, pid: int, marker: str) -> None:
        self.pid = pid
        self.marker = marker
        self._sessions = {pid}
        self._started = next((entry.started for entry in _entries([pid])), -1.0)
        _started_here.add(pid)

    def members(self) -> list[psutil.Process]:
        """Those alive now, zombies left out; reaps the orphans of ours that have ended."""
        entries = {entry.pid: entry for entry in _entries()}
        chosen = {pid for pid in entries if self._is_ours(entries[pid])}
        chosen |= _below(chosen, entries)
        self._sessions |= {entries[pid].session for pid in chosen if entries[pid].session > 0}
        return [process for pid in sorted(chosen) if (process := _alive(entries[pid])) is not None]

    def close(self) -> None:
        """The first process is gone and reaped: its id may come to mean another one."""
        _started_here.discard(self.pid)

    def _is_ours(self, entry: _Entry) -> bool:
        if entry.pid == os.getpid():
            return False
        if entry.pid == self.pid:
            return entry.started == self._started
        if not entry.zombie and has_marker(entry.pid, self.marker):
            return True
        # An orphan that we have adopted. Our own helpers share our session.
        adopted = entry.parent == os.getpid() and entry.pid not in _started_here
        if not adopted or entry.session == os.getsid(0):
            return False
        return entry.session in self._sessions or _started_here == {self.pid}


def adopt_orphans() -> None:
    """Become the parent of orphaned descendants, where the system can do that."""
    if LINUX:
        libc().prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def libc() -> ctypes.CDLL:
    """The C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def marked(prefix: str) -> list[psutil.Process]:
    """All processes of the machine whose marker starts with `prefix`, as far as we may look."""
    found = (psutil_process(pid) for pid in psutil.pids() if has_marker(pid, prefix, whole=False))
    return [process for process in found if process is not None]


def beside(marker: str, folder: str) -> psutil.Process | None:
    """A process of another run than that of `marker` which works in this folder, where there is
    one: a service that keeps files in its folder is hardly made for two of itself."""
    run = marker.partition(".")[0] + "."
    # Who started us may be under a marker, too.
    above = {os.getpid(), *(one.pid for one in psutil.Process().parents())}
    for process in marked(""):
        if process.pid in above or has_marker(process.pid, run, whole=False):
            continue
        with contextlib.suppress(OSError, psutil.Error):
            if os.path.samefile(process.cwd(), folder):
                return process
    return None


def has_marker(pid: int, marker: str, *, whole: bool = True) -> bool:
    """Whether the environment that `pid` was started with has this marker (or one that starts so).

    False for processes that we may not look into.
    """
    wanted = f"\0{MARKER}={marker}".encode() + (b"\0" if whole else b"")
    if LINUX:
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                return wanted in b"\0" + file.read() + b"\0"
        except OSError:
            return False
    try:
        value = psutil.Process(pid).environ().get(MARKER, "")
    except (psutil.Error, OSError):
        return False
    return value == marker if whole else value.startswith(marker)


def psutil_process(pid: int) -> psutil.Process | None:
    """The process with this id, None when there is none."""
    try:
        return psutil.Process(pid)
    except psutil.Error:
        return None


def _below(roots: set[int], entries: dict[int, _Entry]) -> set[int]:
    children: dict[int, list[int]] = {}
    for entry in entries.values():
        children.setdefault(entry.parent, []).append(entry.pid)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        new = set(children.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return found


def _alive(entry: _Entry) -> psutil.Process | None:
    if not entry.zombie:
        return psutil_process(entry.pid)
    if entry.parent == os.getpid() and entry.pid not in _started_here:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(entry.pid, os.WNOHANG)
    return None


def _entries(pids: Iterable[int] | None = None) -> Iterator[_Entry]:
    """What there is of these processes; None = all of the machine."""
    for pid in psutil.pids() if pids is None else pids:
        entry = _linux_entry(pid) if LINUX else _portable_entry(pid)
        if entry is not None:
            yield entry


def _linux_entry(pid: int) -> _Entry | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return None
    # The name of the command stands in parentheses and may itself contain some. After it: state,
    # parent, group, session and, as the twentieth, the start in ticks since the boot.
    fields = text[text.rindex(b")") + 2 :].split(b" ", 20)
    return _Entry(pid, int(fields[1]), int(fields[3]), fields[0] in (b"Z", b"X"), float(fields[19]))


def _portable_entry(pid: int) -> _Entry | None:
    try:
        process = psutil.Process(pid)
        zombie = process.status() == psutil.STATUS_ZOMBIE
        return _Entry(pid, process.ppid(), os.getsid(pid), zombie, process.create_time())
    except (psutil.Error, OSError):
        return None
