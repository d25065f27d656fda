"""Keeping result.json below its limit: examples go first, figures never. Pure."""

from __future__ import annotations

import msgspec

from ci_gate.model.difference import Cause, Difference
from ci_gate.model.result import Result

MOST_BYTES = 5 * 1000 * 1000

_STEPS = ((3, 2000, 50, 200), (3, 500, 20, 100), (1, 200, 5, 50), (0, 0, 0, 20))
"""(examples a cause, characters of a text in one, excused examples, notices), the mildest first."""


def fitting(result: Result) -> bytes | None:
    """The result as JSON of at most `MOST_BYTES`, with as many examples as fit; None = none do."""
    for examples, characters, excused, notices in ((-1, 0, 0, 0), *_STEPS):
        if examples >= 0:
            result = msgspec.structs.replace(
                result,
                causes=tuple(_capped(cause, examples, characters) for cause in result.causes),
                excused=tuple(_shortened(d, characters) for d in result.excused[:excused]),
                notices=result.notices[:notices],
            )
        data = msgspec.json.format(_encoded(result), indent=1) + b"\n"
        if len(data) <= MOST_BYTES:
            return data
    return None


def _encoded(result: Result) -> bytes:
    return msgspec.json.encode(result)


def _capped(cause: Cause, examples: int, characters: int) -> Cause:
    shortened = tuple(_shortened(d, characters) for d in cause.examples[:examples])
    return msgspec.structs.replace(cause, examples=shortened)


def _shortened(difference: Difference, characters: int) -> Difference:
    def short(text: str) -> str:
        return text if len(text) <= characters else text[:characters] + "…"

    return msgspec.structs.replace(
        difference,
        expected=short(difference.expected),
        actual=short(difference.actual),
        detail=short(difference.detail),
    )
