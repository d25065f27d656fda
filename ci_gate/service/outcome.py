"""What became of the service under test."""

from __future__ import annotations

import signal

import msgspec


class ServiceUp(msgspec.Struct, frozen=True, kw_only=True):
    """The service is ready."""

    host: str
    """The loopback address that answers: 127.0.0.1 or ::1 where "localhost" was asked for."""
    seconds: float
    """How long the wait took."""


class ServiceFailed(msgspec.Struct, frozen=True, kw_only=True):
    """The service did not start, did not get ready or died: exit code 1 of the gate."""

    reason: str
    """One sentence without a full stop: "the service ended with exit code 3"."""
    exit_code: int | None = None
    """None while it runs; negative: the signal that ended it."""
    last_lines: tuple[str, ...] = ()
    """Its last output lines, redacted."""


def exit_text(code: int) -> str:
    """How a process ended: "ended with exit code 3", "was killed by SIGSEGV"."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def shell_code(code: int) -> int:
    """An exit code as shells pass it on: 128 and the signal's number for what a signal ended."""
    return code if code >= 0 else 128 - code
