"""What was learned of calls that are nobody's: they are not counted, so that one shows for all.

Of the polls and renewals of a recording a replay sees a few, and not always the same ones. What
varies in one call of startup or background therefore varies in each that goes the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from ci_gate.diff.calls.windows import STANDING_GROUPS
from ci_gate.diff.noise.refusals import There
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, Part
from ci_gate.model.noise import Noise

_Way = tuple[str, str]
"""Dependency and route."""


def is_standing(exchange: Exchange) -> bool:
    """True for a call of startup or background."""
    return not STANDING_GROUPS.isdisjoint(exchange.groups)


def shared(
    calls: Sequence[Exchange], parts_of: Callable[[Exchange, Message], Sequence[Part]]
) -> list[Exchange]:
    """`calls` with the noise of startup and background calls given to all of the same dependency
    and route, where the place is there. A call keeps what was learned of itself."""
    known: dict[_Way, dict[str, Noise]] = {}
    for call in filter(is_standing, calls):
        for noise in call.noise:
            if noise.at.startswith("request."):
                known.setdefault((call.dependency, call.route), {}).setdefault(noise.at, noise)
    return [
        _with(call, known.get((call.dependency, call.route), {}), There(call, parts_of))
        if is_standing(call)
        else call
        for call in calls
    ]


def _with(call: Exchange, known: dict[str, Noise], there: There) -> Exchange:
    own = {noise.at for noise in call.noise}
    more = tuple(noise for at, noise in known.items() if at not in own and there.has("request", at))
    return msgspec.structs.replace(call, noise=(*call.noise, *more)) if more else call


def unheard(calls: Sequence[Exchange], heard: set[str]) -> set[str]:
    """The calls of startup and background of which no replay can tell what varies: none that goes
    their way was `heard` (ids) in all replays."""
    ways = {(call.dependency, call.route) for call in calls if call.id in heard}
    return {
        call.id for call in filter(is_standing, calls) if (call.dependency, call.route) not in ways
    }
