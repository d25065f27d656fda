"""Learning: what the replays of an unchanged service say about its messages.

`learn_message` looks at one message. `learn_all` looks at all of a run and knows more: numbers at
one place of many exchanges show whether they count, and how far they spread.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from ci_gate.diff.equality import Equality
from ci_gate.diff.findings import stand_in_pairs
from ci_gate.diff.masks import Masks
from ci_gate.diff.messages import compare
from ci_gate.diff.noise.held import MARK, Context, Varying
from ci_gate.diff.noise.series import Series, with_series
from ci_gate.diff.noise.times import read_again
from ci_gate.diff.noise.walk import Found, Unexplained, Walk, leaves_of
from ci_gate.model.message import Part
from ci_gate.model.noise import Noise, Rebased
from ci_gate.values.evidence import fits, number_of
from ci_gate.values.places import rewrite
from ci_gate.values.redaction.standins import is_stand_in
from ci_gate.values.words import replace_word, word

Parts = tuple[Part, ...]


class Learned(msgspec.Struct, frozen=True):
    """What the replays say about one message."""

    noise: tuple[Noise, ...] = ()
    rebased: tuple[Rebased, ...] = ()
    """Where all replays agree on something else than was recorded."""
    unexplained: tuple[Unexplained, ...] = ()


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the recording, and what came instead of it in each replay (redacted).

    `scope` is the exchange's id; `series` what it has in common with others of its route:
    dependency and route. In the order of the requests.
    """

    scope: str
    series: str
    side: str
    recorded: Parts
    replays: tuple[Parts, ...]


def learn_message(
    side: str, recorded: Parts, replays: Sequence[Parts], ahead: Collection[int] = ()
) -> Learned:
    """What varies in one message, by its replays alone (see `learn_all` for all messages).

    `side` is "request" or "response"; `replays` has the live message of each replay, in their
    order; `ahead` are the indices of those with the clock ahead. Parts come redacted, as they
    would be stored.
    """
    heard = Heard(scope="", series="", side=side, recorded=recorded, replays=tuple(replays))
    return learn_all([heard], ahead)[0]


def learn_all(heard: Sequence[Heard], ahead: Collection[int] = ()) -> list[Learned]:
    """What varies in all messages, one result for each, in their order."""
    walks = [_walk(one, ahead) for one in heard]
    series = [
        Series(f"{one.series} {one.side}", one.side, walk.found, one.replays, walk.recorded)
        for one, walk in zip(heard, walks, strict=True)
    ]
    return [
        _learned(one, found, walk.unexplained)
        for one, walk, found in zip(heard, walks, with_series(series), strict=True)
    ]


def _walk(heard: Heard, ahead: Collection[int]) -> Walk:
    first = heard.replays[0] if heard.replays else ()
    if all(parts == first for parts in heard.replays[1:]):
        walk = Walk(heard.side, ahead, {})
    else:
        walk = Walk(heard.side, ahead, leaves_of(heard.side, heard.recorded))
        walk.message(heard.replays)
    if heard.replays and first != heard.recorded and not ahead:
        walk.found += read_again(heard.side, heard.recorded, first, walk.found)
    return walk


def _learned(heard: Heard, found: Sequence[Found], unexplained: Sequence[Unexplained]) -> Learned:
    count = len(heard.replays)
    noise = tuple(msgspec.structs.replace(one.noise, replays=count) for one in found)
    rebased: tuple[Rebased, ...] = ()
    if heard.replays and not unexplained and heard.replays[0] != heard.recorded:
        rebased = _rebased(heard, noise)
    return Learned(noise, rebased, tuple(unexplained))


def _rebased(heard: Heard, noise: Sequence[Noise]) -> tuple[Rebased, ...]:
    """Where the recorded message differs from what the replays agree on."""
    varying = Varying(noise, heard.side, Context(at_recorded_clock=True))
    masks = Masks().with_varying(varying)
    changed = rebase(heard.side, heard.recorded, heard.replays[0], noise)
    replay = tuple(changed.get(part.place, part) for part in heard.replays[0])
    found = compare(heard.side, heard.recorded, replay, masks, Equality())
    return tuple(
        Rebased(at=one.place, recorded=one.expected, expected=one.actual)
        for one in found
        if not one.notice
    )


def rebase(side: str, recorded: Parts, replay: Parts, noise: Sequence[Noise]) -> dict[str, Part]:
    """The message to expect from now on, as parts to put into `replay`'s message: what the replay
    said, with the recorded values at the places that vary and the recorded stand-ins, so that
    values which travel between exchanges still do."""
    varying = Varying(noise, side, Context())
    texts: dict[str, str] = {}
    for part in recorded:
        rewrite(part, lambda place, text: texts.__setitem__(f"{side}.{place}", text))
    changed: dict[str, Part] = {}
    for part in replay:
        new = rewrite(part, lambda place, text: _kept(varying, f"{side}.{place}", texts, text))
        if new is not part:
            changed[part.place] = new
    return changed


def _kept(varying: Varying, place: str, texts: dict[str, str], text: str) -> str | None:
    known = texts.get(place)
    if known is None or known == text or varying.moved(place):
        return None
    noise = varying.at(place)
    if noise is not None and noise.clock:
        return None  # at the recording's time it is what the replays say
    if noise is not None:
        value = number_of(known) if number_of(text) is not None else known
        return known if fits(noise, value) or fits(noise, known) else None
    new = text
    for path in varying.words_of(place):
        old = word(known, path)
        learned = varying.at(f"{place}{MARK}{path}")
        if old is not None and learned is not None and fits(learned, old):
            new = replace_word(new, path, old)
    if _redacted_alike(known, new):
        return known
    return new if new != text else None


def _redacted_alike(recorded: str, live: str) -> bool:
    """True when two redacted texts differ in nothing but their stand-ins."""
    pairs = stand_in_pairs(recorded, live)
    return bool(pairs) and all(is_stand_in(other) == kind for kind, _, other in pairs)


def merge_rebased(before: Sequence[Rebased], now: Sequence[Rebased]) -> tuple[Rebased, ...]:
    """Rebased places after learning again: what was recorded live first stays on record, and a
    place that is again as it was recorded is dropped."""
    first = {one.at: one.recorded for one in before}
    latest = {one.at: one for one in before} | {
        one.at: msgspec.structs.replace(one, recorded=first.get(one.at, one.recorded))
        for one in now
    }
    return tuple(one for one in latest.values() if one.recorded != one.expected)
