"""What a gate that was killed leaves behind, and how the next start clears it away.

A gate writes one small file into the state directory before it makes anything that could outlive
it: who it is, the marker of its processes, the first process of each command, its temporary
folders. Normally the file goes with the gate. Whoever finds one whose gate is dead ends what still
runs and removes the folders. Nothing is touched that does not prove to be ours: a process by its
marker or by id and start time, a folder by the marker written inside it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec
import psutil

from ci_gate.errors import CannotRun
from ci_gate.service.tree import LINUX, marked

RUNS_FOLDER = "running"
FOLDER_MARK = ".ci-gate-run"
_END_SECONDS = 3.0
_FORGOTTEN_SECONDS = 30 * 86400.0


class Identity(msgspec.Struct, frozen=True):
    """One process for all time: ids are used again, start times within one boot are not."""

    pid: int
    started: str


class Record(msgspec.Struct, kw_only=True):
    """Content of a gate's file."""

    run: str
    gate: Identity
    space: str
    """Where process ids mean what they mean here; see `_space`."""
    processes: list[Identity] = []
    folders: list[str] = []
    containers: bool = False
    """There may be containers with one of the run's markers."""


class Cleared(msgspec.Struct, frozen=True, kw_only=True):
    """What a start has cleared away after earlier gates."""

    processes: tuple[str, ...] = ()
    """Names with ids, of containers too."""
    folders: tuple[str, ...] = ()


class Leftovers:
    """The record of this gate. Use as a context manager, or call `close` at the end."""

    def __init__(self, state_folder: str) -> None:
        """Raises CannotRun when the state directory cannot be written."""
        run = secrets.token_hex(8)
        self._commands = 0
        self._record = Record(run=run, gate=identity(os.getpid()), space=_space())
        self._path = Path(state_folder, RUNS_FOLDER, f"{run}.json")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._save()
        except OSError as error:
            raise CannotRun(
                f"{self._path}: cannot be written ({error.strerror or error}); "
                "make the state directory writable"
            ) from error

    def __enter__(self) -> Leftovers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def marker(self, *, container: bool = False) -> str:
        """A new marker for `Process.start` or `Container.start`; the record knows it already."""
        if container and not self._record.containers:
            self._record.containers = True
            self._save()
        self._commands += 1
        return f"{self._record.run}.{self._commands}"

    def add_processes(self, pids: Iterable[int]) -> None:
        """Record processes by id and start time: for those that lose their marker."""
        known = {process.pid for process in self._record.processes}
        new = [identity(pid) for pid in pids if pid not in known]
        if new:
            self._record.processes += new
            self._save()

    def folder(self) -> str:
        """A new temporary folder, which only we can read; `close` removes it."""
        path = Path(tempfile.gettempdir(), f"ci-gate-{secrets.token_hex(8)}")
        self._record.folders.append(str(path))
        self._save()
        path.mkdir(mode=0o700)
        (path / FOLDER_MARK).write_text(self._record.run)
        return str(path)

    def close(self) -> None:
        """Remove the temporary folders and the record. Processes are `Process.stop`'s affair."""
        for folder in self._record.folders:
            _remove(folder, self._record.run)
        self._path.unlink(missing_ok=True)

    def _save(self) -> None:
        temporary = self._path.with_suffix(".tmp")
        temporary.write_bytes(msgspec.json.encode(self._record))
        os.replace(temporary, self._path)


def clear(state_folder: str) -> Cleared:
    """End the processes and remove the folders of gates that were killed. Blocks for at most a few
    seconds, and only when there is something to end."""
    ended: list[str] = []
    removed: list[str] = []
    for path in sorted(Path(state_folder, RUNS_FOLDER).glob("*.json")):
        record = _read(path)
        if record is None or record.space != _space() or _lives(record.gate):
            _forget_old(path)
            continue
        ended += _end(_processes(record))
        if record.containers:
            # Imported here: only who has run a container pays for the Docker library.
            from ci_gate.service.container import remove_containers

            try:
                ended += remove_containers(record.run)
            except CannotRun:
                continue  # the record stays for a start that can
        removed += [folder for folder in record.folders if _remove(folder, record.run)]
        path.unlink(missing_ok=True)
    return Cleared(processes=tuple(ended), folders=tuple(removed))


def identity(pid: int) -> Identity:
    """Who runs under this id now; `started` is "" when nobody does."""
    try:
        if LINUX:
            # Ticks since the boot do not move when somebody sets the clock.
            text = Path(f"/proc/{pid}/stat").read_bytes()
            ticks = text[text.rindex(b")") + 2 :].split(b" ", 20)[19].decode()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
            return Identity(pid, f"{boot}:{ticks}")
        return Identity(pid, f"{psutil.Process(pid).create_time():.2f}")
    except (OSError, psutil.Error):
        return Identity(pid, "")


def _space() -> str:
    """Names the machine, or the container, whose process ids we see: a state directory may be
    shared between several, and a gate that cannot be seen is not dead."""
    try:
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def _forget_old(path: Path) -> None:
    """Remove a record that nobody can act on any more."""
    with contextlib.suppress(OSError):
        if time.time() - path.stat().st_mtime > _FORGOTTEN_SECONDS:
            path.unlink()


def _lives(wanted: Identity) -> bool:
    return bool(wanted.started) and identity(wanted.pid) == wanted


def _processes(record: Record) -> list[psutil.Process]:
    found = {process.pid: process for process in marked(f"{record.run}.")}
    for wanted in record.processes:
        if wanted.pid not in found and _lives(wanted):
            found[wanted.pid] = psutil.Process(wanted.pid)
    found.pop(os.getpid(), None)
    return list(found.values())


def _end(processes: list[psutil.Process]) -> list[str]:
    names: list[str] = []
    for process in processes:
        try:
            names.append(f"{process.name()} (pid {process.pid})")
            process.terminate()
        except psutil.Error:
            continue
    _, alive = psutil.wait_procs(processes, timeout=_END_SECONDS)
    for process in alive:
        try:
            process.kill()
        except psutil.Error:
            continue
    psutil.wait_procs(alive, timeout=_END_SECONDS)
    return names


def _remove(folder: str, run: str) -> bool:
    """Remove a folder that is marked as this run's, or empty because the mark was never written."""
    path = Path(folder)
    try:
        if path.is_symlink() or not path.is_dir():
            return False
        if any(path.iterdir()) and (path / FOLDER_MARK).read_text() != run:
            return False
    except OSError:
        return False
    shutil.rmtree(path, ignore_errors=True)
    return not path.exists()


def _read(path: Path) -> Record | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (OSError, msgspec.MsgspecError):
        # Not one of ours, or written by a newer version: it names nothing we could act on.
        return None
