"""Places: naming every value of a part, changing one without touching the rest, and patterns.

A place is `<request|response>.<part>[.<inner>]`. The functions here work below the message, so
theirs start with the part: `body.$.items[3].price`, `query.page`, `headers.set-cookie.session`,
`path[2]`. What has no inside (a whole text, the status) is its part's name alone; binary bodies
and bodies that are not at hand have no leaves.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence

import msgspec

from ci_gate.model.message import Headers, Part, Piece, Pieces
from ci_gate.values.leaves import (
    Leaf,
    header_leaves,
    json_or_text,
    multipart_leaves,
    path_leaves,
    query_leaves,
    text_leaf,
    written,
)

Splice = tuple[int, int, bytes]
TextEdit = tuple[int, int, str]
"""(start, end, new text) in characters of a leaf's text."""

_STEP = re.compile(r'\["(?:[^"\\]|\\.)*"\]|\[\d+\]')


def leaves(part: Part, spans: Sequence[tuple[int, int]] | None = None) -> list[Leaf]:
    """Every value of a part in the order of the wire. Never raises: what cannot be read as its
    media is one text. `spans` limits a JSON body to the values that these byte ranges touch."""
    value = part.value
    if isinstance(value, tuple):
        return header_leaves(value, part.place)
    if isinstance(value, int):
        return [Leaf(part.place, "", value, 0, 0, "")]
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogateescape")
        if not part.media:
            return [Leaf(part.place, "", part.value, 0, len(value), "utf-8")]  # type: ignore[arg-type]  # str, as just tested
    elif isinstance(value, Pieces):
        value = b"".join(piece.data for piece in value.items)
    elif not isinstance(value, bytes):
        return []
    return _read(value, part, spans)


def _read(data: bytes, part: Part, spans: Sequence[tuple[int, int]] | None) -> list[Leaf]:
    media, root = part.media, part.place
    if media == "json":
        return json_or_text(data, root, part.parameter, spans)
    if media in ("query", "form"):
        return query_leaves(data, root)
    if media == "path":
        return path_leaves(data, root)
    if media == "multipart":
        return multipart_leaves(data, root, part.parameter)
    if media == "binary":
        return []
    return text_leaf(data, root, part.parameter)


def walk(part: Part) -> Iterator[tuple[str, object]]:
    """(place, value) of every leaf: text, or for JSON also a number, true, false or null."""
    for leaf in leaves(part):
        yield leaf.place, leaf.value


def rewrite(part: Part, change: Callable[[str, str], str | None]) -> Part:
    """The part with some leaves changed and every other byte as it was.

    `change(place, text)` gets texts as they are meant (unescaped) and JSON numbers as they are
    written, and returns the new text or None. A number changed to what is no number becomes text.
    """

    def edited(leaf: Leaf, text: str) -> str | None:
        return change(leaf.place, text)

    return edit(part, edited)[0]


def edit(
    part: Part,
    change: Callable[[Leaf, str], str | list[TextEdit] | None],
    spans: Sequence[tuple[int, int]] | None = None,
) -> tuple[Part, tuple[str, ...]]:
    """As `rewrite`, with the leaf at hand, and (new part, places changed) as the result.

    `change` may also return the edits of a text, in order: in a body kept as pieces each piece
    then keeps its own share. `spans` as in `leaves`.
    """
    found = leaves(part, spans)
    if not found:
        return part, ()
    sources = _sources(part)
    splices: dict[int, list[Splice]] = {}
    places: list[str] = []
    for leaf in found:
        value = leaf.value
        if value is None or isinstance(value, bool):
            continue
        lexeme = sources[leaf.item][leaf.start : leaf.end]
        text = value if isinstance(value, str) else lexeme.decode()
        new = change(leaf, text)
        if isinstance(new, list):
            new = [one for one in new if text[one[0] : one[1]] != one[2]]
        # An empty new text is a change too, but no edits are none.
        if new is None or new == text or new == []:
            continue
        splices.setdefault(leaf.item, []).extend(_splices(leaf, text, lexeme, new))
        places.append(leaf.place)
    if not splices:
        return part, ()
    return msgspec.structs.replace(part, value=_rebuilt(part, sources, splices)), tuple(places)


