"""Texts that list something: "GET, HEAD, OPTIONS", "read write admin"."""

from __future__ import annotations

_SEPARATORS = (", ", "; ", ",", ";", "|", " ")
"""The first of these that a text holds is what stands between its items."""
_LONGEST = 4096


def items(text: str) -> tuple[str, frozenset[str]] | None:
    """What stands between the items of a list, and these; None when a text lists nothing: fewer
    than two items, an empty one, or one that comes twice."""
    if len(text) > _LONGEST:
        return None
    between = next((one for one in _SEPARATORS if one in text), "")
    parts = text.split(between) if between else []
    found = frozenset(parts)
    return (between, found) if parts and "" not in found and len(found) == len(parts) else None


def same_items(one: str, other: str) -> bool:
    """True for two lists of the same, in whatever order."""
    listed = items(one)
    return listed is not None and listed == items(other)
