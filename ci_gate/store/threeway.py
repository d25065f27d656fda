"""Two edits of one file of a snapshot, settled: what one side changed and the other left is taken,
exchange by exchange and field by field. Pure.

Texts are compared and put together as they are written, so that numbers keep their digits.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

_LISTS = {
    "exchanges": "id",
    "inbound": "value",
    "outbound": "value",
    "noise": "at",
    "rebased": "at",
    "accepted": "at",
    "notes": "",
    "redacted": "",
    "used": "",
    "sent": "",
    "echoed": "",
}
"""Lists whose items are told apart: by this field, or ("") by their whole text."""
_OURS = frozenset(("at", "took", "connection", "recorded_at", "commit"))
"""Of an exchange that both sides have recorded anew, one time is as good as the other."""

Object = dict[str, msgspec.Raw]


class Merged(msgspec.Struct, frozen=True):
    """The file, and where both sides say something else: there it has ours."""

    data: bytes
    conflicts: tuple[str, ...]


def merge(base: bytes, ours: bytes, theirs: bytes) -> Merged:
    """Three versions of one file as one. Raises ValueError for what is no JSON."""
    for one in (base, ours, theirs):
        if one.strip():
            msgspec.json.decode(one)
    merging = _Merge()
    found = merging.value(base.strip() or None, ours.strip(), theirs.strip(), "", "", "")
    return Merged((found or b"{}") + b"\n", tuple(merging.conflicts))


class _Merge:
    def __init__(self) -> None:
        self.conflicts: list[str] = []

    def value(
        self,
        base: bytes | None,
        ours: bytes | None,
        theirs: bytes | None,
        name: str,
        place: str,
        pad: str,
    ) -> bytes | None:
        """One value of each; None = not there. `pad`: the indentation of its own lines."""
        if place == "outcomes":
            return _together(base, ours, theirs, pad)
        if ours == theirs or base == theirs:
            return ours
        if base == ours:
            return theirs
        both = ours is not None and theirs is not None
        if both and ours[:1] == theirs[:1] == b"{":  # type: ignore[index]  # not None
            return self._object(base, ours, theirs, place, pad)  # type: ignore[arg-type]  # not None
        if both and name in _LISTS and ours[:1] == theirs[:1] == b"[":  # type: ignore[index]  # not None
            return self._list(base, ours, theirs, name, place, pad)  # type: ignore[arg-type]  # not None
        if name not in _OURS:
            self.conflicts.append(place or "the whole file")
        return ours

    def _object(
        self, base: bytes | None, ours: bytes, theirs: bytes, place: str, pad: str
    ) -> bytes:
        old = _fields(base) if base is not None and base[:1] == b"{" else {}
        mine, other = _fields(ours), _fields(theirs)
        kept: dict[str, bytes] = {}
        for key in _order(list(mine), list(other)):
            found = self.value(
                _raw(old.get(key)),
                _raw(mine.get(key)),
                _raw(other.get(key)),
                key,
                f"{place}.{key}" if place else key,
                pad + "  ",
            )
            if found is not None:
                kept[key] = found
        return _written(kept, b"{", b"}", pad, lambda key: msgspec.json.encode(key) + b": ")

    def _list(
        self, base: bytes | None, ours: bytes, theirs: bytes, name: str, place: str, pad: str
    ) -> bytes:
        by = _LISTS[name]
        old = _items(base, by) if base is not None and base[:1] == b"[" else {}
        mine, other = _items(ours, by), _items(theirs, by)
        kept: dict[str, bytes] = {}
        for key in _order(list(mine), list(other)):
            found = self.value(
                old.get(key), mine.get(key), other.get(key), "", f"{place}[{key}]", pad + "  "
            )
            if found is not None:
                kept[key] = found
        if name == "exchanges":
            kept = dict(sorted(kept.items(), key=lambda item: _at(item[1])))
        return _written(kept, b"[", b"]", pad, lambda _: b"")


def _together(base: bytes | None, ours: bytes | None, theirs: bytes | None, pad: str) -> bytes:
    """What any of them has, by names that content decides: an exchange of either side may say one,
    and what nobody does is left out when the files are written next."""
    kept: dict[str, bytes] = {}
    for one in (base, theirs, ours):
        kept |= {key: bytes(value) for key, value in _fields(one or b"{}").items()}
    ordered = dict(sorted(kept.items()))
    return _written(ordered, b"{", b"}", pad, lambda key: msgspec.json.encode(key) + b": ")


def _fields(data: bytes) -> Object:
    return msgspec.json.decode(data, type=Object)


def _raw(value: msgspec.Raw | None) -> bytes | None:
    return None if value is None else bytes(value)


def _items(data: bytes, by: str) -> dict[str, bytes]:
    """The items by what tells them apart; of several alike each has a number."""
    found: dict[str, bytes] = {}
    for raw in msgspec.json.decode(data, type=list[msgspec.Raw]):
        text = bytes(raw)
        key = text.decode("utf-8", "replace")
        if by and text[:1] == b"{":
            key = str(msgspec.json.decode(_fields(text).get(by, msgspec.Raw(b'""'))))
        number = 2
        while key in found:
            key, number = f"{key} ({number})", number + 1
        found[key] = text
    return found


def _at(data: bytes) -> float:
    raw = _fields(data).get("at", msgspec.Raw(b"0"))
    return float(msgspec.json.decode(raw, type=float))


def _order(mine: list[str], other: list[str]) -> list[str]:
    """Ours in their order, theirs after what they follow there."""
    order = list(mine)
    known = set(mine)
    last = -1
    for key in other:
        if key in known:
            last = order.index(key)
        else:
            last += 1
            order.insert(last, key)
            known.add(key)
    return order


def _written(
    kept: dict[str, bytes], opening: bytes, closing: bytes, pad: str, head: Callable[[str], bytes]
) -> bytes:
    if not kept:
        return opening + closing
    inner = b"\n" + pad.encode() + b"  "
    lines = (b"," + inner).join(head(key) + text for key, text in kept.items())
    return opening + inner + lines + b"\n" + pad.encode() + closing
