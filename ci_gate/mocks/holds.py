"""Answers kept back for a while, to see who goes on without them.

An instant answer proves nothing: what was recorded at once and what waits for one another look the
same. So the answer to a call that something was recorded not to wait for (another call of the same
request that had begun, or the response) is kept until that has happened. In an unchanged service
it happens at once. Where it does not, patience ends, the answer goes out, and what was pending has
waited for it: that is the proof.

A call that comes after its own request, while another one is in flight, is kept in the same way: if
that one's response waits for it, it has become that request's call.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Sequence, Set

import msgspec

from ci_gate.mocks.bound import Answer
from ci_gate.model.exchange import BACKGROUND, STARTUP, UNFINISHED, Exchange

PATIENCE = 0.25
"""Seconds that an answer is kept, beside what was recorded to pass."""
STRETCH = 2.0
"""Seconds more while the service is at work: on a busy machine it may not have come to it yet."""
LONGEST = 1000.0
"""Milliseconds between a call and what did not wait for it, beyond which nobody is kept waiting."""
LARGEST = 1 << 16
"""Bytes of a recorded answer: who gets a larger one may go on before its end."""
TIMES = 3
"""Calls of one route that are kept until patience ends; then it is known."""
_STANDING = frozenset({STARTUP, BACKGROUND, UNFINISHED})


class Hold(msgspec.Struct, frozen=True):
    """What was recorded to happen before a call's answer was there."""

    calls: tuple[str, ...] = ()
    """Ids of recorded calls that had begun meanwhile."""
    before: tuple[str, ...] = ()
    """Ids of recorded calls that had begun before, and were not answered."""
    response: str = ""
    """The inbound exchange whose response was complete; "" = it was not."""
    patience: float = PATIENCE
    """Seconds."""


class Waiting:
    """One live call whose answer is kept back."""

    __slots__ = ("awaited", "hold", "until")

    def __init__(self, hold: Hold, until: int) -> None:
        self.hold = hold
        self.until = until
        """Monotonic nanoseconds at which patience ends."""
        self.awaited: tuple[str, ...] = ()
        """What was still pending then: ids of recorded calls and of inbound exchanges."""


class Holds:
    """The holds of one run. `in_flight()`: the inbound exchanges that are not answered yet;
    `resting()`: the service is doing nothing."""

    def __init__(
        self,
        inbound: Iterable[Exchange],
        outbound: Sequence[Exchange],
        loose: Set[tuple[str, str]],
        in_flight: Callable[[], Sequence[str]],
        resting: Callable[[], bool] = lambda: True,
    ) -> None:
        self._in_flight = in_flight
        self._resting = resting
        self._by_call = _overlaps(inbound, outbound, loose)
        self._seen: set[str] = set()
        self._keeping: dict[tuple[str, ...], set[str]] = {}
        """By group: the calls whose answers are kept."""
        self._spent: dict[tuple[str, str], int] = {}

    def keep(self, call: Exchange, groups: tuple[str, ...], now: int) -> Waiting | None:
        """Whether the answer to `call`, which a live call was just matched with, is to be kept.
        `groups`: whose call it is; `now` in monotonic nanoseconds."""
        self._seen.add(call.id)
        hold = self._by_call.get(call.id)
        if hold is None and len(groups) == 1 and groups[0] not in _STANDING:
            others = [one for one in self._in_flight() if one not in groups]
            hold = Hold(response=others[0]) if len(others) == 1 else None
        if hold is None or self._spent.get((call.dependency, call.route), 0) >= TIMES:
            return None
        if not self._pending(hold, call):
            return None
        self._keeping.setdefault(call.groups, set()).add(call.id)
        return Waiting(hold, now + int(hold.patience * 1e9))

    def kept(
        self, answer: Answer, call: Exchange, groups: tuple[str, ...], now: int
    ) -> tuple[Answer, Waiting | None]:
        """An answer that asks whether it may go out, when it is to be kept (see `keep`)."""
        waiting = self.keep(call, groups, now)
        if waiting is None:
            return answer, None
        over = functools.partial(self.over, call, waiting)
        return msgspec.structs.replace(answer, kept=over), waiting

    def over(self, call: Exchange, waiting: Waiting, now: int) -> bool:
        """True when the answer may go out: nothing is pending, or patience has ended with the service
        at rest, or `STRETCH` after it."""
        pending = self._pending(waiting.hold, call)
        if pending:
            late = waiting.until + int(STRETCH * 1e9)
            if now < waiting.until or (now < late and not self._resting()):
                return False
            waiting.awaited = pending
            place = (call.dependency, call.route)
            self._spent[place] = self._spent.get(place, 0) + 1
        self._keeping[call.groups].discard(call.id)
        return True

    def _pending(self, hold: Hold, call: Exchange) -> tuple[str, ...]:
        calls = tuple(one for one in hold.calls if one not in self._seen)
        if hold.before and not self._seen.intersection((*hold.before, *hold.calls)):
            # The first of some that come in any order; where another is kept, all who make them
            # may be at work.
            alone = self._keeping.get(call.groups, set()) <= {call.id}
            calls = (*hold.before, *calls) if alone else calls
        return (*calls, hold.response) if hold.response in self._in_flight() else calls


def _overlaps(
    inbound: Iterable[Exchange], outbound: Sequence[Exchange], loose: Set[tuple[str, str]]
) -> dict[str, Hold]:
    """By recorded call: its hold, where it has one. `loose`: (inbound exchange, dependency) of whose
    calls it varies what they wait for."""
    ends = {one.id: one.ended for one in inbound if one.response is not None and one.took}
    windows: dict[str, list[Exchange]] = {}
    for call in outbound:
        if len(call.groups) == 1 and call.groups[0] in ends:
            windows.setdefault(call.groups[0], []).append(call)
    found: dict[str, Hold] = {}
    for group, calls in windows.items():
        pending: list[Exchange] = []
        for at, call in enumerate(calls):  # in the order of their times
            pending = [one for one in pending if one.ended > call.at]
            if holdable(call) and (group, call.dependency) not in loose:
                hold = _hold(call, pending, calls[at + 1 :], group, ends[group])
                if hold is not None:
                    found[call.id] = hold
            pending.append(call)
    return found


def holdable(call: Exchange) -> bool:
    """Whether a recorded call has times and an answer that comes in one piece."""
    body = call.response.body if call.response is not None else None
    return call.took > 0 and isinstance(body, bytes) and len(body) < LARGEST


def _hold(
    call: Exchange, before: Sequence[Exchange], later: Sequence[Exchange], group: str, ended: float
) -> Hold | None:
    answered = call.ended
    begun = list(itertools.takewhile(lambda other: other.at < answered, later))
    # What is sent ahead on one connection is not made at once.
    own = (call.dependency, call.connection)
    begun = [one for one in begun if (one.dependency, one.connection) != own]
    earlier = [one for one in before if (one.dependency, one.connection) != own]
    gaps = [one.at - call.at for one in (*begun, *earlier)]
    beside = ended < answered
    gaps += [ended - call.at] if beside else []
    if not gaps or max(gaps) > LONGEST:
        return None
    return Hold(
        calls=tuple(one.id for one in begun),
        before=tuple(one.id for one in earlier),
        response=group if beside else "",
        patience=PATIENCE + 2 * max(0.0, *gaps) / 1000,
    )
