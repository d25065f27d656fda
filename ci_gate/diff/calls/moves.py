"""Calls that are made as recorded, but at another moment: who waits for whom has changed.

Only what is proven counts. A call was made at once with another, or apart from the response, when
it began before the other one's answer was there: nothing can have waited for it. That something
waits now, or does no longer, is seen by the mocks, which keep an answer back for a while to see who
goes on without it (`CallRecord.awaited` and `overtaken`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from ci_gate.diff.render import clean
from ci_gate.model.call import Answered, CallRecord


class Moved(msgspec.Struct, frozen=True):
    """One call that is made at another moment. `detail` is what its title says."""

    call: CallRecord
    record: CallRecord
    change: str
    expected: str
    actual: str
    detail: str


Made = tuple[CallRecord, CallRecord]
"""(live call, recorded call) of one inbound exchange, in live order."""


def moves(
    group: str, made: Sequence[Made], answered: Mapping[str, Answered], routes: Mapping[str, str]
) -> list[Moved]:
    """What moved in the window of one inbound exchange: one of a kind for calls of one route."""
    found: dict[tuple[str, str, str], Moved] = {}
    for one in (*_elsewhere(group, made, routes), *_around(group, made, answered), *_fans(made)):
        found.setdefault((one.change, one.call.dependency, one.call.route), one)
    return list(found.values())


def _elsewhere(group: str, made: Sequence[Made], routes: Mapping[str, str]) -> Iterator[Moved]:
    """Calls for whose answer the response of another request waits now."""
    for call, record in made:
        for other in call.awaited:
            if other in routes and other != group:
                where = routes[other]
                before = routes.get(group, group)
                detail = f"moved from {before} to {where}"
                if before == where:
                    detail = f"moved to another request of {where}"
                yield Moved(call, record, "moved", routes.get(group, ""), where, detail)


def _around(group: str, made: Sequence[Made], answered: Mapping[str, Answered]) -> Iterator[Moved]:
    """Calls that have changed sides with the response."""
    known = answered.get(group)
    if known is None or not known.recorded[1] or not known.live[1]:
        return
    ended, live = known.recorded[1], known.live[1]
    for call, record in made:
        if group in call.awaited:
            detail = "now made before the response, which waits for it"
            sides = ("after the response", "before the response")
        elif 0 < record.ended <= ended and call.at > live:
            detail = "now made after the response"
            sides = ("before the response", "after the response")
        elif group in call.overtaken:
            detail = "now made beside the response, which no longer waits for it"
            sides = ("before the response", "beside the response")
        else:
            continue
        yield Moved(call, record, "response-order", *sides, detail)


def _fans(made: Sequence[Made]) -> Iterator[Moved]:
    """Calls that were made at once and now wait for one another, and the other way round."""
    records = {record.id: record for _, record in made}
    waiting = {name for call, _ in made for name in call.awaited if name in records}
    for call, record in made:
        if record.id in waiting:
            detail = "now called one after the other, recorded at once"
            yield Moved(call, record, "fan-out", "at once", "one after the other", detail)
    for (call, record), others in _at_once(made, records):
        other = others[0]
        same = (other.dependency, other.route) == (record.dependency, record.route)
        named = "" if same else f" with {clean(other.route)} ({clean(other.dependency)})"
        detail = f"now called at once{named}, recorded one after the other"
        yield Moved(call, record, "fan-out", "one after the other", "at once", detail)


def _at_once(
    made: Sequence[Made], records: Mapping[str, CallRecord]
) -> Iterator[tuple[Made, list[CallRecord]]]:
    """Of calls that are made at once now, the one that was recorded first, with the others. Which of
    them overtook which is chance."""
    together: list[set[str]] = []
    for call, record in made:
        others = {name for name in call.overtaken if name in records}
        if others:
            found = {record.id, *others}
            apart = [one for one in together if not one & found]
            together = [*apart, found.union(*(one for one in together if one & found))]
    live = {record.id: call for call, record in made}
    for those in together:
        first, *rest = sorted((records[name] for name in those), key=lambda one: one.at)
        yield (live[first.id], first), rest
