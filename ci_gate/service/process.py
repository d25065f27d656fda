"""The service under test (or a driver, or a test suite) as a process with all its descendants."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

import psutil

from ci_gate.errors import CannotRun, UsageError
from ci_gate.service.environment import MARKER
from ci_gate.service.log import ServiceLog
from ci_gate.service.outcome import ServiceFailed, exit_text
from ci_gate.service.tree import LINUX, Tree, adopt_orphans, beside, libc

KILL_SECONDS = 5.0
_POLL_SECONDS = 0.03
_PR_SET_PDEATHSIG = 1
_SHORTAGES = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)


class Process:
    """A command started by `start`, in a session of its own."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        tree: Tree,
        pump: _Pump | None,
        folder: str,
    ) -> None:
        self._process = process
        self._folder = folder
        self._tree = tree
        self._pump = pump

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        folder: str,
        log: ServiceLog | None,
        marker: str,
        shell: bool = False,
    ) -> Process:
        """Start `command` in `folder` with exactly the environment `env` and our `marker`.

        Output goes to `log`, which is closed by `stop`; with None the command keeps our standard
        input and outputs. `shell`: `command` is one shell line. Raises UsageError when the
        command or the folder does not exist or cannot be executed, CannotRun when the machine is
        short of processes, memory or files.
        """
        if sys.platform == "win32":
            raise CannotRun(
                "a service cannot be started on Windows; start it yourself and set service.url"
            )
        adopt_orphans()
        arguments = ["/bin/sh", "-c", command[0]] if shell else list(command)
        pump = await _Pump.open(log) if log is not None else None
        own = (subprocess.DEVNULL, pump.writer, pump.writer) if pump else (None, None, None)
        try:
            process = await asyncio.create_subprocess_exec(
                *arguments,
                env={**env, MARKER: marker},
                cwd=folder,
                stdin=own[0],
                stdout=own[1],
                stderr=own[2],
                start_new_session=True,
                preexec_fn=_ending_with(os.getpid()) if LINUX else None,
            )
        except BaseException as error:
            if pump is not None:
                await pump.close()
            if isinstance(error, OSError | ValueError):
                raise _cannot_start(arguments[0], folder, error) from error
            raise
        finally:
            if pump is not None:
                os.close(pump.writer)
        return cls(process, Tree(process.pid, marker), pump, folder)

    @property
    def pid(self) -> int:
        """Process id of the command itself; also its session and process group."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while the command itself runs; negative: the signal that ended it."""
        return self._process.returncode

    def alive(self) -> bool:
        """Whether the command runs, or has ended well and left processes (a daemon)."""
        if self.exit_code is None:
            return True
        return self.exit_code == 0 and bool(self.members())

    def members(self) -> list[psutil.Process]:
        """All processes of the command that are alive, wherever they have gone."""
        return self._tree.members()

    async def wait(self) -> int:
        """Wait for the command itself; its exit code, negative for a signal."""
        return await self._process.wait()

    def last_lines(self) -> tuple[str, ...]:
        """The last lines of output, redacted; none when the command kept our output."""
        return self._pump.log.last_lines() if self._pump is not None else ()

    def failure(self) -> ServiceFailed:
        """What to report when the service has ended and should not have."""
        code = self.exit_code
        how = "is not running" if code is None else exit_text(code)
        other = beside(self._tree.marker, self._folder)
        if other is not None:
            how += (
                f", and a service of another ci-gate run (pid {other.pid}) works in the same "
                "folder: let one run end before the next, or give each a folder of its own"
            )
        return ServiceFailed(
            reason=f"the service {how}", exit_code=code, last_lines=self.last_lines()
        )

    async def drained(self, seconds: float = 1.0) -> None:
        """Wait until all output has been taken, at most `seconds`: a daemon may hold it open."""
        if self._pump is not None:
            await asyncio.wait([self._pump.ended], timeout=seconds)

    async def stop(self, timeout: float = 10.0) -> None:
        """End every process of the command: SIGTERM, after `timeout` seconds SIGKILL.

        Returns when all are gone and the log is closed; may be called twice. Raises CannotRun
        naming what could not be ended. When cancelled, kills at once.
        """
        try:
            self._signal(signal.SIGTERM)
            # A stopped process takes no SIGTERM before it goes on.
            self._signal(signal.SIGCONT)
            if not await self._gone(timeout):
                await self._kill()
        except asyncio.CancelledError:
            self.kill()
            raise
        finally:
            await self._close()

    def kill(self) -> None:
        """SIGKILL to every process of the command, without waiting."""
        self._signal(signal.SIGKILL)

    async def _kill(self) -> None:
        end = time.monotonic() + KILL_SECONDS
        while time.monotonic() < end:
            # Again and again: a process may fork between our look and our signal.
            self.kill()
            if await self._gone(0.2):
                return
        left = ", ".join(f"{process.name()} (pid {process.pid})" for process in self.members())
        if left:
            raise CannotRun(f"these processes of the service cannot be ended: {left}")

    async def _gone(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self.exit_code is None or self.members():
            if time.monotonic() >= end:
                return False
            await asyncio.sleep(_POLL_SECONDS)
        return True

    def _signal(self, number: signal.Signals) -> None:
        for process in self.members():
            try:
                process.send_signal(number)
            except psutil.Error:
                continue  # it has ended by itself, or is no longer ours to signal

    async def _close(self) -> None:
        if self._pump is not None:
            await self.drained()
            await self._pump.close()
        if self.exit_code is not None:
            self._tree.close()


class _Pump(asyncio.Protocol):
    """Output of the process on its way to the log.

    A pipe of ours rather than one of asyncio's: a daemon that holds it open must not keep us from
    learning that the command has ended.
    """

    def __init__(self, log: ServiceLog, writer: int) -> None:
        self.log = log
        self.writer = writer
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.BaseTransport | None = None

    @classmethod
    async def open(cls, log: ServiceLog) -> _Pump:
        reader, writer = os.pipe()
        pump = cls(log, writer)
        loop = asyncio.get_running_loop()
        connecting = loop.connect_read_pipe(lambda: pump, os.fdopen(reader, "rb", 0))
        # Left to finish when we are cancelled: only then there is something to close.
        task = asyncio.ensure_future(connecting)
        try:
            await asyncio.shield(task)
        except BaseException:
            os.close(writer)
            await task
            await pump.close()
            raise
        return pump

    async def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            await self.ended
        self.log.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.log.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        if not self.ended.done():
            self.ended.set_result(None)


def _ending_with(parent: int) -> Callable[[], None]:
    """What a new process does before it becomes the command: ask for SIGTERM when we die, even of
    a SIGKILL. Its own children are not covered; `leftovers` ends those."""
    prctl = libc().prctl
    number = ctypes.c_ulong(int(signal.SIGTERM))

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # we have died already

    return ask


def _cannot_start(program: str, folder: str, error: OSError | ValueError) -> UsageError | CannotRun:
    if not os.path.isdir(folder):
        return UsageError(f"the service's working folder {folder} does not exist")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    text = f"service.command: {program!r} cannot be started in {folder}: {reason}"
    short_of_something = isinstance(error, OSError) and error.errno in _SHORTAGES
    return CannotRun(text) if short_of_something else UsageError(text)
