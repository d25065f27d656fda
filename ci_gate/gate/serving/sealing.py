"""A CI job's credentials, out of sight of the service under test.

What a process was started with stays readable in /proc/<pid>/environ for every process of its
user, whatever it does to its variables later. So `action` starts itself again in its own process,
without the variables that are no service's business: those come along in a file in memory, which
is read and closed before anything else happens. Process id, parent, exit code and signals stay.
The process is then marked as one that others of its user may not look into (its memory).

Linux only. What the job's own shell was started with, and whoever may become root or call the
container engine, is out of our hands: docs/security.md says so.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping

from ci_gate.errors import UsageError
from ci_gate.service.environment import MARKER, is_ci_secret
from ci_gate.service.tree import LINUX, libc

HANDLE = "CI_GATE_SEALED"
"""Variable with the number of the open file, between the two lives of the process."""

SHORTEST = 4
"""Shorter texts are no tokens, and would be found everywhere."""

_NAME = "ci-gate-sealed"
_PR_SET_DUMPABLE = 4


def seal(env: MutableMapping[str, str]) -> None:
    """Start this process again with the secrets of `env` (os.environ) in a sealed file; the second
    time, put them back into `env`, where `scrub` and `forget` deal with them.

    To be called before anything else: does not return the first time, unless there is nothing to
    hide or the system cannot do it. Raises UsageError for a handle that is not ours.
    """
    if not LINUX:
        return
    handle = env.pop(HANDLE, "")
    if handle:
        env.update(_opened(handle))
    else:
        secret = secrets(env)
        if secret:
            _start_again({name: env[name] for name in env if name not in secret}, secret)
    libc().prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def secrets(env: Mapping[str, str]) -> dict[str, str]:
    """What of an environment is meant for us or the CI platform alone, and any other variable with
    one of those tokens in it."""
    found = {name for name in env if is_ci_secret(name) and name != MARKER}
    tokens = [env[name] for name in found if "TOKEN" in name.upper()]
    tokens = [one for one in tokens if len(one) >= SHORTEST]
    found.update(name for name, value in env.items() if any(one in value for one in tokens))
    return {name: env[name] for name in env if name in found}


def forget(env: MutableMapping[str, str], token: str) -> None:
    """Take the token out of an environment, under whatever names it is there: what the service
    and its children get is made from this one."""
    if len(token) < SHORTEST:
        return
    for name in [name for name, value in env.items() if token in value]:
        del env[name]


def _start_again(env: dict[str, str], secret: Mapping[str, str]) -> None:
    """Become the same program with the same arguments, in `env`; returns where that is impossible."""
    try:
        with open("/proc/self/cmdline", "rb") as file:
            # As the kernel has it: with the loader or the isolation that we were started by.
            command = file.read().split(b"\0")[:-1]
        program = os.readlink("/proc/self/exe")
        sealed = os.memfd_create(_NAME, 0)
    except OSError:
        return
    try:
        pairs = (f"{name}={value}" for name, value in secret.items())
        with os.fdopen(os.dup(sealed), "wb") as file:
            file.write(b"\0".join(os.fsencode(pair) for pair in pairs))
        os.execve(program, command, {**env, HANDLE: str(sealed)})  # noqa: S606 - it is ourselves
    except OSError:
        os.close(sealed)


def _opened(handle: str) -> dict[str, str]:
    """The secrets in the file with that number, which is closed."""
    number = int(handle) if handle.isdecimal() and len(handle) < 8 else -1
    try:
        ours = os.readlink(f"/proc/self/fd/{number}").startswith(f"/memfd:{_NAME}")
    except OSError:
        ours = False
    if not ours:
        raise UsageError(f"{HANDLE} is set by ci-gate itself, and by nobody else")
    with os.fdopen(number, "rb") as file:
        file.seek(0)
        pairs = os.fsdecode(file.read()).split("\0")
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
