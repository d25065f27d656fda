"""What was learned of calls: their places, their order, and those that are not always made."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence

from ci_gate.diff.calls.order import out_of_order
from ci_gate.diff.calls.windows import STANDING_GROUPS
from ci_gate.diff.masks import Masks
from ci_gate.diff.noise.held import Context, Varying
from ci_gate.model.call import CallRecord
from ci_gate.model.noise import Noise

CALLS = "calls."
CALL = "call"


def _nowhere(_call: str) -> Collection[str]:
    return ()


def _never(_call: str, _place: str, _expected: str, _live: str) -> bool:
    return False


class LearnedCalls:
    """The noise of a snapshot as `compare_calls` asks for it.

    `noise`: by exchange id, inbound ones and calls. `context(group)` gives the chain's context
    for the inbound exchange (or group) to which a call is charged. `made_up(id)` are the places of a
    call with values that the service makes up, and `stands(id, place, expected, live)` says
    whether another value may stand at one of them.
    """

    def __init__(
        self,
        noise: Mapping[str, Sequence[Noise]],
        context: Callable[[str], Context],
        made_up: Callable[[str], Collection[str]] = _nowhere,
        stands: Callable[[str, str, str, str], bool] = _never,
    ) -> None:
        self._noise = noise
        self._context = context
        self._made_up = made_up
        self._stands = stands

    def masks(self, masks: Masks, record: CallRecord, group: str) -> Masks:
        """The rules' masks, and what varies in this recorded call."""
        noise, made_up = self._noise.get(record.id, ()), self._made_up(record.id)
        if not noise and not made_up:
            return masks
        standing = not STANDING_GROUPS.isdisjoint(record.groups)
        context = self._context(record.groups[0] if standing else group)
        series = f"{record.dependency} {record.route}"
        stands = functools.partial(self._stands, record.id)
        return masks.with_varying(
            Varying(noise, "request", context, record.id, series, made_up=made_up, stands=stands)
        )

    def blank(self, record: CallRecord) -> Collection[str]:
        """The places that do not count in telling recorded calls apart: values made up in calls
        that are not counted."""
        standing = not STANDING_GROUPS.isdisjoint(record.groups)
        return self._made_up(record.id) if standing else ()

    def unordered(self, group: str, dependency: str) -> bool:
        """True when the calls of that inbound exchange to that dependency have no fixed order."""
        return self._varies(("unordered", "loose"), group, dependency)

    def loose(self, group: str, dependency: str) -> bool:
        """True when it varies what they wait for."""
        return self._varies(("loose",), group, dependency)

    def _varies(self, kinds: Collection[str], group: str, dependency: str) -> bool:
        return any(
            one.kind in kinds and one.at == CALLS + dependency for one in self._noise.get(group, ())
        )

    def optional(self, record: CallRecord) -> bool:
        """True when a recorded call is a read that learning saw come and go."""
        return record.facts.effect == "read" and any(
            one.kind == "optional" for one in self._noise.get(record.id, ())
        )


NOTHING_LEARNED = LearnedCalls({}, lambda _group: Context())


def learn_calls(
    recorded: Sequence[CallRecord],
    replays: Sequence[Sequence[str]],
    restless: Collection[str] = (),
) -> tuple[tuple[Noise, ...], dict[str, Noise]]:
    """What replays say about the calls of one inbound exchange, or of the start.

    `recorded` are its recorded calls in their order; each of `replays` the ids of the recorded
    calls that were made, in the order of that replay; `restless` dependencies with calls that came
    at another moment than recorded. Returns the noise of the inbound exchange (dependencies whose
    calls have no fixed order or moment), and that of calls by id: reads that come and go. Writes
    that do are never noise.
    """
    order: list[Noise] = []
    by_id: dict[str, Noise] = {}
    count = len(replays)
    made = [set(one) for one in replays]
    for call in recorded:
        times = sum(call.id in one for one in made)
        if 0 < times < count and call.facts.effect == "read":
            seen = (f"made in {times} of {count} replays",)
            by_id[call.id] = Noise(at=CALL, kind="optional", replays=count, seen=seen)
    crossing = _crossing(recorded, replays)
    for dependency in dict.fromkeys(call.dependency for call in recorded):
        ids = [call.id for call in recorded if call.dependency == dependency]
        always = [one for one in ids if all(one in there for there in made)]
        orders = {tuple(one for one in replay if one in always) for replay in replays}
        if dependency in restless:
            order.append(Noise(at=CALLS + dependency, kind="loose", replays=count))
        elif len(orders) > 1 or dependency in crossing:
            order.append(Noise(at=CALLS + dependency, kind="unordered", replays=count))
    return tuple(order), by_id


def _crossing(recorded: Sequence[CallRecord], replays: Sequence[Sequence[str]]) -> set[str]:
    """Dependencies whose calls came before one another in some replays, and behind in others."""
    dependency = {call.id: call.dependency for call in recorded}
    always = set(dependency).intersection(*replays) if replays else set()
    orders = [[one for one in replay if one in always] for replay in replays]
    found: set[str] = set()
    for order in orders[1:]:
        rank = {name: at for at, name in enumerate(orders[0])}
        ranks = [rank[name] for name in order]
        for at in out_of_order(ranks):
            crossed = [
                name
                for position, name in enumerate(order)
                if position != at and (position < at) != (ranks[position] < ranks[at])
            ]
            found |= {dependency[name] for name in (order[at], *crossed)}
    return found
