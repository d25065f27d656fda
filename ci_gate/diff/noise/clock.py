"""Times that learning saw to follow the service's clock at one distance: a day due in two weeks.

That distance is behaviour. Where the clock is at the recording's time, a learned time may be a
little earlier or later than it was; one that is days off was not read from the same clock.
"""

from __future__ import annotations

import functools
import itertools
import re

from ci_gate.model.noise import Noise
from ci_gate.values.times import is_day, written_as

REACH = 12 * 3600.0
"""Seconds. Far more than a replay is early or late by, and half of the smallest change of a date."""
_CLOSE = 600.0
"""Seconds between two replays that both follow the clock."""
_LEAST = 86_400.0
"""Seconds: how far at least a replay whose clock was ahead was ahead."""
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)?$")
_ZONED = re.compile(r"(?:Z|UTC|GMT|±hh:?(?:mm)?)$|^epoch")


def strays(noise: Noise, expected: object, live: object) -> bool:
    """True when the live time is days away from where it was recorded, and the replays have shown
    that it follows the clock: some agree with the recording, and one, whose clock was days ahead,
    was ahead by that. For a run at the recording's clock."""
    if noise.kind != "timestamp" or "[*]" in noise.at or noise.replays < 3:
        return False
    near, now = _followed(noise.format, noise.seen), _seconds(live)
    if near is None or now is None or abs(now - near) <= REACH:
        return False
    recorded = _seconds(expected)
    return recorded is not None and abs(recorded - near) <= REACH


@functools.lru_cache(maxsize=4096)
def _followed(form: str, seen: tuple[str, ...]) -> float | None:
    """When the replays at the recording's clock put it; None where they do not show that it
    follows the clock, or the time zone is not told."""
    if is_day(form) or not _ZONED.search(form):
        return None
    times = sorted(time for text in seen if (time := _seconds(text)) is not None)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    if (
        not gaps
        or len(times) < len(seen)
        or gaps[-1] < _LEAST
        or max(gaps[:-1], default=0) > _CLOSE
    ):
        return None
    return times[0]


def _seconds(value: object) -> float | None:
    """Since 1970, by the offset that is written."""
    written = written_as(value)
    if written is None and isinstance(value, str) and value.isdigit():
        written = written_as(int(value))
    if written is None:
        return None
    offset = _OFFSET.search(value) if isinstance(value, str) and "±" in written.skeleton else None
    if offset is None:
        return written.seconds
    east = int(offset[2]) * 3600 + int(offset[3] or 0) * 60
    return written.seconds - (east if offset[1] == "+" else -east)
