"""Recorded anew, and the same: what only varies leaves no trace in the files.

`record --replace` keeps an exchange as it was when it is equal once times, what was learned to vary,
and redacted values (by kind, and one to one in the whole recording) are set aside; also when another
key made its stand-ins. Then those of the exchanges that did change are the old ones, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from ci_gate.codecs.base import Codec
from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import Masks
from ci_gate.diff.messages import compare
from ci_gate.diff.rewording import pairs
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, Part
from ci_gate.model.snapshot import Snapshot
from ci_gate.values.places import rewrite, walk
from ci_gate.values.redaction.standins import is_stand_in
from ci_gate.values.timed import carries_time

_UNCOMPARED = ("headers.date", "headers.content-length")
Codecs = Callable[[Exchange], Codec]


def steady(new: Snapshot, previous: Snapshot, codec_of: Codecs) -> Snapshot:
    """The new snapshot with the exchanges of the previous one where they are equal."""
    old = {one.id: one for one in (*previous.inbound, *previous.outbound)}
    equality = Equality(redacted=True)
    kept: dict[str, Exchange] = {}
    everything = sorted((*new.inbound, *new.outbound), key=_time)
    for one in everything:
        known = old.get(one.id)
        if known is not None and _is_same(known, one, codec_of(one), equality):
            kept[one.id] = msgspec.structs.replace(known, groups=one.groups, pushed=one.pushed)
    origin = new.origin
    if len(kept) == len(everything):
        # All times in it are those of the old recording, and so is its day.
        origin = msgspec.structs.replace(origin, recorded_at=previous.origin.recorded_at)
    else:
        # A recording has one day: what tells the time has to tell that of the new one.
        timed = [one for one in everything if one.id in kept and _tells_time(one, kept, codec_of)]
        for one in timed:
            del kept[one.id]
    if not kept:
        return new
    spans = _spans(everything, kept)
    words = {live: stand_in for stand_in, live in equality.pairs() if live != stand_in}

    def settled(one: Exchange) -> Exchange:
        made = kept.get(one.id) or _in_old_words(one, codec_of(one), words)
        at, took = spans[one.id]
        return (
            made
            if (made.at, made.took) == (at, took)
            else msgspec.structs.replace(made, at=at, took=took)
        )

    return msgspec.structs.replace(
        new,
        origin=origin,
        inbound=tuple(map(settled, new.inbound)),
        outbound=tuple(map(settled, new.outbound)),
    )


def _is_same(old: Exchange, new: Exchange, speaks: Codec, equality: Equality) -> bool:
    if (old.error, old.signed, old.route) != (new.error, new.signed, new.route):
        return False
    if set(old.redacted) != set(new.redacted) or (old.response is None) != (new.response is None):
        return False
    if old.assumed or old.accepted:
        return False
    if speaks.facts(old).transaction != speaks.facts(new).transaction:
        return False
    masks = Masks(tuple((noise.at, "any", 1) for noise in old.noise))
    # Tried first: what is not the same must tell nothing about what is.
    return all(
        _are_equal(old, new, speaks, masks, known) for known in (equality.scratch(), equality)
    )


def _are_equal(
    old: Exchange, new: Exchange, speaks: Codec, masks: Masks, equality: Equality
) -> bool:
    asked = speaks.places(old.request)
    asks = _reworded(asked, speaks.places(new.request), equality)
    if compare("request", asked, asks, masks, equality):
        return False
    if old.response is None or new.response is None:
        return True
    said = speaks.places(old.response)
    says = _reworded(said, speaks.places(new.response), equality)
    return not compare("response", said, says, masks, equality)


def _reworded(old: Sequence[Part], new: Sequence[Part], equality: Equality) -> tuple[Part, ...]:
    """`new` with the texts of `old` where both differ in nothing but stand-ins, one to one."""
    texts = {place: str(value) for part in old for place, value in walk(part)}

    def change(place: str, text: str) -> str | None:
        known = texts.get(place, text)
        found = pairs(known, text)
        return known if found and all(equality.same(*pair) for pair in found) else None

    return tuple(rewrite(part, change) for part in new)


def _tells_time(new: Exchange, kept: Mapping[str, Exchange], codec_of: Codecs) -> bool:
    """True for an exchange that differs in more than stand-ins, or in tokens that carry the time."""
    old, speaks = kept[new.id], codec_of(new)
    before, after = _texts(old, speaks), _texts(new, speaks)
    return any(
        value != before.get(place)
        and (
            not is_stand_in(value) or carries_time(value) or not is_stand_in(before.get(place, ""))
        )
        for place, value in after.items()
    )


def _texts(one: Exchange, speaks: Codec) -> dict[str, str]:
    messages = [one.request] if one.response is None else [one.request, one.response]
    return {
        f"{number} {place}": str(value)
        for number, message in enumerate(messages)
        for part in speaks.places(message)
        for place, value in walk(part)
        if not place.startswith(_UNCOMPARED)
    }


_Span = tuple[float, float]
"""When an exchange began, and how long it took."""


def _spans(everything: Sequence[Exchange], kept: Mapping[str, Exchange]) -> dict[str, _Span]:
    """The times of each exchange: those kept as they were, the others as far behind the one before
    them as now. All are the new ones when that would change what came before what."""
    new = {one.id: (one.at, one.took) for one in everything}
    spans: dict[str, _Span] = {}
    shift, last = 0.0, float("-inf")
    for one in everything:
        known = kept.get(one.id)
        if known is not None:
            shift = known.at - one.at
        at = known.at if known is not None else round(one.at + shift, 3)
        if at <= last:
            return new  # of two clocks one at most is told
        last = at
        spans[one.id] = (at, one.took if known is None else known.took)
    return spans if _shape(everything, spans) == _shape(everything, new) else new


def _shape(everything: Sequence[Exchange], spans: Mapping[str, _Span]) -> list[tuple[bool, ...]]:
    """What comparing goes by: which calls began while another of their request was made, and which
    side of the response they are on."""
    ends: dict[str, float] = {}
    found: list[tuple[bool, ...]] = []
    for one in everything:
        at, took = spans[one.id]
        for group in one.groups:
            asked, waited = spans.get(group, (0.0, 0.0))
            sides = at < asked + waited, at + took <= asked + waited
            found.append((at < ends.get(group, 0.0), *sides))
            ends[group] = max(ends.get(group, 0.0), at + took)
    return found


def _in_old_words(one: Exchange, speaks: Codec, words: Mapping[str, str]) -> Exchange:
    """An exchange with the stand-ins that others have kept."""
    if not words or not one.redacted:
        return one
    response = one.response
    return msgspec.structs.replace(
        one,
        request=_message(one.request, speaks, words),
        response=None if response is None else _message(response, speaks, words),
    )


def _message(message: Message, speaks: Codec, words: Mapping[str, str]) -> Message:
    def change(_: str, text: str) -> str | None:
        if is_stand_in(text):
            return words.get(text)
        for live, stand_in in words.items():
            text = text.replace(live, stand_in)
        return text

    changed: dict[str, Part] = {}
    for part in speaks.places(message):
        new = rewrite(part, change)
        if new.value != part.value:
            changed[part.place] = new
    return speaks.with_places(message, changed) if changed else message


def _time(one: Exchange) -> float:
    return one.at
