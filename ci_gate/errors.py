"""What can go wrong, by whose problem it is.

GateError
├── UsageError      yours: flags, configuration, an unreadable snapshot, refused input (exit 2)
├── CannotRun       the environment's: a port in use, no Docker API, a full disk (exit 3)
└── ProtocolError   the peer's: bytes that are not the protocol (the connection falls back to raw)

A failed gate is none of these: it is a `Verdict`. Any other exception is a bug of ours (exit 3).
Foreign exceptions are mapped where the library that raises them is called, with the cause kept.
"""


class GateError(Exception):
    """Base of every error ci-gate raises on purpose; its text names the place and the remedy."""

    exit_code = 3


class UsageError(GateError):
    """The user can mend it: flags, configuration, snapshot, input."""

    exit_code = 2


class CannotRun(GateError):
    """The environment does not let us: a port in use, no Docker API, a full disk."""

    exit_code = 3


class ProtocolError(GateError):
    """The peer sent bytes that are not the protocol it is meant to speak."""
