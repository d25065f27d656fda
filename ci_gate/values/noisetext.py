"""A learned kind as people read it: "timestamp YYYY-MM-DDThh:mm:ssZ", "integer from 0 to 300"."""

from __future__ import annotations

from ci_gate.model.noise import Noise

_MEMBERS = 60
"""Characters of the members of a one-of."""


def in_words(noise: Noise) -> str:
    """The kind of a place with all that it says, on one line."""
    kind = noise.kind
    if kind == "timestamp":
        return f"{'time-derived ' if noise.clock else ''}timestamp {noise.format}"
    if kind == "uuid":
        return f"uuid, version {noise.format}" if noise.format else "uuid"
    if kind in ("hex", "base64", "token"):
        least, most = noise.length
        long = f"{most}" if least == most else f"{least} to {most}"
        begins = f", begins with {noise.format}" if noise.format else ""
        return f"{kind} of {long} characters{begins}"
    if kind == "bytes":
        least, most = noise.length
        return f"{most if least == most else f'{least} to {most}'} random bytes"
    if kind in ("integer", "number"):
        return f"{kind} from {_limit(noise.low)} to {_limit(noise.high)}"
    if kind == "one-of":
        return f"one of {_members(noise.members)}"
    if kind == "unordered":
        told = f" (told apart by {noise.key!r})" if noise.key else ""
        return f"in any order{told}"
    if kind == "derived":
        return f"time-derived {noise.format}".rstrip()
    if kind == "loose":
        return "now at once, now one after the other"
    if kind == "optional":
        return "not always called" + (f" ({noise.seen[0]})" if noise.seen else "")
    return kind


def _limit(number: int | float | None) -> str:
    return (
        "anything"
        if number is None
        else f"{number:g}"
        if isinstance(number, float)
        else str(number)
    )


def _members(members: tuple[str, ...]) -> str:
    text = ", ".join(members)
    return text if len(text) <= _MEMBERS else f"{len(members)} values seen"
