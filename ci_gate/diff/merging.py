"""A recorded message with some of its places as they were live, and every other byte as recorded.

JSON goes place by place, the way it is compared (`diff.structure`); header fields by name; paths,
queries and texts value by value where both have the same values, else as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from ci_gate.diff.alignment import align
from ci_gate.diff.equality import Equality
from ci_gate.diff.findings import Findings
from ci_gate.diff.headers import by_name
from ci_gate.diff.jsonvalue import NotJson, decode
from ci_gate.diff.masks import Masks
from ci_gate.diff.messages import compare
from ci_gate.diff.noise.learn import rebase
from ci_gate.diff.render import clean
from ci_gate.diff.structure import same_values
from ci_gate.model.message import Headers, Opaque, Part
from ci_gate.model.noise import Noise
from ci_gate.values.jsonedit import as_array, as_object, items, members
from ci_gate.values.jsontext import step
from ci_gate.values.places import rewrite, walk

Parts = tuple[Part, ...]
_PLACE = 500
_FIELDS = ("headers", "trailers")


class CannotMerge(Exception):
    """These places cannot be taken over without others; the text says why."""


def merged(
    side: str,
    recorded: Parts,
    live: Parts,
    wanted: Collection[str],
    masks: Masks,
    noise: Sequence[Noise] = (),
) -> dict[str, Part]:
    """The parts that change, by name, when the places of `wanted` (as differences name them) are
    taken from `live`. `masks` is what the messages are compared with, `noise` what it was learned
    from. Raises CannotMerge."""
    before = {part.place: part for part in recorded}
    after = {part.place: part for part in live}
    rest = {
        one.place
        for one in compare(side, recorded, live, masks, Equality(redacted=True))
        if not one.notice
    } - set(wanted)
    merge = _Merge(side, set(wanted), rest, masks, noise)
    found: dict[str, Part] = {}
    for name in before | after:
        if any(_below(one, f"{side}.{name}") for one in wanted):
            found[name] = merge.part(name, before.get(name), after.get(name))
    _verify(side, (recorded, live), found, set(wanted), masks)
    return found


def _below(place: str, name: str) -> bool:
    return place == name or place.startswith((name + ".", name + "["))


def _verify(
    side: str, both: tuple[Parts, Parts], found: dict[str, Part], wanted: set[str], masks: Masks
) -> None:
    """What was made holds all that was wanted."""
    recorded, live = both
    names = {part.place for part in recorded}
    made = tuple(found.get(part.place, part) for part in recorded)
    made += tuple(part for name, part in found.items() if name not in names)
    left = {one.place for one in compare(side, made, live, masks, Equality(redacted=True))}
    missed = sorted(left & wanted)
    if missed:
        raise CannotMerge(f"{missed[0]} cannot be changed by itself")


class _Merge:
    def __init__(
        self,
        side: str,
        wanted: set[str],
        rest: set[str],
        masks: Masks,
        noise: Sequence[Noise],
    ) -> None:
        self._side = side
        self._wanted = wanted
        self._rest = rest
        """Places that differ, too, and are to stay."""
        self._noise = noise
        self._findings = Findings(side, masks, Equality(redacted=True))

    def _takes(self, place: str) -> bool:
        return clean(place, _PLACE) in self._wanted

    def part(self, name: str, before: Part | None, after: Part | None) -> Part:
        """One part."""
        place = f"{self._side}.{name}"
        if name in _FIELDS:
            return self._fields(name, place, before, after)
        if after is None:
            assert before is not None
            return msgspec.structs.replace(before, value=b"")
        if isinstance(after.value, Opaque):
            raise CannotMerge(f"{place} is too large to be kept in a run directory")
        if before is not None and (name == "body" or before.media == "json"):
            body = self._json(place, before, after)
            if body is not None:
                return msgspec.structs.replace(before, value=body)
        return self._by_value(place, before, after)

    # -- JSON

    def _json(self, place: str, before: Part, after: Part) -> bytes | None:
        """A JSON body; None for one that is not compared as JSON."""
        if before.media != "json" or after.media != "json" or place in self._wanted:
            return None
        if not isinstance(before.value, bytes) or not isinstance(after.value, bytes):
            return None
        try:
            old, new = decode(before.value), decode(after.value)
        except NotJson:
            return None
        return self._value(f"{place}.$", (old, before.value), (new, after.value))

    def _value(self, place: str, old: tuple[object, bytes], new: tuple[object, bytes]) -> bytes:
        """A value decoded and as it is written, as recorded and as it came."""
        before, after = old[0], new[0]
        if before == after:
            return old[1]
        if self._takes(place):
            return new[1]
        if isinstance(before, dict) and isinstance(after, dict):
            return self._object(place, before, members(old[1]), after, members(new[1]))
        if isinstance(before, list) and isinstance(after, list):
            return self._array(place, before, items(old[1]), after, items(new[1]))
        return old[1]

    def _object(
        self,
        place: str,
        before: dict[str, object],
        raws: dict[str, bytes],
        after: dict[str, object],
        lives: dict[str, bytes],
    ) -> bytes:
        found: dict[str, bytes] = {}
        for key, value in before.items():
            where = place + step(key)
            if key in after:
                found[key] = self._value(where, (value, raws[key]), (after[key], lives[key]))
            elif not self._takes(where):
                found[key] = raws[key]
        last = ""
        for key in after:
            if key not in before and self._takes(place + step(key)):
                found = _put(found, key, lives[key], last)
            last = key if key in found else last
        return as_object(found)

    def _array(
        self,
        place: str,
        before: list[object],
        raws: list[bytes],
        after: list[object],
        lives: list[bytes],
    ) -> bytes:
        after, lives = self._ordered(place, before, after, lives)

        def same(one: object, other: object, index: int) -> bool:
            return same_values(self._findings, f"{place}[{index}]", one, other)

        steps = align(before, after, same, search=True)
        gone = {i for i, j in steps if j < 0}
        new = {j for i, j in steps if i < 0}
        found: list[bytes] = []
        i = j = 0
        while i < len(before) or j < len(after):
            if i < len(before) and i in gone:
                if not self._takes(f"{place}[{i}]"):
                    found.append(raws[i])
                i += 1
            elif j < len(after) and j in new:
                if self._takes(f"{place}[{j}]"):
                    found.append(lives[j])
                j += 1
            else:
                where = f"{place}[{i}]"
                found.append(self._value(where, (before[i], raws[i]), (after[j], lives[j])))
                i, j = i + 1, j + 1
        return as_array(found)

    def _ordered(
        self, place: str, before: list[object], after: list[object], lives: list[bytes]
    ) -> tuple[list[object], list[bytes]]:
        """The live items in recorded order where that was learned not to matter."""
        varying = self._findings.masks.varying
        if varying is None:
            return after, lives
        ordered = varying.in_order_of(place, before, after, count=False)
        where: dict[int, list[int]] = {}
        for index, item in reversed(list(enumerate(after))):
            where.setdefault(id(item), []).append(index)
        return ordered, [lives[where[id(item)].pop()] for item in ordered]

    # -- fields, and what has values without structure

    def _fields(self, name: str, place: str, before: Part | None, after: Part | None) -> Part:
        old, new = _headers(before), _headers(after)
        for field in by_name(old) | by_name(new):
            at = place + step(field.decode("latin-1"))
            if not any(_below(one, at) for one in self._wanted):
                continue
            self._refuse_rest(at)
            fields = tuple(pair for pair in new if pair[0].lower() == field)
            first = next((n for n, pair in enumerate(old) if pair[0].lower() == field), len(old))
            kept = tuple(pair for pair in old if pair[0].lower() != field)
            old = (*kept[:first], *fields, *kept[first:])
        part = before if before is not None else after
        assert part is not None
        return msgspec.structs.replace(part, place=name, value=old)

    def _by_value(self, place: str, before: Part | None, after: Part) -> Part:
        if before is not None:
            texts = {f"{self._side}.{at}": value for at, value in walk(after)}
            if texts and texts.keys() == {f"{self._side}.{at}" for at, _ in walk(before)} != {
                place
            }:
                return rewrite(before, lambda at, text: self._text(at, text, texts))
        self._refuse_rest(place)
        if before is None:
            return after
        parts = rebase(self._side, (before,), (after,), self._noise)
        return parts.get(after.place, after)

    def _text(self, at: str, _text: str, texts: dict[str, object]) -> str | None:
        place = f"{self._side}.{at}"
        return str(texts[place]) if self._takes(place) else None

    def _refuse_rest(self, place: str) -> None:
        other = next((one for one in sorted(self._rest) if _below(one, place)), "")
        if other:
            raise CannotMerge(f"{other} differs, too, and can only be accepted together with it")


def _put(found: dict[str, bytes], key: str, raw: bytes, after: str) -> dict[str, bytes]:
    """The members with one more, behind the one that it came after."""
    made: dict[str, bytes] = {} if after else {key: raw}
    for name, value in found.items():
        made[name] = value
        if name == after:
            made[key] = raw
    return made


def _headers(part: Part | None) -> Headers:
    return part.value if part is not None and isinstance(part.value, tuple) else ()
