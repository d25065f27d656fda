"""What a team has agreed to let pass for a time, besides rules: known causes, quarantined exchanges."""

from __future__ import annotations

import msgspec


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A cause that passes until its date."""

    index: int
    """Position in the file, from 1, as reports name it."""
    fingerprint: str
    """`Cause.fingerprint`."""
    reason: str
    owner: str
    until: str
    """ISO date, the last day on which it passes."""
    line: int = 0


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange that proved unstable: it runs, and is red on a kind of difference not listed."""

    index: int
    exchange: str
    """Id of an inbound exchange."""
    differences: tuple[str, ...]
    """Fingerprints of the kinds of difference that pass (`diff.causes.fingerprint.of_difference`)."""
    reason: str
    owner: str
    until: str
    line: int = 0