def _sources(part: Part) -> Sequence[bytes]:
    value = part.value
    if isinstance(value, bytes):
        return (value,)
    if isinstance(value, str):
        return (value.encode("utf-8", "surrogateescape"),)
    if isinstance(value, Pieces):
        return (b"".join(piece.data for piece in value.items),)
    if isinstance(value, tuple):
        return [field for _, field in value]
    return (str(value).encode(),)


def _splices(leaf: Leaf, text: str, lexeme: bytes, new: str | list[TextEdit]) -> Iterator[Splice]:
    if isinstance(new, str):
        yield leaf.start, leaf.end, written(leaf, new, lexeme)
    elif leaf.style == "utf-8":
        position, offset = 0, leaf.start
        for start, end, replacement in new:
            first = offset + len(text[position:start].encode())
            offset = first + len(text[start:end].encode())
            yield first, offset, replacement.encode()
            position = end
    else:
        yield leaf.start, leaf.end, written(leaf, apply_edits(text, new), lexeme)


def apply_edits(text: str, edits: list[TextEdit]) -> str:
    """`text` with edits (in order, not overlapping) made."""
    pieces: list[str] = []
    position = 0
    for start, end, replacement in edits:
        pieces += (text[position:start], replacement)
        position = end
    pieces.append(text[position:])
    return "".join(pieces)


def _rebuilt(
    part: Part, sources: Sequence[bytes], splices: dict[int, list[Splice]]
) -> int | str | bytes | Pieces | Headers:
    value = part.value
    if isinstance(value, tuple):
        return tuple(
            (name, _spliced(field, sorted(splices[item])) if item in splices else field)
            for item, (name, field) in enumerate(value)
        )
    ordered = sorted(splices[0])
    if isinstance(value, Pieces):
        return _spliced_pieces(value, sources[0], ordered)
    data = _spliced(sources[0], ordered)
    if isinstance(value, int):
        return int(data) if data.isdigit() and len(data) < 20 else value
    return data.decode("utf-8", "surrogateescape") if isinstance(value, str) else data


def _spliced(data: bytes, splices: list[Splice]) -> bytes:
    pieces: list[bytes] = []
    position = 0
    for start, end, replacement in splices:
        pieces += (data[position:start], replacement)
        position = end
    pieces.append(data[position:])
    return b"".join(pieces)


def _spliced_pieces(pieces: Pieces, data: bytes, splices: list[Splice]) -> Pieces:
    """Splice the joined data; a replacement belongs to the piece in which the old value began."""
    items: list[Piece] = []
    begin, index = 0, 0
    for piece in pieces.items:
        finish = begin + len(piece.data)
        parts: list[bytes] = []
        position = begin
        while index < len(splices) and splices[index][0] < finish:
            start, end, replacement = splices[index]
            if start >= begin:
                parts += (data[position:start], replacement)
            position = max(begin, min(end, finish))
            if end > finish:
                break
            index += 1
        parts.append(data[position:finish])
        items.append(Piece(piece.at, b"".join(parts)))
        begin = finish
    return msgspec.structs.replace(pieces, items=tuple(items))


def fold(place: str) -> str:
    """The place with every index as [*]: `body.$.items[3].id` becomes `body.$.items[*].id`."""
    if "[" not in place:
        return place
    return _STEP.sub(lambda found: found[0] if found[0][1] == '"' else "[*]", place)


def covers(pattern: str, place: str) -> bool:
    """True when `pattern` names `place`: exactly, with [*] for any index, and a final `.*` for
    everything below."""
    return pattern == place or _compiled(pattern).fullmatch(place) is not None


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    below = pattern.endswith(".*")
    exact = pattern[:-2] if below else pattern
    steps = r"\[\d+\]".join(re.escape(part) for part in exact.split("[*]"))
    return re.compile(steps + (r"[.\[].*" if below else ""), re.DOTALL)
