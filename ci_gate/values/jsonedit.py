"""Changes to the structure of a JSON text: every value that is not touched keeps its bytes."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ci_gate.values.jsontext import step

Path = tuple[str | int, ...]
"""The way to a value: keys and indices from the top."""

NODES = 5000
"""Values of one text that are looked at."""
DEPTH = 50

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])


class Node(msgspec.Struct, frozen=True):
    """One value: where it stands, and as it is written."""

    path: Path
    place: str
    """ "$.items[0].price"."""
    raw: bytes

    @property
    def is_object(self) -> bool:
        """True for `{…}`."""
        return self.raw[:1] == b"{"

    @property
    def is_array(self) -> bool:
        """True for `[…]`."""
        return self.raw[:1] == b"["


def nodes(data: bytes) -> list[Node]:
    """The values of a JSON text, outer ones first, at most `NODES` and `DEPTH` deep; [] for what
    is no JSON, or names a key twice."""
    try:
        msgspec.json.decode(data)
        found = []
        for node in _walk(Node((), "$", data.strip())):
            found.append(node)
            if len(found) == NODES:
                break
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    return found


def _walk(node: Node) -> Iterator[Node]:
    yield node
    if len(node.path) == DEPTH:
        return
    if node.is_object:
        for key, raw in members(node.raw).items():
            yield from _walk(Node((*node.path, key), node.place + step(key), raw))
    elif node.is_array:
        for index, raw in enumerate(items(node.raw)):
            yield from _walk(Node((*node.path, index), f"{node.place}[{index}]", raw))


def members(raw: bytes) -> dict[str, bytes]:
    """The members of an object as they are written."""
    return {key: bytes(value) for key, value in _object.decode(raw).items()}


def items(raw: bytes) -> list[bytes]:
    """The items of an array as they are written."""
    return [bytes(value) for value in _array.decode(raw)]


def as_object(found: dict[str, bytes]) -> bytes:
    """An object of these members."""
    return msgspec.json.encode({key: msgspec.Raw(raw) for key, raw in found.items()})


def as_array(found: list[bytes]) -> bytes:
    """An array of these items."""
    return msgspec.json.encode([msgspec.Raw(raw) for raw in found])


def replaced(data: bytes, path: Path, raw: bytes) -> bytes:
    """The text with another value at `path`."""
    if not path:
        return raw
    first, rest = path[0], path[1:]
    if isinstance(first, str):
        found = members(data)
        found[first] = replaced(found[first], rest, raw)
        return as_object(found)
    listed = items(data)
    listed[first] = replaced(listed[first], rest, raw)
    return as_array(listed)


def removed(data: bytes, path: Path) -> bytes:
    """The text without the member or item at `path`, which is not the top."""
    parent, last = path[:-1], path[-1]
    around = at(data, parent)
    if isinstance(last, str):
        found = members(around)
        del found[last]
        return replaced(data, parent, as_object(found))
    listed = items(around)
    del listed[last]
    return replaced(data, parent, as_array(listed))


def renamed(data: bytes, path: Path, name: str) -> bytes:
    """The text with another key for the member at `path`, in its position."""
    parent, last = path[:-1], path[-1]
    found = members(at(data, parent))
    changed = {name if key == last else key: raw for key, raw in found.items()}
    return replaced(data, parent, as_object(changed))


def at(data: bytes, path: Path) -> bytes:
    """The value at `path` as it is written."""
    for one in path:
        data = members(data)[one] if isinstance(one, str) else items(data)[one]
    return data
