"""What kind of program a command starts, and whether its wall clock can be moved.

A library that is loaded beside a program's own (LD_PRELOAD) reaches what asks glibc for the time.
Go asks the kernel's page itself, static programs load nothing, musl lays out its data otherwise,
and programs that run with more rights than their caller (setuid) are protected from it. What a
shell, a build tool or an unreadable program starts is known only when it runs: `Clock.works`.

Sources: System V ABI (ELF), elf(5), ld.so(8) section "Secure-execution mode".
"""

from __future__ import annotations

import os
import platform
import shutil
import stat
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

import msgspec

from ci_gate.service.clock_library import MACHINES

_MOST_SCRIPTS = 4
"""Interpreters that are scripts themselves; Linux gives up after as many."""
_MOST_HEADERS = 4096
_MOST_BYTES = 1 << 20
_LOAD_INTERPRETER, _NOTE = 3, 4


class Program(msgspec.Struct, frozen=True):
    """What will run."""

    path: str
    """The file that is executed, behind scripts; "" = not found."""
    kind: str
    """"glibc", "go", "static", "musl", "setuid", "other" (another processor or C library), "macos",
    or "unknown"."""

    @property
    def moves(self) -> bool | None:
        """Whether its wall clock can be moved; None: it shows only when it runs."""
        return {"glibc": True, "unknown": None}.get(self.kind, False)

    @property
    def note(self) -> str:
        """One line saying why the clock has no effect; "" when it has, or may have."""
        reason = _REASONS.get(self.kind, "")
        name = os.path.basename(self.path) or "the service"
        return f"the clock is the machine's: {name} {reason}" if reason else ""


_REASONS = {
    "go": "is a Go program, which asks the kernel for the time itself",
    "static": "is linked statically, so nothing can be loaded beside it",
    "musl": "uses musl; the clock moves for glibc programs only",
    "setuid": "runs with more rights than its caller, so nothing can be loaded beside it",
    "other": "is built for another processor or C library",
    "macos": "cannot be given another clock on this system",
}


def probe(command: Sequence[str], env: Mapping[str, str], folder: str = ".") -> Program:
    """What `command` executes first, looked up in `env`'s PATH from the working directory `folder`.

    Never raises: what cannot be found or read is "unknown", and starting it will say why.
    """
    if sys.platform != "linux":
        return Program(command[0] if command else "", "macos")
    words = list(command)
    for _ in range(_MOST_SCRIPTS + 1):
        path = _found(words, env, folder)
        if not path:
            return Program("", "unknown")
        inner = _interpreter(path)
        if not inner:
            return program(path)
        words = _without_env(inner)
    return Program(path, "unknown")


def program(path: str) -> Program:
    """What the executable file at `path` is. Never raises."""
    try:
        with open(path, "rb") as file:
            kind = _kind(file, path)
    except (OSError, ValueError, OverflowError, struct.error):
        kind = "unknown"
    return Program(path, kind)


def _found(words: list[str], env: Mapping[str, str], folder: str) -> str:
    if not words:
        return ""
    name = words[0]
    if os.sep in name:
        path = os.path.join(folder, name)
        return os.path.realpath(path) if os.path.isfile(path) else ""
    found = shutil.which(name, path=env.get("PATH", os.defpath))
    return os.path.realpath(found) if found else ""


def _interpreter(path: str) -> list[str]:
    """The words of a script's first line; [] when it is no script."""
    try:
        with open(path, "rb") as file:
            line = file.read(512)
    except OSError:
        return []
    if not line.startswith(b"#!"):
        return []
    return os.fsdecode(line[2:].partition(b"\n")[0]).split()


def _without_env(words: list[str]) -> list[str]:
    """`/usr/bin/env -S NAME=value python3 -u` is python3."""
    if os.path.basename(words[0]) != "env":
        return words
    rest = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    return rest or words


def _kind(file: BinaryIO, path: str) -> str:
    head = file.read(64)
    if not head.startswith(b"\x7fELF"):
        return "unknown"
    number = int.from_bytes(head[18:20], "little")
    if head[4:6] != b"\x02\x01" or number != MACHINES.get(platform.machine()):
        return "other"
    notes, loader = _segments(file, head)
    if b"Go\0\0" in notes or any(name == b".go.buildinfo" for name in _sections(file, head)):
        return "go"
    if loader is None:
        # The loader itself, told to run a program, honours LD_PRELOAD.
        return "unknown" if os.path.basename(path).startswith("ld") else "static"
    name = os.path.basename(loader)
    if name.startswith(b"ld-musl"):
        return "musl"
    if not name.startswith(b"ld-linux"):
        return "other"
    return "setuid" if _privileged(path) else "glibc"


def _segments(file: BinaryIO, head: bytes) -> tuple[set[bytes], bytes | None]:
    """(owners of the notes, path of the loader that the program asks for)."""
    start, size, count = struct.unpack_from("<Q14xHH", head, 32)
    owners: set[bytes] = set()
    loader = None
    for entry in _table(file, start, size, count, 56):
        kind, offset, length = struct.unpack_from("<I4xQ16xQ", entry)
        if kind == _LOAD_INTERPRETER:
            loader = _bytes(file, offset, min(length, 4096)).rstrip(b"\0")
        elif kind == _NOTE:
            owners |= set(_owners(_bytes(file, offset, min(length, _MOST_BYTES))))
    return owners, loader


def _owners(notes: bytes) -> Iterator[bytes]:
    """Whose each note is, padded as it lies there: b"Go\\0\\0", b"GNU\\0"."""
    position = 0
    while position + 12 <= len(notes):
        name, description = struct.unpack_from("<II", notes, position)
        name, description = (-(-one // 4) * 4 for one in (name, description))
        yield notes[position + 12 : position + 12 + name]
        position += 12 + name + description


def _sections(file: BinaryIO, head: bytes) -> Iterator[bytes]:
    """Names of the sections; none when they were stripped."""
    (start,) = struct.unpack_from("<Q", head, 40)
    size, count, names = struct.unpack_from("<HHH", head, 58)
    table = list(_table(file, start, size, count, 64))
    if names >= len(table):
        return
    offset, length = struct.unpack_from("<QQ", table[names], 24)
    texts = _bytes(file, offset, min(length, _MOST_BYTES))
    for entry in table:
        yield texts[int.from_bytes(entry[:4], "little") :].partition(b"\0")[0]


def _table(file: BinaryIO, start: int, size: int, count: int, least: int) -> Iterator[bytes]:
    if not count:
        return
    if not least <= size <= 4 * least:
        raise ValueError("not the entries of such a table")
    data = _bytes(file, start, min(count, _MOST_HEADERS) * size)
    for position in range(0, len(data) - size + 1, size):
        yield data[position : position + size]


def _bytes(file: BinaryIO, start: int, length: int) -> bytes:
    file.seek(start)
    return file.read(length)


def _privileged(path: str) -> bool:
    about = os.stat(path)
    if about.st_mode & stat.S_ISUID and about.st_uid != os.geteuid():
        return True
    if about.st_mode & stat.S_ISGID and about.st_gid != os.getegid():
        return True
    try:
        return os.geteuid() != 0 and bool(os.getxattr(path, "security.capability"))
    except OSError:
        return False
