"""Whether a service is at rest: what it does after its answer is done, and nothing is on its way.

Linux tells of every thread whether it runs, wants to, or waits for a disk. Elsewhere, and for
processes that we may not look into, nothing is known, and that counts as rest.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

_BUSY = b"RD"
"""States of a thread that runs or wants to, and of one that waits for a disk (proc_pid_stat(5))."""


class Rest:
    """The threads of some processes. Asking takes some twenty microseconds a thread.

    Threads are looked at one after the other, and work that wanders from one to another (a file is
    written by one thread and waited for by the next) may always be where nobody looks. So at rest
    is who sleeps, and has not run between a look before all others and one after them.
    """

    def __init__(self, pids: Iterable[int]) -> None:
        self._tasks = tuple(f"/proc/{pid}/task" for pid in pids)

    def __call__(self) -> bool:
        """True when no thread runs, wants to, or waits for a disk."""
        before = self._ran()
        return not any(_is_busy(f"{task}/stat") for task in before) and self._ran() == before

    def _ran(self) -> dict[str, bytes]:
        """How long and how often each thread has run; nothing where the kernel does not count."""
        return {
            f"{tasks}/{tid}": _read(f"{tasks}/{tid}/schedstat")
            for tasks in self._tasks
            for tid in _in(tasks)
        }


def _in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _is_busy(path: str) -> bool:
    stat = _read(path)
    # The name stands in parentheses and may hold anything; the state is behind the last one.
    state = stat[stat.rfind(b")") + 2 :][:1]
    return state in _BUSY and bool(state)


def _read(path: str) -> bytes:
    """b"" of a thread that is gone, and of what this kernel does not tell."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(256)
    except OSError:
        return b""
