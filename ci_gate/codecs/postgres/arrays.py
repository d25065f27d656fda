"""Arrays: their binary form and their text ("Arrays: Input and Output Syntax"), element by element."""

from __future__ import annotations

import struct
from collections.abc import Callable


def element_of(data: bytes) -> int:
    """The type of the elements of what may be a binary array. Raises struct.error when it is
    too short for one."""
    found: int = struct.unpack_from("!iiI", data)[2]
    return found


def decode_array(
    element: int, data: bytes, decode: Callable[[int, bytes], str | None]
) -> str | None:
    """The text of a binary array; None when an element has none, or its bounds are not the usual."""
    dimensions, _, oid = struct.unpack_from("!iiI", data)
    if oid != element or not 0 <= dimensions <= 6:
        return None
    sizes = [struct.unpack_from("!ii", data, 12 + 8 * i) for i in range(dimensions)]
    if any(lower != 1 for _, lower in sizes):
        return None
    position = 12 + 8 * dimensions

    def items(depth: int) -> str | None:
        nonlocal position
        found: list[str] = []
        for _ in range(sizes[depth][0]):
            if depth + 1 < dimensions:
                inner = items(depth + 1)
            else:
                size = struct.unpack_from("!i", data, position)[0]
                position += 4
                if size < 0:
                    found.append("NULL")
                    continue
                text = decode(element, data[position : position + size])
                position += size
                inner = None if text is None else _quoted(text)
            if inner is None:
                return None
            found.append(inner)
        return "{" + ",".join(found) + "}"

    return items(0) if dimensions else "{}"


def _quoted(text: str) -> str:
    plain = text and text.upper() != "NULL" and not any(c in '{}",\\ \t\n\r\v\f' for c in text)
    if plain:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def encode_array(
    element: int, text: str, encode: Callable[[int, str], bytes | None]
) -> bytes | None:
    """The binary form of an array's text. Raises ValueError for what is no array."""
    if text == "{}":
        return struct.pack("!iiI", 0, 0, element)
    sizes: list[int] = []
    values = list(_items(text, 0, sizes))
    out: list[bytes] = []
    for one in values:
        if one is None:
            out.append(b"\xff\xff\xff\xff")
            continue
        data = encode(element, one)
        if data is None:
            return None
        out.append(struct.pack("!i", len(data)) + data)
    head = struct.pack("!iiI", len(sizes), int(None in values), element)
    return head + b"".join(struct.pack("!ii", size, 1) for size in sizes) + b"".join(out)


def _items(text: str, depth: int, sizes: list[int]) -> list[str | None]:
    """The leaves of an array's text in order; `sizes` gets one entry a dimension."""
    if not (text.startswith("{") and text.endswith("}")):
        raise ValueError(f"{text!r} is no array")
    found: list[str | None] = []
    pieces = _split(text[1:-1])
    if len(sizes) == depth:
        sizes.append(len(pieces))
    if sizes[depth] != len(pieces):
        raise ValueError(f"{text!r} is no array")
    for piece in pieces:
        if piece.startswith("{"):
            found += _items(piece, depth + 1, sizes)
        elif piece.startswith('"'):
            found.append(_unquoted(piece))
        else:
            found.append(None if piece == "NULL" else piece)
    return found


def _unquoted(piece: str) -> str:
    out: list[str] = []
    escaped = False
    for char in piece[1:-1]:
        if escaped or char != "\\":
            out.append(char)
            escaped = False
        else:
            escaped = True
    return "".join(out)


def _split(text: str) -> list[str]:
    pieces: list[str] = []
    depth, quoted, escaped, start = 0, False, False, 0
    for index, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif not quoted:
            depth += (char == "{") - (char == "}")
            if char == "," and depth == 0:
                pieces.append(text[start:index])
                start = index + 1
    pieces.append(text[start:])
    return pieces
