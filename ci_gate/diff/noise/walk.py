"""Walks the same message of several replays at once and finds what varies, with a kind by evidence.

JSON is walked by structure; headers, cookies, queries, forms and paths by their fields; texts word
by word. An array keeps its length or is one of a few; the same items in several orders are
unordered, and so are items with the same keys (a member whose values tell them apart), and texts
that list the same ("GET, HEAD"). What no evidence explains is kept as unexplained, never opened.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import msgspec

from ci_gate.diff.expectation import joined
from ci_gate.diff.headers import EXCLUDED, PRESENCE
from ci_gate.diff.jsonvalue import NotJson, decode
from ci_gate.diff.messages import REQUEST_HEADERS
from ci_gate.diff.noise.held import MARK, plain_json, reorder
from ci_gate.diff.noise.items import key_of
from ci_gate.diff.render import clean, scalar
from ci_gate.diff.secrecy import hide, secret_place
from ci_gate.model.message import Headers, Part
from ci_gate.model.noise import Noise
from ci_gate.values.drawn import random_bytes
from ci_gate.values.evidence import Scalar, few, infer, merge, one_of
from ci_gate.values.jsontext import step
from ci_gate.values.leaves import read_text
from ci_gate.values.listed import same_items
from ci_gate.values.places import walk
from ci_gate.values.redaction.standins import is_stand_in
from ci_gate.values.words import LEVELS, LONGEST, split, word

Values = tuple[Scalar, ...]
"""What stood at one place, one value from each replay."""

_INDEX = re.compile(r"\[(\d+)\](.*)\Z", re.DOTALL)
_VAGUE = ("base64", "token")
_SAMPLES = 3
_SAMPLE = 60
_NEAR = 40


class Found(msgspec.Struct, frozen=True):
    """A place that varies in an explained way. `raw` are the places it stands for (one, or those
    of every index) with what was seen there."""

    noise: Noise
    raw: tuple[tuple[str, Values], ...]


class Unexplained(msgspec.Struct, frozen=True):
    """A place that varies and nothing says how. `seen` are samples, masked and cut."""

    at: str
    reason: str
    seen: tuple[str, ...] = ()


_OF_A_BODY = frozenset(
    f"response.headers.{name}" for name in ("etag", "content-md5", "digest", "repr-digest")
)
"""Fields that are made of the bytes of a body."""


class Walk:
    """One walk over one message of all replays; the result is in `found` and `unexplained`.

    `ahead`: indices of replays with the clock ahead. `recorded`: leaves of the recorded message
    by full place, as more evidence.
    """

    def __init__(self, side: str, ahead: Collection[int], recorded: Mapping[str, object]) -> None:
        self._side = side
        self._ahead = frozenset(ahead)
        self.recorded = recorded
        self.found: list[Found] = []
        self.unexplained: list[Unexplained] = []

    def message(self, replays: Sequence[Sequence[Part]]) -> None:
        """Walk all parts."""
        by_place = [{part.place: part for part in parts} for parts in replays]
        for name in dict.fromkeys(name for parts in by_place for name in parts):
            there = [parts.get(name) for parts in by_place]
            parts = [part for part in there if part is not None]
            place = f"{self._side}.{name}"
            if len(parts) < len(there) and (name != "query"):
                if any(part.value for part in parts):
                    self._leave(place, "is not there in every replay", ())
            elif len({part.value for part in parts}) > 1 or len(parts) < len(there):
                self._part(place, there, parts)

    def _part(self, place: str, there: Sequence[Part | None], parts: Sequence[Part]) -> None:
        name, media = parts[0].place, parts[0].media
        if name in ("headers", "trailers"):
            self._fields([_compared(part, self._side) for part in parts])
        elif name == "body" or media == "json":
            self._body(place, parts)
        elif media in ("query", "path"):
            self._fields([part if part is not None else Part(name, b"", media) for part in there])
        else:
            # Method and status say what happened; no evidence makes them vary.
            self._leave(place, "differs from replay to replay", [part.value for part in parts])

    def _fields(self, parts: Sequence[Part]) -> None:
        """Values by name: all must be there in every replay."""
        flat = [dict(walk(part)) for part in parts]
        for name in dict.fromkeys(name for one in flat for name in one):
            place = f"{self._side}.{name}"
            values = [one[name] for one in flat if name in one]
            if len(values) < len(flat):
                self._leave(place, "is not there in every replay", values)
            else:
                self._scalar(place, [_as_scalar(value) for value in values])

    def _body(self, place: str, parts: Sequence[Part]) -> None:
        bodies = [part.value for part in parts if not isinstance(part.value, int | str | tuple)]
        data = [joined(body) for body in bodies]
        known = [body for body in data if isinstance(body, bytes)]
        media = parts[0].media
        if len(set(data)) < 2:
            return
        if len(known) < len(parts) or len({part.media for part in parts}) > 1 or not all(known):
            self._leave(place, "is a body of another kind, or none, in some replays", ())
        elif media == "json" and self._json_bodies(place, known):
            return
        elif media in ("form", "multipart"):
            self._fields(
                [msgspec.structs.replace(p, value=b) for p, b in zip(parts, known, strict=True)]
            )
        elif media == "binary":
            self._bytes(place, known)
        else:
            charset = parts[0].parameter
            self._scalar(place, [read_text(body, charset)[0] for body in known])

    def _json_bodies(self, place: str, bodies: Sequence[bytes]) -> bool:
        try:
            self._json(place + ".$", [decode(body) for body in bodies])
        except (NotJson, RecursionError):
            return False
        return True

    def _bytes(self, place: str, bodies: Sequence[bytes]) -> None:
        noise = random_bytes(bodies)
        if noise is None:
            self._leave(place, "is binary and differs from replay to replay", ())
        else:
            self._add(msgspec.structs.replace(noise, at=place), [(place, ())])

    # -- JSON

    def _json(self, place: str, values: Sequence[object]) -> None:
        first = values[0]
        if all(value == first for value in values[1:]):
            return
        if all(isinstance(value, dict) for value in values):
            objects = [value for value in values if isinstance(value, dict)]
            if all(one.keys() == objects[0].keys() for one in objects):
                for key in objects[0]:
                    self._json(place + step(key), [one[key] for one in objects])
                return
            self._whole(place, values, "has other members from replay to replay")
        elif all(isinstance(value, list) for value in values):
            self._lists(place, [value for value in values if isinstance(value, list)])
        elif any(isinstance(value, dict | list) for value in values):
            self._whole(place, values, "is of another type in some replays")
        else:
            self._scalar(place, [_as_scalar(scalar(value)) for value in values])

    def _lists(self, place: str, lists: Sequence[list[object]]) -> None:
        if len({len(one) for one in lists}) > 1:
            self._whole(place, lists, "has another number of items from replay to replay")
            return
        items = [[plain_json(item) for item in one] for one in lists]
        if all(sorted(one) == sorted(items[0]) for one in items):
            self._add(Noise(at=place, kind="unordered"), [(place, ())])
            return
        key = key_of(lists)
        if not key:
            self._items(place, lists)
            return
        inner = Walk(self._side, self._ahead, {})
        inner._items(place, [reorder(lists[0], one, key) for one in lists])
        if inner.unexplained or any(
            not one.noise.at.startswith(place + "[*]") for one in inner.found
        ):
            reason = (
                f"has its items (told apart by {key!r}) in another order, and not all vary alike"
            )
            self._leave(place, reason, ())
            return
        self._add(Noise(at=place, kind="unordered", key=key), [(place, ())])
        self.found.extend(inner.found)

    def _items(self, place: str, lists: Sequence[list[object]]) -> None:
        start = len(self.found)
        for index in range(len(lists[0])):
            self._json(f"{place}[{index}]", [one[index] for one in lists])
        self.found[start:] = folded(place, len(lists[0]), self.found[start:])

    def _whole(self, place: str, values: Sequence[object], reason: str) -> None:
        """Containers that cannot be walked side by side: one of a few, or nothing explains them."""
        texts = [plain_json(value) for value in values]
        steady = {text for index, text in enumerate(texts) if index not in self._ahead}
        if len(steady) == 1 and 1 < len(texts) - len(self._ahead) < len(texts):
            members = () if self._is_secret(place, texts) else few(set(texts))
            derived = Noise(at=place, kind="derived", members=members, clock=True)
            self._add(derived, [(place, ())])
            return
        noise = one_of(set(texts)) if len(set(texts)) < len(texts) else None
        if noise is None or self._secret(place, noise):
            self._leave(place, reason, values)
        else:
            self._add(msgspec.structs.replace(noise, at=place), [(place, ())])

    # -- values

    def _scalar(self, place: str, values: Sequence[Scalar]) -> None:
        """One value of each replay; texts may vary in some words only."""
        if len(set(map(_typed, values))) < 2:
            return
        if all(isinstance(value, str) and is_stand_in(value) for value in values):
            return  # compared by kind and one to one wherever it stands
        texts = [value for value in values if isinstance(value, str)]
        if len(texts) == len(values):
            explained = max(map(len, texts)) <= LONGEST and self._text(place, texts)
        else:
            explained = self._typed(place, values)
        if not explained:
            self._leave(place, "varies in no way that the replays explain", values)

    def _text(self, at: str, texts: Sequence[str], near: str = "", level: int = 0) -> bool:
        """Explain a text, or a word of one: as a whole, or by its words where these say more than
        that it is a token (an id in a path), or another with the clock ahead (a page that tells the
        time, twice in the same second). Signs between words may belong to base64, whose words
        therefore say nothing."""
        if all(map(is_stand_in, texts)):
            return True  # as above, where it is a word of a text
        if all(same_items(texts[0], text) for text in texts):
            self._add(Noise(at=at, kind="unordered", near=near), [(at, ())])
            return True
        start = len(self.found)
        typed = self._typed(at, texts, near)
        whole = self.found[start:]
        derived = typed and whole[0].noise.kind == "derived"
        vague = typed and whole[0].noise.kind in _VAGUE and all(map(_is_composed, texts))
        if typed and not (vague or derived):
            return True
        del self.found[start:]
        mark = "." if MARK in at else MARK
        if level < LEVELS and self._words(at + mark, texts, level):
            kinds = {one.noise.kind for one in self.found[start:]}
            if not typed or not (kinds <= {"derived"} if derived else "base64" in kinds):
                return True
        self.found[start:] = whole
        return typed

    def _typed(self, place: str, values: Sequence[Scalar], near: str = "") -> bool:
        base, _, path = place.partition(MARK)
        known = self.recorded.get(base)
        if path:
            known = word(known, path) if isinstance(known, str) else None
        ahead = self._ahead
        if base in _OF_A_BODY:
            # What it is made of may tell the time: another second is another value, clock or not.
            values, ahead = tuple(dict.fromkeys(values)), frozenset()
        noise = infer(values, _as_scalar(known), ahead)
        if noise is not None and noise.kind == "derived" and self._secret(place, noise):
            noise = msgspec.structs.replace(noise, members=())
        if noise is None or self._secret(place, noise):
            return False
        seen = dict.fromkeys(_sample(base, value) for value in values)
        noise = msgspec.structs.replace(
            noise, at=place, near=near, seen=() if noise.members else tuple(seen)[:_SAMPLES]
        )
        self._add(noise, [(place, tuple(values))])
        return True

    def _secret(self, place: str, noise: Noise) -> bool:
        """True when the members of a noise may not be written down."""
        return bool(noise.members) and self._is_secret(place, noise.members)

    def _is_secret(self, place: str, members: Sequence[str]) -> bool:
        return secret_place(place.partition(MARK)[0]) or any(
            clean(one, len(one) + 1) != one for one in members
        )

    def _words(self, prefix: str, texts: Sequence[str], level: int) -> bool:
        """True when every word that varies has a kind, or words that have."""
        cut = [split(text, level) for text in texts]
        if len({(len(one), one[::2]) for one in cut}) > 1:
            return False
        for index in range(len(cut[0]) // 2):
            values = [one[2 * index + 1] for one in cut]
            near = _near(cut[0], index) if level == 0 else ""
            if len(set(values)) > 1 and not self._text(f"{prefix}{index}", values, near, level + 1):
                return False
        return True

    def _add(self, noise: Noise, raw: Sequence[tuple[str, Values]]) -> None:
        self.found.append(Found(noise, tuple(raw)))

    def _leave(self, place: str, reason: str, values: Sequence[object]) -> None:
        seen = dict.fromkeys(_sample(place, value) for value in values)
        self.unexplained.append(Unexplained(place, reason, tuple(seen)[:_SAMPLES]))


def folded(place: str, size: int, found: Sequence[Found]) -> list[Found]:
    """Places below the items of one array, those that vary alike in every item as one pattern."""
    if size < 2:
        return list(found)
    by_rest: dict[str, dict[int, Found]] = {}
    other: list[Found] = []
    for one in found:
        inner = _INDEX.match(one.noise.at, len(place))
        if inner is None:
            other.append(one)
        else:
            by_rest.setdefault(inner[2], {})[int(inner[1])] = one
    for rest, by_index in by_rest.items():
        whole = _merged(list(by_index.values())) if len(by_index) == size else None
        if whole is None:
            other.extend(by_index.values())
        else:
            raw = tuple(pair for one in by_index.values() for pair in one.raw)
            at = f"{place}[*]{rest}"
            other.append(Found(msgspec.structs.replace(whole, at=at), raw))
    return other


def _merged(found: Sequence[Found]) -> Noise | None:
    whole: Noise | None = found[0].noise
    for one in found[1:]:
        whole = merge(whole, one.noise) if whole is not None else None
    return whole


def _is_composed(text: str) -> bool:
    return not text.rstrip("=").isalnum()


def _compared(part: Part, side: str) -> Part:
    """The fields of a part of headers whose values are compared."""
    headers: Headers = part.value if isinstance(part.value, tuple) else ()

    def is_compared(name: bytes) -> bool:
        if side == "request" and part.place == "headers":
            return name in REQUEST_HEADERS
        return name not in EXCLUDED and name not in PRESENCE

    return msgspec.structs.replace(
        part, value=tuple(field for field in headers if is_compared(field[0].lower()))
    )


def _as_scalar(value: object) -> Scalar:
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _typed(value: Scalar) -> tuple[str, Scalar]:
    """Equal for equal values only: 1 is neither 1.0 nor true."""
    return type(value).__name__, value


def _sample(place: str, value: object) -> str:
    text = value if isinstance(value, str) else plain_json(value) if value != () else ""
    if isinstance(value, bytes):
        text = f"{len(value)} bytes"
    return hide(clean(text, _SAMPLE)) if secret_place(place) else clean(text, _SAMPLE)


def _near(cut: Sequence[str], index: int) -> str:
    """What stands before a word, masked."""
    before = "".join(cut[max(0, 2 * index - 3) : 2 * index + 1]).strip()
    return clean(before)[-_NEAR:]


def leaves_of(side: str, parts: Sequence[Part]) -> dict[str, object]:
    """The values of a message by full place."""
    return {
        f"{side}.{place}": value
        for part in parts
        if isinstance(part.value, int | str | bytes | tuple)
        for place, value in walk(part)
    }
