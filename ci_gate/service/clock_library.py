"""The library that shifts a service's wall clock: compiled at first use, then kept.

Its source is shim/clock.c. It needs no C library to be linked with, so that one build serves every
glibc program of the machine's processor, also inside older containers.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from importlib.resources import files

from ci_gate.errors import CannotRun

LIBRARY_VARIABLE = "CI_GATE_CLOCK_LIBRARY"
"""Path of a library built beforehand, as in our container image."""

MACHINES = {"x86_64": 62, "aarch64": 183}
"""Processors that the library is written for, with their numbers in an ELF header (e_machine)."""

_FOLDER = "clock"
_BUILD_SECONDS = 60
_FLAGS = (
    "-shared",
    "-fPIC",
    "-O2",
    "-std=gnu11",
    "-ffreestanding",
    "-nostdlib",
    "-fvisibility=hidden",
    "-fno-stack-protector",
    "-Wl,-Bsymbolic",
    "-Wl,-z,now",
    "-Wl,-z,relro",
)
# ld.so takes spaces and colons as the end of a path in LD_PRELOAD, and expands $ORIGIN and the like.
_UNUSABLE = frozenset(" \t\n:;$")


def library(state_folder: str, *, required: bool = False) -> str:
    """Path of the library, built in `state_folder` when it is not there yet.

    `required`: `clock: recorded` was asked for. Then what prevents it raises CannotRun naming the
    remedy; otherwise the result is "". A library that CI_GATE_CLOCK_LIBRARY names and that cannot
    be used raises in both cases: somebody meant it.
    """
    path, reason = available(state_folder)
    if required and not path:
        raise CannotRun(reason)
    return path


def available(state_folder: str) -> tuple[str, str]:
    """(path of the library, ""), or ("", what prevents it, with the remedy).

    Raises CannotRun for a library that CI_GATE_CLOCK_LIBRARY names and that cannot be used.
    """
    machine = platform.machine()
    if sys.platform != "linux":
        return "", "the service's clock can be moved on Linux only; write clock: real"
    if machine not in MACHINES:
        return "", (
            f"the service's clock can be moved on {' and '.join(MACHINES)} only, and this is "
            f"{machine}; write clock: real"
        )
    named = os.environ.get(LIBRARY_VARIABLE, "")
    if named:
        return _usable(_prebuilt(named, machine)), ""
    try:
        return _usable(_built(os.path.join(state_folder, _FOLDER), machine)), ""
    except CannotRun as error:
        return "", str(error)


def build(path: str) -> None:
    """Compile the library to `path`, whose folder must exist; atomically.

    Raises CannotRun when there is no C compiler or it fails.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise CannotRun(
            "moving the service's clock needs a C compiler the first time, and there is no cc; "
            f"install one (Debian: apt-get install gcc), or set {LIBRARY_VARIABLE} to a library "
            "built elsewhere, or write clock: real"
        )
    handle, temporary = tempfile.mkstemp(prefix=".clock-", suffix=".so", dir=os.path.dirname(path))
    os.close(handle)
    try:
        _compile(compiler, temporary)
        os.chmod(temporary, 0o644)  # a service may run as somebody else
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


@functools.cache
def source() -> bytes:
    """The library's source."""
    return files("ci_gate.service").joinpath("shim", "clock.c").read_bytes()


def _compile(compiler: str, path: str) -> None:
    # A user's CFLAGS are for the service, but what finds the compiler's parts (PATH) must stay.
    try:
        done = subprocess.run(
            [compiler, *_FLAGS, "-x", "c", "-", "-o", path],
            input=source(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_BUILD_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotRun(f"{compiler} could not be run ({error}); write clock: real") from error
    if done.returncode:
        said = done.stdout.decode(errors="replace").strip().splitlines()
        raise CannotRun(
            f"{compiler} did not build the library that moves the service's clock "
            f"({said[0][:200] if said else f'exit code {done.returncode}'}); install gcc, or write "
            "clock: real"
        )


def _built(folder: str, machine: str) -> str:
    """The library for this source, these flags and this machine; a home may be several's."""
    digest = hashlib.sha256(b"\0".join([source(), machine.encode(), *map(str.encode, _FLAGS)]))
    path = os.path.join(os.path.abspath(folder), f"{machine}-{digest.hexdigest()[:16]}.so")
    if os.path.isfile(path):
        return path
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        # Of two processes that build at once the later replaces the earlier's by the same.
        build(path)
    except OSError as error:
        raise CannotRun(
            f"{folder}: the library that moves the service's clock cannot be kept there "
            f"({error.strerror or error}); make the folder writable"
        ) from error
    return path


def _prebuilt(path: str, machine: str) -> str:
    try:
        with open(path, "rb") as file:
            head = file.read(20)
    except OSError as error:
        raise CannotRun(f"{LIBRARY_VARIABLE}: {path}: {error.strerror}; unset it") from error
    number = int.from_bytes(head[18:20], "little")
    if not head.startswith(b"\x7fELF\x02\x01") or number != MACHINES[machine]:
        raise CannotRun(
            f"{LIBRARY_VARIABLE}: {path} is not a library for {machine}; unset it, or name one "
            "built on such a machine"
        )
    return os.path.abspath(path)


def _usable(path: str) -> str:
    if _UNUSABLE & set(path):
        raise CannotRun(
            f"{path}: LD_PRELOAD cannot name a path with a space, colon, semicolon or dollar sign; "
            f"set XDG_STATE_HOME or {LIBRARY_VARIABLE} to another place"
        )
    return path
