"""Learned places as the mock matcher's keys see them: (place pattern, kind of `values.kinds`).

Keys only choose which recorded call answers. Kinds here are therefore as narrow as `values.kinds`
can say and no narrower; the call that was chosen is compared with the exact kind afterwards
(`diff.calls`), and what does not hold is a difference.
"""

from __future__ import annotations

from ci_gate.diff.noise.held import MARK
from ci_gate.model.exchange import Exchange
from ci_gate.model.noise import Noise

ANY, STRING = "any", "string"

_SAME = frozenset({"uuid", "ulid", "objectid", "jwt"})


def opened_by_noise(exchange: Exchange, side: str = "request") -> tuple[tuple[str, str], ...]:
    """The places of one side of an exchange that its noise opens, in the order of the file."""
    found: dict[tuple[str, str], None] = {}
    for noise in exchange.noise:
        if noise.at.startswith(side + "."):
            at, mark, _ = noise.at.partition(MARK)
            for pair in [(at, STRING)] if mark else _opened(noise):
                found[pair] = None
    return tuple(found)


def _opened(noise: Noise) -> list[tuple[str, str]]:
    if noise.kind in ("unordered", "one-of", "derived"):
        # A container is asked for by its leaves, a scalar by itself.
        return [(noise.at, ANY), (noise.at + ".*", ANY)]
    return [(noise.at, _kind(noise))]


def _kind(noise: Noise) -> str:
    if noise.kind in _SAME:
        return noise.kind
    if noise.kind in ("counter", "integer", "number"):
        whole = "number" if noise.kind == "number" else "integer"
        return STRING if noise.format.startswith("text") else whole
    if noise.kind == "timestamp" and noise.format.startswith("epoch"):
        return ANY  # a number, or the same digits in a text
    return STRING
