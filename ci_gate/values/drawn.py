"""Bytes drawn at random: when bodies look so, and which other may stand for them.

Files have beginnings that tell their kind, and what is compressed or packed repeats itself: neither is
taken for random. Only what differs from replay to replay at nearly every byte is.
"""

from __future__ import annotations

import itertools
import string
from collections.abc import Sequence

from ci_gate.model.noise import Noise

LEAST = 16
"""Bytes; fewer cannot be told from a short code. Of so many random ones all are printable once in
several million times."""
_MAGIC = 4
"""Bytes at the beginning, by which files tell what they are."""
_LOOK = 4096
"""Bytes of a body that are looked at."""
_VALUES = 128
_PRINTABLE = frozenset(string.printable.encode())


def random_bytes(bodies: Sequence[bytes]) -> Noise | None:
    """The kind of bodies of the same place, one from each replay, as a Noise without a place; None
    when they do not look random."""
    if not all(map(is_drawn, bodies)):
        return None
    cut = [body[:_LOOK] for body in bodies]
    if any(len({body[at] for body in cut}) == 1 for at in range(_MAGIC)):
        return None
    if not all(_differ(*pair) for pair in itertools.combinations(cut, 2)):
        return None
    sizes = [len(body) for body in bodies]
    least, most = min(sizes), max(sizes)
    spread = most - least
    return Noise(at="", kind="bytes", length=(max(least - spread, LEAST), most + spread))


def is_drawn(body: bytes) -> bool:
    """True for bytes that may have been drawn at random: enough of them, of many values, and not
    the text that stands there when something went wrong."""
    seen = set(body[:_LOOK])
    many = 2 * len(seen) >= min(len(body), _VALUES)
    return len(body) >= LEAST and many and not seen <= _PRINTABLE


def _differ(one: bytes, other: bytes) -> bool:
    """Two random bytes are equal once in 256 times; here once in 32 is allowed."""
    same = sum(a == b for a, b in zip(one, other, strict=False))
    return same <= max(2, min(len(one), len(other)) // 32)
