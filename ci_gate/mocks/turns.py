"""Answers kept back for a moment, to see that nothing goes on without them.

The other way round from `mocks.holds`: calls that were recorded one after the other may be made at
once now, and an instant answer hides it. So the answer to one call of each kind is kept for a
moment. What comes all the same, a later call of that request on another connection or the response,
has not waited for it: that is the proof.

What was recorded in turn may have raced and come late by chance. So a run keeps only answers that
learning has kept, more than twice as long, without anything going on in any replay (`blocking`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence, Set

import msgspec

from ci_gate.mocks.bound import Answer
from ci_gate.mocks.holds import holdable
from ci_gate.model.exchange import Exchange

TOTAL = 0.5
"""Seconds that a run may take longer for all it keeps."""
LONGEST = 0.02
"""Seconds that one answer is kept."""
LEARNING = 2.5
"""As many times longer while learning: what a hasty client still waits for."""
MOST = 100
"""Kinds of calls that are learned."""


class Turn:
    """One answer that is kept."""

    __slots__ = ("asker", "group", "later", "overtaken", "since", "until")

    def __init__(
        self, group: str, later: Set[str], asker: object, since: int, patience: float
    ) -> None:
        self.group = group
        """The inbound exchange whose call it answers."""
        self.later = later
        """Ids of the calls that were recorded to come behind it."""
        self.asker = asker
        """The connection that it was asked on: what is sent ahead there is not made at once."""
        self.since = since
        """Monotonic nanoseconds."""
        self.until = since + int(patience * 1e9)
        self.overtaken: tuple[str, ...] = ()
        """What came before it: ids of recorded calls, or that of the inbound exchange, whose
        response was complete."""


class Turns:
    """The answers that one run keeps. `loose`: (inbound exchange, dependency) of whose calls it varies
    what they wait for; `in_flight()`: the inbound exchanges that are not answered yet."""

    def __init__(
        self,
        inbound: Iterable[Exchange],
        outbound: Sequence[Exchange],
        loose: Set[tuple[str, str]],
        in_flight: Callable[[], Sequence[str]],
        *,
        learning: bool,
    ) -> None:
        found = dict(_in_turn(inbound, outbound, loose, learning=learning))
        self._in_flight = in_flight
        self._later = found
        self._patience = min(LONGEST, TOTAL / max(len(found), 1)) * (LEARNING if learning else 1)
        self._kept: dict[str, Turn] = {}
        """By group; one at a time."""
        self.delays: dict[str, int] = {}
        """By inbound exchange: nanoseconds that it was kept waiting."""

    def kept(
        self, answer: Answer, call: Exchange, groups: tuple[str, ...], asker: object, now: int
    ) -> tuple[Answer, Turn | None]:
        """An answer that asks whether it may go out, when it is to be kept (see `keep`)."""
        turn = self.keep(call, groups, asker, now)
        if turn is None:
            return answer, None
        return msgspec.structs.replace(answer, kept=functools.partial(self.over, turn)), turn

    def keep(self, call: Exchange, groups: tuple[str, ...], asker: object, now: int) -> Turn | None:
        """The turn of `call`, which a live call of `groups` was just matched with, when its answer
        is to be kept. What is kept already was overtaken by it. `asker` is the connection, `now` in
        monotonic nanoseconds."""
        if len(groups) != 1 or groups != call.groups:
            return None
        before = self._kept.get(groups[0])
        if before is not None:
            if call.id in before.later and asker is not before.asker and now < before.until:
                before.overtaken = (*before.overtaken, call.id)
            return None
        later, group = self._later.get(call.id), groups[0]
        if later is None or group not in self._in_flight():
            return None
        turn = self._kept[group] = Turn(group, later, asker, now, self._patience)
        return turn

    def over(self, turn: Turn, now: int) -> bool:
        """True when the answer may go out: it was overtaken, or its moment is over."""
        if not turn.overtaken and turn.group not in self._in_flight():
            turn.overtaken = (turn.group,)
        if not turn.overtaken and now < turn.until:
            return False
        if self._kept.get(turn.group) is turn:
            del self._kept[turn.group]
        self.delays[turn.group] = self.delays.get(turn.group, 0) + now - turn.since
        return True


def _in_turn(
    inbound: Iterable[Exchange],
    outbound: Sequence[Exchange],
    loose: Set[tuple[str, str]],
    *,
    learning: bool,
) -> Iterator[tuple[str, frozenset[str]]]:
    """Calls whose answers are to be kept, with the calls that were recorded to come behind each.
    While learning: one of each kind, by the inbound route, its own and that of what came next."""
    requests = {one.id: one for one in inbound if one.response is not None and one.took}
    windows: dict[str, list[Exchange]] = {}
    for call in outbound:
        if len(call.groups) == 1 and call.groups[0] in requests:
            windows.setdefault(call.groups[0], []).append(call)
    kinds: set[tuple[str, ...]] = set()
    for group, calls in windows.items():
        request = requests[group]
        for at, call in enumerate(calls):
            later = calls[at + 1 :]
            if not (learning or call.blocking) or (group, call.dependency) in loose:
                continue
            if not _is_in_turn(call, later, request):
                continue
            following = (later[0].dependency, later[0].route) if later else ()
            kind = (request.route, call.dependency, call.route, *following)
            if learning and (kind in kinds or len(kinds) == MOST):
                continue
            kinds.add(kind)
            yield call.id, frozenset(one.id for one in later)


def _is_in_turn(call: Exchange, later: Sequence[Exchange], request: Exchange) -> bool:
    """Whether a call was answered, in one piece, before anything else of its request went on."""
    ended = call.ended
    behind = ended <= request.ended and (not later or later[0].at >= ended)
    return behind and holdable(call)
