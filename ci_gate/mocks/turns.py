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
"""Seconds that a run may take longer for all it keeps, and once more for all it stretches."""
LONGEST = 0.02
"""Seconds that one answer is kept."""
STRETCH = 0.2
"""Seconds more while the service is at work: on a busy machine it may not have come to it yet."""
LEARNING = 2.5
"""As many times longer while learning: what a hasty client still waits for."""
MOST = 100
"""Kinds of calls that are learned."""


class Turn:
    """One answer that is kept."""

    __slots__ = ("asker", "call", "group", "later", "overtaken", "since", "until")

    def __init__(
        self, call: Exchange, later: Set[str], asker: object, since: int, patience: float
    ) -> None:
        self.call = call.id
        self.group = call.groups[0]
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
    what they wait for; `in_flight()`: the inbound exchanges that are not answered yet; `resting()`:
    the service is doing nothing."""

    def __init__(
        self,
        inbound: Iterable[Exchange],
        outbound: Sequence[Exchange],
        loose: Set[tuple[str, str]],
        in_flight: Callable[[], Sequence[str]],
        resting: Callable[[], bool] = lambda: True,
        *,
        learning: bool,
    ) -> None:
        longer = LEARNING if learning else 1.0
        found = dict(_in_turn(inbound, outbound, loose, learning=learning))
        self._in_flight = in_flight
        self._later = found
        self._patience = min(LONGEST, TOTAL / max(len(found), 1)) * longer
        self._resting = resting
        self._stretch = int(STRETCH * longer * 1e9)
        """Nanoseconds; so is what is left of all."""
        self._left = int(TOTAL * longer * 1e9)
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
        over = functools.partial(self.over, turn)
        if answer.kept is not None:
            over = functools.partial(_both, [answer.kept, over])
        return msgspec.structs.replace(answer, kept=over), turn

    def keep(self, call: Exchange, groups: tuple[str, ...], asker: object, now: int) -> Turn | None:
        """The turn of `call`, which a live call of `groups` was just matched with, when its answer
        is to be kept; or when it comes only now, after what was to wait for it, and is overtaken: its
        answer goes out at once. What is kept already was overtaken by it. `asker` is the connection,
        `now` in monotonic nanoseconds."""
        if len(groups) != 1 or groups != call.groups:
            return None
        later, before = self._later.get(call.id), self._kept.get(groups[0])
        if before is not None:
            if asker is before.asker or now >= before.until + self._stretch:
                return None
            if call.id in before.later:
                before.overtaken = (*before.overtaken, call.id)
            elif later is not None and before.call in later:
                # The other way round: what was to wait for this one is asked already.
                turn = Turn(call, later, asker, now, 0.0)
                turn.overtaken = (before.call,)
                return turn
            return None
        if later is None or groups[0] not in self._in_flight():
            return None
        turn = self._kept[groups[0]] = Turn(call, later, asker, now, self._patience)
        return turn

    def over(self, turn: Turn, now: int) -> bool:
        """True when the answer may go out: the response was, or its moment is over and the service at
        rest. A call that came does not end it, so that what is found does not depend on which of
        several came first."""
        answered = turn.group not in self._in_flight()
        if answered and not turn.overtaken:
            turn.overtaken = (turn.group,)
        if not answered:
            late = turn.until + min(self._stretch, self._left)
            if now < turn.until or (now < late and not self._resting()):
                return False
            self._left -= max(0, min(now, late) - turn.until)
        if self._kept.get(turn.group) is turn:
            del self._kept[turn.group]
        self.delays[turn.group] = self.delays.get(turn.group, 0) + now - turn.since
        return True


def _both(reasons: list[Callable[[int], bool]], now: int) -> bool:
    """Whether all reasons to keep an answer are over, one after the other; none is asked again."""
    while reasons and reasons[0](now):
        del reasons[0]
    return not reasons


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
