"""What a detector found: where, what kind, and the value itself without its quoting."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Found(NamedTuple):
    """`start` and `end` are byte offsets of what is to be replaced; `value` is the secret as it is
    meant, so that it is the same value however it was quoted; `quote` writes a new one there."""

    start: int
    end: int
    kind: str
    value: str
    quote: Callable[[str], str] = str
    remember: bool = False
    """True: only its surroundings told that it is secret, so it is to be known elsewhere too."""
    rule: str = ""
    """What decided, where that is not the value's own form."""


_PLACEHOLDERS = frozenset(
    (
        *("null", "none", "nil", "undefined", "true", "false", "required", "optional", "missing"),
        *("invalid", "expired", "deleted", "empty", "string", "password", "secret", "token"),
        *("redacted", "hidden", "masked", "unknown", "bearer", "basic"),
    )
)


def is_worth(value: str) -> bool:
    """False for what stands where a secret might: nothing, a mask, a word that says there is none."""
    if len(set(value)) < 2 or value.startswith("‹"):
        return False
    return any(letter.isalnum() for letter in value) and value.lower() not in _PLACEHOLDERS
