"""What servers told subscribers, and which of it the service had not published itself. Pure.

That is kept beside the exchange that it followed, and told again when that happens again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from ci_gate.codecs.base import Published, Pushed
from ci_gate.codecs.pushing import as_message
from ci_gate.model.exchange import BACKGROUND, STARTUP, UNFINISHED, Exchange, Push
from ci_gate.model.message import Message

LARGEST = 10_000
"""Published messages that are told apart in one recording."""
BYTES = 4 << 20
"""Bytes of those that are kept; beyond either, nothing is said of any."""

AHEAD = 5.0
"""Milliseconds that what a statement brings about, by a trigger, may be heard of before the statement
is answered: they come by different connections."""
Attached = tuple[tuple[Exchange, ...], tuple[str, ...]]
"""Exchanges, and what is to be known of what could not be kept."""
Told = tuple[str, bytes, int]
Clean = Callable[[str, Message], Message]


class Foreign(msgspec.Struct, frozen=True):
    """Something that the service heard and had not published."""

    at: int
    """Monotonic nanoseconds."""
    dependency: str
    message: Message


class Pushes:
    """Of one recording: what came out of the dependencies by itself."""

    def __init__(self) -> None:
        self._published: set[Told] = set()
        self._pushed: dict[Told, dict[tuple[int, bytes], list[Foreign]]] = {}
        """By what was told: by who heard it, when."""
        self._kept = 0
        self._bytes = 0

    def published(self, dependency: str, action: Published) -> None:
        """The service has published something; it may have heard of it already."""
        if len(self._published) < LARGEST:
            self._published.add((dependency, action.topic, hash(action.data)))

    def pushed(self, dependency: str, protocol: str, connection: int, action: Pushed) -> None:
        """The service was told of something, on one of its connections."""
        self._kept += 1
        self._bytes += len(action.topic) + len(action.data)
        if self._is_flood():
            self._pushed.clear()
            return
        heard = self._pushed.setdefault((dependency, action.topic, hash(action.data)), {})
        heard.setdefault((connection, action.by), []).append(
            Foreign(action.at, dependency, as_message(protocol, action))
        )

    def _is_flood(self) -> bool:
        return self._kept > LARGEST or self._bytes > BYTES

    def foreign(self) -> tuple[Foreign, ...]:
        """What others have published, once each, in order of time; several connections may have
        heard of it."""
        if len(self._published) >= LARGEST:
            return ()
        found = [
            max(heard.values(), key=len)
            for told, heard in self._pushed.items()
            if told not in self._published
        ]
        return tuple(sorted((one for some in found for one in some), key=lambda one: one.at))

    def warning(self) -> str:
        """What is to be known of them beyond what is kept; "" = nothing."""
        if not self._is_flood() and len(self._published) < LARGEST:
            return ""
        return (
            f"the service heard more than {LARGEST} published messages, or {BYTES >> 20} MB of "
            "them: none that another process sent will come under the mock"
        )


def attached(
    exchanges: Sequence[Exchange], foreign: Iterable[Foreign], started: int, clean: Clean
) -> Attached:
    """The exchanges of a recording that `started` then, each with what others published after it;
    and a warning for each dependency of which something came before all of them."""
    moments = _moments(exchanges)
    times = [at for at, _, _ in moments]
    pushed: dict[int, list[Push]] = {}
    early: Counter[str] = Counter()
    for one in foreign:
        at = (one.at - started) / 1e6
        place = bisect_right(times, at) - 1
        if place < 0:
            early[one.dependency] += 1
            continue
        _, since, number = moments[place]
        message = clean(one.dependency, one.message)
        pushed.setdefault(number, []).append(
            Push(one.dependency, round(max(at - since, 0), 3), message)
        )
    found = tuple(
        msgspec.structs.replace(one, pushed=tuple(pushed[number])) if number in pushed else one
        for number, one in enumerate(exchanges)
    )
    return found, tuple(_warning(name, count) for name, count in early.items())


def _moments(exchanges: Sequence[Exchange]) -> list[tuple[float, float, int]]:
    """From when on something has happened that will happen again, from when it is counted there, and
    to which exchange: a call was answered, an inbound request began or ended."""
    first = min((one.at for one in exchanges if one.inbound), default=float("inf"))
    moments: list[tuple[float, float, int]] = []
    for number, one in enumerate(exchanges):
        if one.inbound:
            moments += [(one.at, one.at, number), (one.ended, one.at, number)]
        elif not (_elsewhere(one) or (one.groups == (STARTUP,) and one.at >= first)):
            moments.append((max(one.at, one.ended - AHEAD), one.ended, number))
    return sorted(moments)


def _elsewhere(call: Exchange) -> bool:
    return BACKGROUND in call.groups or UNFINISHED in call.groups


def _warning(dependency: str, count: int) -> str:
    messages = "message" if count == 1 else "messages"
    return (
        f"{dependency}: {count} {messages} that the service heard without publishing them came "
        "before its first call and the first request, and will not come under the mock"
    )
