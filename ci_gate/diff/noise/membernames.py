"""Objects whose members are named by ids or times: `{"8f3a…": {…}}`. Names vary as values do.

The place of the names of an object is its own place with `.~`. What was learned there says of which
kind they are; the members of a live object then take the recorded names, each that of the member
most like it, and are compared as ever.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from ci_gate.diff.jsonvalue import NotJson, decode
from ci_gate.model.message import Part
from ci_gate.model.noise import Noise
from ci_gate.values.evidence import infer, merge
from ci_gate.values.jsontext import step

NAMES = ".~"
MOST = 200
"""Members of one object that may be named otherwise."""
_LEAVES = 200
"""Leaves of a member that are looked at to tell it."""
_NAMING = frozenset({"uuid", "ulid", "objectid", "hex", "timestamp", "token", "base64"})
"""Kinds of names; words and small numbers are not among them."""


Parts = tuple[Part, ...]


class Named(NamedTuple):
    """One member: the place of its object, its recorded name, and the live one."""

    place: str
    recorded: str
    live: str


def named_otherwise(side: str, recorded: Part, live: Part) -> list[Named]:
    """The members of two JSON bodies that have another name and stand for one another."""
    if recorded.media != "json" or live.media != "json":
        return []
    if not isinstance(recorded.value, bytes) or not isinstance(live.value, bytes):
        return []
    try:
        before, after = decode(recorded.value), decode(live.value)
        return list(_walk(f"{side}.{recorded.place}.$", before, after))
    except (NotJson, RecursionError):
        return []


def _walk(place: str, before: object, after: object) -> Iterator[Named]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        names = dict(_paired(before, after))
        for name, other in names.items():
            yield Named(place, name, other)
        for name, value in before.items():
            other_name = names.get(name, name)
            if other_name in after:
                yield from _walk(place + step(name), value, after[other_name])
    elif isinstance(before, list) and isinstance(after, list):
        for index, (one, other_one) in enumerate(zip(before, after, strict=False)):
            yield from _walk(f"{place}[{index}]", one, other_one)


def _paired(before: dict[str, object], after: dict[str, object]) -> Iterator[tuple[str, str]]:
    """Members that only one object has: each with the one most like it, else with the one that
    comes as late. None when there are more of them in one object."""
    gone = [name for name in before if name not in after]
    new = [name for name in after if name not in before]
    if len(gone) != len(new) or len(gone) > MOST:
        return
    looks = {name: _leaves(after[name]) for name in new} if len(gone) > 1 else {}
    for place, name in enumerate(gone):
        if len(new) == 1:
            best = new[0]
        else:
            mine = _leaves(before[name])
            best = max(new, key=lambda one: (len(mine & looks[one]), -abs(new.index(one) - place)))
        new.remove(best)
        yield name, best


def _leaves(value: object, place: str = "") -> set[tuple[str, str]]:
    """(place, value) of the scalars of a member, the first `_LEAVES` of them."""
    found: set[tuple[str, str]] = set()
    left = [(place, value)]
    while left and len(found) < _LEAVES:
        at, one = left.pop()
        if isinstance(one, dict):
            left += [(at + step(name), each) for name, each in one.items()]
        elif isinstance(one, list):
            left += [(f"{at}[{index}]", each) for index, each in enumerate(one)]
        else:
            found.add((at, repr(one)))
    return found


def with_recorded_names(live: Part, named: Sequence[Named]) -> Part:
    """The live body, its members named as recorded; every other byte as it was."""
    if not named or not isinstance(live.value, bytes):
        return live
    names = {one.live: one.recorded for one in named}
    lexemes = {json.dumps(name).encode(): json.dumps(to).encode() for name, to in names.items()}
    pattern = b"|".join(map(re.escape, sorted(lexemes, key=len, reverse=True)))
    # A string that a colon follows is a name (RFC 8259): no value is.
    data = re.sub(
        b"(?:" + pattern + rb")(?=[ \t\r\n]*:)", lambda found: lexemes[found[0]], live.value
    )
    return msgspec.structs.replace(live, value=data)


def learn_names(
    side: str, recorded: Parts, replays: Sequence[Parts]
) -> tuple[tuple[Noise, ...], list[Parts]]:
    """What varies in the names of a message, and its replays with the recorded names."""
    bodies = [one for one in recorded if one.place == "body"]
    if not bodies:
        return (), list(replays)
    named = [
        [
            each
            for part in one
            if part.place == "body"
            for each in named_otherwise(side, bodies[0], part)
        ]
        for one in replays
    ]
    places = dict.fromkeys(each.place for one in named for each in one)
    found = [noise for place in places if (noise := _of_object(place, named)) is not None]
    learned = {one.at for one in found}
    return tuple(found), [
        _renamed(one, [each for each in names if each.place + NAMES in learned])
        for one, names in zip(replays, named, strict=True)
    ]


def as_recorded(
    side: str, recorded: Parts, live: Parts, allows: Callable[[str, str, str], bool]
) -> Parts:
    """A live message with the recorded names, where `allows(place of the names, recorded name, live
    name)`."""
    bodies = {part.place: part for part in recorded if part.place == "body"}
    named = [
        each
        for part in live
        if part.place in bodies
        for each in named_otherwise(side, bodies[part.place], part)
    ]
    wanted = [one for one in named if allows(one.place + NAMES, one.recorded, one.live)]
    return _renamed(live, wanted)


def _renamed(live: Parts, named: Sequence[Named]) -> Parts:
    if not named:
        return live
    return tuple(
        with_recorded_names(part, named) if part.place == "body" else part for part in live
    )


def _of_object(place: str, replays: Sequence[Sequence[Named]]) -> Noise | None:
    """The kind of the names of one object; None when they have none, or more than one."""
    live = [{one.recorded: one.live for one in replay if one.place == place} for replay in replays]
    found: Noise | None = None
    for name in dict.fromkeys(name for one in live for name in one):
        noise = infer([one.get(name, name) for one in live], name)
        found = noise if found is None or noise is None else merge(found, noise)
        if noise is None or found is None or found.kind not in _NAMING:
            return None
    if found is None:
        return None
    seen = dict.fromkeys(other for one in live for other in one.values())
    return msgspec.structs.replace(
        found, at=place + NAMES, clock=False, replays=len(replays), seen=tuple(seen)[:3]
    )
