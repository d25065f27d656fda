"""Times on which all replays agree by chance: the live capture was one more reading of the clock.

Replays start at the recording's time, so two of them may read the same millisecond, or second. A
place that holds a time a little apart from the recorded one was read from the clock, and will be read
again. Anything else on which the replays agree and the recording does not is rebased.
"""

from __future__ import annotations

from collections.abc import Sequence

from ci_gate.diff.noise.held import MARK, Context, Varying
from ci_gate.diff.noise.walk import Found, Walk
from ci_gate.model.message import Part
from ci_gate.values.times import is_day, written_as

NEAR = 5.0
"""Seconds between two readings of a clock for one request; what lies further apart has another
cause than the moment at which it was read."""


def read_again(
    side: str, recorded: Sequence[Part], replay: Sequence[Part], found: Sequence[Found]
) -> list[Found]:
    """The places of `replay`, not covered by what was `found` already, whose time is not the
    recorded one but near it. For replays that all had the recording's clock: a time that stays the
    same while the clock moves was not read from it."""
    walk = Walk(side, (), {})
    walk.message([recorded, replay])
    known = Varying([one.noise for one in found], side, Context())
    return [one for one in walk.found if _is_reading(one) and not _is_known(one, known)]


def _is_reading(one: Found) -> bool:
    if one.noise.kind != "timestamp" or is_day(one.noise.format):
        return False
    return all(_apart(values) <= NEAR for _, values in one.raw)


def _apart(values: Sequence[object]) -> float:
    moments = [written.seconds for value in values if (written := written_as(value)) is not None]
    return max(moments) - min(moments)


def _is_known(one: Found, known: Varying) -> bool:
    return any(_covers(known, place) for place, _ in one.raw)


def _covers(known: Varying, place: str) -> bool:
    base, _, path = place.partition(MARK)
    if known.moved(base) or known.at(base) is not None:
        return True
    words = known.words_of(base)
    return bool(words) and (not path or any(_inside(path, word) for word in words))


def _inside(path: str, other: str) -> bool:
    """True when one of two words of a text is the other, or a piece of it."""
    return f"{path}.".startswith(f"{other}.") or f"{other}.".startswith(f"{path}.")
