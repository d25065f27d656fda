"""How recorded requests are replayed."""

from __future__ import annotations

import msgspec


class ReplayerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds. `pace`: "fast" or "recorded" ("auto" is resolved from the snapshot)."""

    pace: str = "auto"
    concurrency: int = 1
    workers: int = 1
    settle: float = 0.5
    timeout: float = 10.0
    headers: tuple[tuple[str, str], ...] = ()
    """Set (replacing) in every request."""
    values: tuple[tuple[str, str], ...] = ()
    """(name, value): credentials for tests, put where they stood when the snapshot was recorded."""
    secrets: tuple[str, ...] = ()
    """What of these reaches no output: values of variables, and of headers that name a secret."""
