"""Two snapshots -> what became different about the behaviour they demand. Pure but for bodies.

Exchanges belong together by id; what is left by dependency, route and cause, in recorded order, so
that a request that was edited is one edit and not one removed and one added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence

import msgspec

from ci_gate.codecs.registry import codec_of
from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import NO_MASKS
from ci_gate.diff.messages import compare
from ci_gate.model.difference import Difference
from ci_gate.model.edit import Edit
from ci_gate.model.exchange import BACKGROUND, STARTUP, UNFINISHED, Exchange
from ci_gate.model.message import HttpResponse, Message
from ci_gate.model.snapshot import Snapshot
from ci_gate.report.text import cut
from ci_gate.report.words import plural
from ci_gate.values.places import fold
from ci_gate.values.redaction.masks import masked

MOST_PAIRS = 5_000
"""Pairs that are compared place by place; the rest is said to be not."""
_TEXT = 300
_GROUPS = (STARTUP, BACKGROUND, UNFINISHED)

Pair = tuple[Exchange, Exchange]


def snapshot_edits(base: Snapshot | None, head: Snapshot | None) -> tuple[list[Edit], list[str]]:
    """Edits in the order routes, calls, values, what was learned; and notes for people."""
    before, after = _Side(base), _Side(head)
    edits = _routes(before, after) + _calls(before, after)
    pairs = _pairs(before, after)
    values, notes = _values(after, pairs)
    return edits + values + _learned(after, pairs) + _assumed(before, after), notes


class _Side:
    """One snapshot, grouped as comparing needs it."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self.inbound = snapshot.inbound if snapshot else ()
        self.outbound = snapshot.outbound if snapshot else ()
        self._routes = {one.id: one.route for one in self.inbound}

    def cause(self, call: Exchange) -> str:
        """The inbound route that makes a call, or its group."""
        first = call.groups[0] if call.groups else BACKGROUND
        return first if first in _GROUPS else self._routes.get(first, UNFINISHED)

    def group(self, exchange: Exchange) -> tuple[str, str, str]:
        """Dependency, route and cause."""
        cause = "" if exchange.inbound else self.cause(exchange)
        return exchange.dependency, exchange.route, cause

    def effect(self, call: Exchange) -> str:
        """ "read", "write" or "session"."""
        return codec_of(call.request).facts(call).effect


def _routes(before: _Side, after: _Side) -> list[Edit]:
    old = _grouped(before.inbound, lambda one: one.route)
    new = _grouped(after.inbound, lambda one: one.route)
    edits = []
    for route in old | new:
        was, now = old.get(route, []), new.get(route, [])
        if len(was) != len(now):
            edits.append(
                Edit(
                    subject="route",
                    change="removed" if not now else "added" if not was else "changed",
                    what=_text(str(route)),
                    before=_requests(was),
                    after=_requests(now),
                    count=abs(len(now) - len(was)),
                    # Fewer requests: the gate looks at less than before.
                    looser=len(now) < len(was),
                )
            )
    return edits


def _calls(before: _Side, after: _Side) -> list[Edit]:
    old = _grouped(before.outbound, before.group)
    new = _grouped(after.outbound, after.group)
    edits = []
    for key in old | new:
        was, now = old.get(key, []), new.get(key, [])
        if len(was) != len(now):
            side, example = (after, now[0]) if now else (before, was[0])
            dependency, route, cause = side.group(example)
            edits.append(
                Edit(
                    subject="call",
                    change="removed" if not now else "added" if not was else "changed",
                    what=_text(route),
                    dependency=_text(dependency),
                    effect=side.effect(example),
                    cause=_text(cause),
                    before=_times(was),
                    after=_times(now),
                    count=abs(len(now) - len(was)),
                )
            )
    # A write that comes or goes matters more than a read.
    return sorted(edits, key=lambda one: one.effect != "write")


def _pairs(before: _Side, after: _Side) -> list[Pair]:
    pairs: list[Pair] = []
    for was, now in ((before.inbound, after.inbound), (before.outbound, after.outbound)):
        known = {one.id: one for one in now}
        same = [(one, known[one.id]) for one in was if one.id in known]
        pairs += same
        ids = {one.id for one, _ in same}
        old = _grouped((one for one in was if one.id not in ids), before.group)
        new = _grouped((one for one in now if one.id not in ids), after.group)
        for key in old:
            pairs += list(zip(old[key], new.get(key, []), strict=False))
    return pairs


def _values(after: _Side, pairs: Sequence[Pair]) -> tuple[list[Edit], list[str]]:
    """Places of exchanges that both have, folded over routes."""
    changed = [pair for pair in pairs if _differs(*pair)]
    equality = Equality()
    folded: dict[Hashable, list[Difference]] = {}
    sides: dict[Hashable, Exchange] = {}
    for was, now in changed[:MOST_PAIRS]:
        for one in _differences(was, now, equality):
            key = (*after.group(now), fold(one.place), one.change)
            folded.setdefault(key, []).append(msgspec.structs.replace(one, exchange=now.id))
            sides[key] = now
    edits = [_value(after, sides[key], found) for key, found in folded.items()]
    edits.sort(key=lambda one: (one.effect != "write", -one.count))
    notes = []
    if len(changed) > MOST_PAIRS:
        notes.append(f"{len(changed) - MOST_PAIRS:,} edited exchanges were not compared by value")
    return edits, notes


