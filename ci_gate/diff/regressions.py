"""Seeded regressions: the ways in which one message can be made wrong, one place at a time.

Pure and stable: the same message gives the same seeds. Values keep their shape when they change
(another digit, another letter), because that is how a regression hides best. What is never
compared (framing, Date) is not seeded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import msgspec

from ci_gate.diff.headers import PRESENCE, by_name
from ci_gate.model.message import Body, Headers, Part, Pieces
from ci_gate.values import jsonedit
from ci_gate.values.jsonedit import Node
from ci_gate.values.jsontext import is_number, step
from ci_gate.values.places import rewrite, walk

RESPONSE_KINDS = (
    "status-changed",
    "value-changed",
    "type-changed",
    "field-removed",
    "field-null",
    "field-renamed",
    "field-added",
    "array-reordered",
    "header-changed",
    "header-removed",
    "header-added",
    "body-truncated",
    "delayed",
)
CALL_KINDS = (
    "write-dropped",
    "write-duplicated",
    "write-outside-transaction",
    "read-dropped",
    "read-repeated",
    "call-added",
    "argument-changed",
    "new-host-called",
)
ADDED = "x-seeded"
_ADDED_FIELD = "seeded"
_LARGEST = 1 << 20
"""Bytes of a body that is looked into."""


class Seed(msgspec.Struct, frozen=True):
    """One way to make a message wrong."""

    kind: str
    place: str
    """Full place: "response.body.$.total"."""
    make: Callable[[], Part]
    """The part that is put in place of the one with the same name."""


def response_seeds(parts: Sequence[Part]) -> Iterator[Seed]:
    """Every seed of a response."""
    for part in parts:
        if part.place == "status" and isinstance(part.value, int):
            yield Seed("status-changed", "response.status", _as(part, part.value + 1))
        elif part.place == "headers" and isinstance(part.value, tuple):
            yield from _header_seeds(part, part.value)
        elif part.place == "body":
            yield from _body_seeds(part)


def argument_seeds(parts: Sequence[Part]) -> Iterator[Seed]:
    """Every value of a request that a call can get wrong: path, query, body, or whatever its
    protocol has; headers aside."""
    for part in parts:
        if part.place in ("method", "headers", "trailers"):
            continue
        found = _json_nodes(part)
        if found:
            yield from _value_seeds(part, found, "argument-changed", "request")
            continue
        if isinstance(part.value, int):
            yield Seed("argument-changed", f"request.{part.place}", _as(part, part.value + 1))
            continue
        for place, value in list(walk(part))[: jsonedit.NODES]:
            if isinstance(value, str):
                yield Seed("argument-changed", f"request.{place}", partial(_rewritten, part, place))


def _as(part: Part, value: int | Body | Headers) -> Callable[[], Part]:
    return lambda: msgspec.structs.replace(part, value=value)


# -- responses


def _header_seeds(part: Part, fields: Headers) -> Iterator[Seed]:
    for name in by_name(fields):
        place = "response.headers" + step(name.decode("latin-1"))
        rest = tuple(one for one in fields if one[0].lower() != name)
        yield Seed("header-removed", place, _as(part, rest))
        if name not in PRESENCE:
            changed = tuple(
                (key, tweaked(value.decode("latin-1")).encode("latin-1"))
                if key.lower() == name
                else (key, value)
                for key, value in fields
            )
            yield Seed("header-changed", place, _as(part, changed))
    more = (*fields, (ADDED.encode(), b"1"))
    yield Seed("header-added", f"response.headers.{ADDED}", _as(part, more))


def _body_seeds(part: Part) -> Iterator[Seed]:
    body = part.value
    found = _json_nodes(part)
    if found:
        yield from _value_seeds(part, found, "value-changed", "response")
        yield from _structure_seeds(part, found)
    elif isinstance(body, bytes) and body:
        yield Seed("value-changed", "response.body", _as(part, _with_other_byte(body)))
    if isinstance(body, bytes) and body:
        yield Seed("body-truncated", "response.body", _as(part, body[: len(body) // 2]))
    elif isinstance(body, Pieces) and body.complete and body.items:
        fewer = msgspec.structs.replace(body, items=body.items[:-1])
        yield Seed("body-truncated", "response.body", _as(part, fewer))


def _json_nodes(part: Part) -> list[Node]:
    value = part.value
    if part.media != "json" or not isinstance(value, bytes) or len(value) > _LARGEST:
        return []
    return jsonedit.nodes(value)


def _value_seeds(part: Part, found: Sequence[Node], kind: str, side: str) -> Iterator[Seed]:
    for node in found:
        new = _other_value(node.raw)
        if new:
            yield _put(kind, side, part, node, new)


def _structure_seeds(part: Part, found: Sequence[Node]) -> Iterator[Seed]:
    for node in found:
        other = _other_type(node.raw)
        if other:
            yield _put("type-changed", "response", part, node, other)
        if node.raw != b"null":
            yield _put("field-null", "response", part, node, b"null")
        if node.is_object:
            yield _put("field-added", "response", part, node, _with_field(node.raw))
        elif node.is_array:
            reversed_ = _reversed(node.raw)
            if reversed_ != node.raw:
                yield _put("array-reordered", "response", part, node, reversed_)
        if node.path:
            yield _seed("field-removed", "response", part, node, jsonedit.removed)
            if isinstance(node.path[-1], str):
                yield _seed("field-renamed", "response", part, node, _renamed)


def _seed(
    kind: str,
    side: str,
    part: Part,
    node: Node,
    change: Callable[[bytes, jsonedit.Path], bytes],
) -> Seed:
    data = part.value
    assert isinstance(data, bytes)
    return Seed(
        kind,
        f"{side}.{part.place}.{node.place}",
        lambda: msgspec.structs.replace(part, value=change(data, node.path)),
    )


def _put(kind: str, side: str, part: Part, node: Node, raw: bytes) -> Seed:
    return _seed(kind, side, part, node, lambda data, path: jsonedit.replaced(data, path, raw))


def _with_field(raw: bytes) -> bytes:
    return jsonedit.as_object({**jsonedit.members(raw), _ADDED_FIELD: b"true"})


def _renamed(data: bytes, path: jsonedit.Path) -> bytes:
    return jsonedit.renamed(data, path, f"{path[-1]}_{_ADDED_FIELD}")


def _reversed(raw: bytes) -> bytes:
    """The array the other way round; as it is when nobody could tell."""
    listed = jsonedit.items(raw)
    return jsonedit.as_array(listed[::-1]) if listed != listed[::-1] else raw


# -- values


def tweaked(text: str) -> str:
    """Another text of the same shape: its last digit, else its last letter, is the next one."""
    for is_it, first, last in (
        (str.isdigit, "0", "9"),
        (str.islower, "a", "z"),
        (str.isupper, "A", "Z"),
    ):
        for at in range(len(text) - 1, -1, -1):
            one = text[at]
            if one.isascii() and is_it(one):
                new = first if one == last else chr(ord(one) + 1)
                return text[:at] + new + text[at + 1 :]
    return text + "x"


def _other_value(raw: bytes) -> bytes:
    """Another scalar of the same type and shape; b"" for what is none."""
    if raw[:1] == b'"':
        return msgspec.json.encode(tweaked(msgspec.json.decode(raw)))
    if raw in (b"true", b"false"):
        return b"false" if raw == b"true" else b"true"
    return tweaked(raw.decode()).encode() if is_number(raw.decode("latin-1")) else b""


def _other_type(raw: bytes) -> bytes:
    """A scalar as another type that says the same; b"" for what is none."""
    if raw[:1] == b'"':
        text = msgspec.json.decode(raw)
        return text.encode() if is_number(text) else b"[" + raw + b"]"
    if raw[:1] in b"{[" or raw == b"null":
        return b""
    return b'"' + raw + b'"'


def _rewritten(part: Part, place: str) -> Part:
    return rewrite(part, lambda at, text: tweaked(text) if at == place else None)


def _with_other_byte(data: bytes) -> bytes:
    """The data with one byte changed, the first letter or digit from the middle on if there is
    one."""
    middle = len(data) // 2
    at = next((i for i in range(middle, len(data)) if data[i : i + 1].isalnum()), middle)
    old = data[at : at + 1]
    new = tweaked(old.decode()).encode() if old.isalnum() else bytes([old[0] ^ 1])
    return data[:at] + new + data[at + 1 :]
