"""What our own exports say of an exchange beside what the format has fields for: read by our
import, passed over by the tool whose format it is."""

from __future__ import annotations

from typing import Any

import msgspec

from ci_gate.model.exchange import Exchange

KEY = "ci-gate"
"""Under which formats with names of one's own hold it."""


class Ours(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One exchange's. Everything has a default: strangers may write here, too."""

    id: str = ""
    """As the snapshot has it: calls name their groups by it. "" = not one of our exports."""
    groups: tuple[str, ...] = ()
    took: float = 0.0
    """Milliseconds."""
    connection: int = 0
    redacted: tuple[str, ...] = ()
    at: str = ""
    """When it was asked, where the format has no time."""
    headers: list[tuple[str, str]] = []
    """Of the request, where the format's are what a matcher asks for."""
    answered: list[tuple[str, str]] = []
    """Headers of the response, where the format's are those that the tool is to send."""

    @property
    def session(self) -> str:
        """As `Found.session`."""
        return str(self.connection) if self.connection else ""


def ours_of(exchange: Exchange) -> Ours:
    """What to write of an exchange."""
    return Ours(
        id=exchange.id,
        groups=exchange.groups,
        took=exchange.took,
        connection=exchange.connection,
        redacted=exchange.redacted,
    )


def ours_in(told: Any) -> Ours:
    """What was read; nothing of it counts where it is not ours."""
    if not isinstance(told, dict):
        return Ours()
    try:
        return msgspec.convert(told, Ours, strict=False)
    except msgspec.ValidationError:
        return Ours()