def _value(side: _Side, exchange: Exchange, found: Sequence[Difference]) -> Edit:
    dependency, route, cause = side.group(exchange)
    first = min(found, key=lambda one: len(one.expected) + len(one.actual))
    change = first.change if first.change in ("added", "removed") else "changed"
    return Edit(
        subject="value",
        change=change,  # type: ignore[arg-type]  # one of the three
        what=_text(route),
        place=_text(fold(first.place)),
        dependency=_text(dependency),
        effect=side.effect(exchange) if dependency else "",
        cause=_text(cause),
        before=_text(first.expected),
        after=_text(first.actual or first.detail),
        count=len({one.exchange for one in found}),
    )


def _learned(after: _Side, pairs: Sequence[Pair]) -> list[Edit]:
    """Noise and rebased places of exchanges that both have, folded over routes."""
    found: dict[Edit, set[str]] = {}
    for was, now in pairs:
        for subject, old, new in (
            ("noise", _noise(was), _noise(now)),
            ("rebased", _rebased(was), _rebased(now)),
        ):
            for place in (old | new) if old != new else ():
                before, later = old.get(place, ""), new.get(place, "")
                if before != later:
                    edit = _place_edit(after, now, subject, place, before, later)
                    found.setdefault(edit, set()).add(now.id)
    return [
        msgspec.structs.replace(edit, count=len(exchanges)) for edit, exchanges in found.items()
    ]


def _assumed(before: _Side, after: _Side) -> list[Edit]:
    """Answers that nobody has recorded, and those that somebody has recorded since."""
    old, new = (
        _grouped((one for one in side.outbound if one.assumed), side.group)
        for side in (before, after)
    )
    edits = []
    for key in old | new:
        was, now = old.get(key, []), new.get(key, [])
        ids = {one.id for one in was} ^ {one.id for one in now}
        if ids:
            side, call = (after, now[0]) if now else (before, was[0])
            dependency, route, cause = side.group(call)
            edits.append(
                Edit(
                    subject="assumed",
                    change="added" if len(now) >= len(was) else "removed",
                    what=_text(route),
                    dependency=_text(dependency),
                    effect=side.effect(call),
                    cause=_text(cause),
                    before=_times(was),
                    after=_times(now),
                    count=len(ids),
                )
            )
    return edits


def _noise(exchange: Exchange) -> dict[str, str]:
    """Place -> how it may vary."""
    found: dict[str, str] = {}
    for one in exchange.noise:
        low, high = (f"{value}" if value is not None else "" for value in (one.low, one.high))
        span = f"{low}…{high}" if low or high else ""
        said = (one.kind, one.format, span, ", ".join(one.members))
        found[fold(one.at)] = " ".join(text for text in said if text)
    return found


def _rebased(exchange: Exchange) -> dict[str, str]:
    """Place -> what is expected there instead of what was recorded."""
    return {fold(one.at): f"{one.recorded} → {one.expected}" for one in exchange.rebased}


def _place_edit(
    side: _Side, exchange: Exchange, subject: str, place: str, before: str, after: str
) -> Edit:
    dependency, route, cause = side.group(exchange)
    return Edit(
        subject=subject,  # type: ignore[arg-type]  # one of two
        change="removed" if not after else "added" if not before else "changed",
        what=_text(route),
        place=_text(place),
        dependency=_text(dependency),
        cause=_text(cause),
        before=_text(before),
        after=_text(after),
        looser=subject == "noise" and bool(after),
    )


def _differs(was: Exchange, now: Exchange) -> bool:
    return was.request != now.request or was.response != now.response or was.error != now.error


def _differences(was: Exchange, now: Exchange, equality: Equality) -> list[Difference]:
    found = list(_messages("request", was.request, now.request, equality))
    if was.response is None or now.response is None:
        if was.response is not now.response or was.error != now.error:
            texts = [_answer(one) for one in (was, now)]
            found.append(
                Difference(change="value", place="response", expected=texts[0], actual=texts[1])
            )
    else:
        found += _messages("response", was.response, now.response, equality)
    return [one for one in found if not one.notice]


def _messages(side: str, was: Message, now: Message, equality: Equality) -> tuple[Difference, ...]:
    if was == now:
        return ()
    speaker, spoken = codec_of(was), codec_of(now)
    if speaker is not spoken:
        return (Difference(change="value", place=side, expected=speaker.name, actual=spoken.name),)
    return compare(side, speaker.places(was), speaker.places(now), NO_MASKS, equality)


def _grouped(
    exchanges: Iterable[Exchange], key: Callable[[Exchange], Hashable]
) -> dict[Hashable, list[Exchange]]:
    found: dict[Hashable, list[Exchange]] = {}
    for one in exchanges:
        found.setdefault(key(one), []).append(one)
    return found


def _requests(exchanges: Sequence[Exchange]) -> str:
    """`3 requests (200 ×2, 404)`."""
    if not exchanges:
        return ""
    answers = Counter(_answer(one) for one in exchanges)
    said = [f"{text} ×{times}" if times > 1 else text for text, times in sorted(answers.items())]
    return _text(f"{plural(len(exchanges), 'request')} ({', '.join(said)})")


def _times(calls: Sequence[Exchange]) -> str:
    return plural(len(calls), "call") if calls else ""


def _answer(exchange: Exchange) -> str:
    if isinstance(exchange.response, HttpResponse):
        return str(exchange.response.status)
    if exchange.response is None:
        return exchange.error or "no response"
    return "answered"


def _text(text: str) -> str:
    return cut(masked(text), _TEXT)
