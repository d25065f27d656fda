"""The wall clock that the service sees: the machine's, moved, and going on at normal speed.

One number, an offset in nanoseconds, lies in a file that the gate and every process of the service
have mapped: a library of ours (shim/clock.c, see `clock_library`) adds it wherever glibc is asked
for the time. Moving the clock of all processes at once is one store of eight bytes. Monotonic
clocks, and so sleeps and timeouts, are not touched.
"""

from __future__ import annotations

import datetime
import mmap
import os
import secrets
import sys
import time
from collections.abc import Iterable, Mapping

import msgspec

from ci_gate.errors import CannotRun
from ci_gate.service.clock_library import available
from ci_gate.service.clock_probe import Program, program

FILE_VARIABLE = "CI_GATE_CLOCK"
"""What the library reads: path of the file with the offset."""

INSIDE_LIBRARY = "clock.so"
"""Name of the library among the files of a container."""

PRELOAD = "LD_PRELOAD"
_SIZE = 128
"""Bytes of the file. At 0 the offset; at 64 how many programs have loaded the library; at 72 how
many of them have asked for the time. All are 64 bits, signed, in the machine's order."""
_LOADS, _READERS = 8, 9


class Clock:
    """A clock in a file of its own below `folder`, a run's temporary one; it starts with the
    machine's time. `library` is what `clock_library.library` gave.

    Whoever runs the service may also change the file; a service that cuts it short ends itself and
    the gate, which is red and not green. Raises CannotRun when the file cannot be made.
    """

    def __init__(self, folder: str, library: str) -> None:
        self._library = library
        self.path = os.path.join(os.path.abspath(folder), f"clock-{secrets.token_hex(8)}")
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise CannotRun(f"{self.path}: {error.strerror}; the clock needs this file") from error
        self._map(handle)

    @property
    def offset(self) -> int:
        """Nanoseconds between this clock and the machine's; negative in the past."""
        return self._cells[0]

    @property
    def moved(self) -> datetime.timedelta:
        """`offset`, to the microsecond."""
        return datetime.timedelta(microseconds=self._cells[0] // 1000)

    def now(self) -> int:
        """What the service's wall clock shows: nanoseconds since 1970."""
        return time.time_ns() + self._cells[0]

    def set(self, at: int) -> None:
        """The service's wall clock shows `at` (nanoseconds since 1970) now, and goes on."""
        self._cells[0] = at - time.time_ns()

    def advance(self, to: int) -> None:
        """Set the clock forward to `to`, unless it is later already. Costs a microsecond."""
        offset = to - time.time_ns()
        if offset > self._cells[0]:
            self._cells[0] = offset

    def environment(self, base: Mapping[str, str], inside: str = "") -> dict[str, str]:
        """`base` changed so that a program started with it, and its children, see this clock.

        What `base` preloads stays, behind ours. `inside`: the folder of a container in which the
        files of `files` lie.
        """
        ours = f"{inside}/{INSIDE_LIBRARY}" if inside else self._library
        path = f"{inside}/{os.path.basename(self.path)}" if inside else self.path
        others = [one for one in base.get(PRELOAD, "").replace(":", " ").split() if one != ours]
        return {**base, PRELOAD: " ".join([ours, *others]), FILE_VARIABLE: path}

    def files(self) -> dict[str, bytes]:
        """What a container must find in the folder `inside`: the library, and a copy of the clock
        as it is now. The copy goes on by itself; `reach` makes it follow. Its mode has to be 0666,
        that what runs in the container as somebody else can be seen to use it."""
        with open(self._library, "rb") as file:
            return {INSIDE_LIBRARY: file.read(), os.path.basename(self.path): bytes(self._memory)}

    def reach(self, pid: int, inside: str) -> bool:
        """From now on move the copy of a container, of which `pid` is a process; needs the right
        to look into it. False: the copy stays at the offset it was given."""
        path = f"/proc/{pid}/root{inside}/{os.path.basename(self.path)}"
        try:
            handle = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return False
        offset = self.offset
        self._unmap()
        self._map(handle)
        self._cells[0] = offset
        return True

    def works(self, pids: Iterable[int]) -> bool | None:
        """Whether these processes go by this clock; ask when the service is ready.

        True: all of them do, and one at least has asked for the time. False: `untouched` ones are
        among them. None: none could be looked into, or none has asked for the time so far.
        """
        seen = {pid: self._touches(pid) for pid in pids}
        if False in seen.values():
            return False
        return True if True in seen.values() and self._cells[_READERS] > 0 else None

    def untouched(self, pids: Iterable[int]) -> tuple[str, ...]:
        """Names of the programs among these processes that go by the machine's clock, each once."""
        names = (_name(pid) for pid in pids if self._touches(pid) is False)
        return tuple(dict.fromkeys(names))

    def any_moved(self, pids: Iterable[int]) -> bool:
        """Whether one of these processes goes by this clock, or may."""
        return any(self._touches(pid) is not False for pid in pids)

    def note(self, pids: Iterable[int]) -> str:
        """One line naming the programs without effect; "" when there are none."""
        names = self.untouched(pids)
        return f"the clock is the machine's for {', '.join(names)}" if names else ""

    @property
    def loads(self) -> int:
        """How many programs have started with the library."""
        return self._cells[_LOADS]

    def close(self) -> None:
        """Take the file away; what still runs keeps the offset. May be called twice."""
        self._unmap()
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            return
        except OSError as error:
            raise CannotRun(f"{self.path}: {error.strerror}; delete it by hand") from error

    def _map(self, handle: int) -> None:
        try:
            if os.fstat(handle).st_size < _SIZE:
                os.ftruncate(handle, _SIZE)
            self._memory = mmap.mmap(handle, _SIZE)
        except OSError as error:
            raise CannotRun(f"{self.path}: {error.strerror}; the clock needs this file") from error
        finally:
            os.close(handle)
        # Stores of a whole element are one machine instruction: no reader sees half of one.
        self._cells = memoryview(self._memory).cast("q")

    def _unmap(self) -> None:
        self._cells.release()
        self._memory.close()

    def _touches(self, pid: int) -> bool | None:
        """None: gone, or we may not look."""
        try:
            with open(f"/proc/{pid}/maps", "rb") as file:
                maps = file.read()
        except OSError:
            return None
        if not maps:
            return None
        mapped = os.fsencode(f"/{os.path.basename(self.path)}") in maps
        return mapped and program(f"/proc/{pid}/exe").kind != "go"


class Opened(msgspec.Struct, frozen=True):
    """What came of a wish for a clock."""

    clock: Clock | None
    """None: the service goes by the machine's clock."""
    note: str = ""
    """One line for the report, saying why there is no effect or may be none."""


def open_clock(wanted: str, starts: Program, state_folder: str, folder: str) -> Opened:
    """The clock for `service.clock: wanted` ("recorded", "auto", "real") and a command that
    `clock_probe.probe` has looked at.

    `state_folder` keeps the library, `folder` is a run's temporary one. "auto" takes a clock where
    it works and says where it does not. "recorded" takes one wherever it can be had (a wrapper may
    start a program that it moves) and raises CannotRun where it cannot.
    """
    if wanted == "real":
        return Opened(None)
    required = wanted == "recorded"
    if starts.moves is False and not (required and sys.platform == "linux"):
        return Opened(None, starts.note)
    path, reason = available(state_folder)
    if path:
        return Opened(Clock(folder, path), starts.note)
    if required:
        raise CannotRun(reason)
    return Opened(None, f"the clock is the machine's: {reason}")


def _name(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip() or str(pid)
    except OSError:
        return str(pid)
