"""Tagged netstrings: `<length>:<payload><type>`, as mitmproxy writes its flows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

DEEPEST = 60
_DIGITS = 12
_LONGEST_NUMBER = 60


class Torn(ValueError):
    """Not a tagged netstring; `offset` is that of the element in the file."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(why)
        self.offset = offset


def elements(chunks: Iterator[bytes]) -> Iterator[tuple[int, Any]]:
    """Offset and value of each element of a file. Raises Torn; one element is held at a time."""
    buffer, offset = b"", 0
    for chunk in chunks:
        buffer = buffer + chunk if buffer else chunk
        while (end := _end(buffer, offset)) is not None:
            try:
                value, _ = _parse(memoryview(buffer)[:end], 0)
            except (ValueError, RecursionError) as error:
                raise Torn(offset, str(error) or "nested too deeply") from error
            yield offset, value
            buffer, offset = buffer[end:], offset + end
    if buffer.strip():
        raise Torn(offset, "the last flow is cut off")


def _end(buffer: bytes, offset: int) -> int | None:
    """Where the first element ends; None = more is needed."""
    colon = buffer.find(b":", 0, _DIGITS + 1)
    if colon < 0:
        if len(buffer) > _DIGITS:
            raise Torn(offset, "no length where a flow should begin")
        return None
    digits = buffer[:colon]
    if not digits.isdigit():
        raise Torn(offset, "no length where a flow should begin")
    end = colon + 1 + int(digits) + 1
    return end if len(buffer) >= end else None


def _parse(data: memoryview, depth: int) -> tuple[Any, memoryview]:
    """The first value and what follows it. Raises ValueError."""
    head = bytes(data[: _DIGITS + 1])
    digits, colon, _ = head.partition(b":")
    if not colon or not digits.isdigit():
        raise ValueError("no length where a value should begin")
    start, size = len(digits) + 1, int(digits)
    if start + size >= len(data):
        raise ValueError("a value is longer than what holds it")
    payload, kind = data[start : start + size], bytes(data[start + size : start + size + 1])
    return _value(payload, kind, depth), data[start + size + 1 :]


def _value(payload: memoryview, kind: bytes, depth: int) -> Any:
    if kind == b",":
        return bytes(payload)
    if kind == b";":
        return bytes(payload).decode("utf-8", "surrogateescape")
    if kind == b"~":
        return None
    if kind == b"!":
        return bytes(payload) == b"true"
    if kind in (b"#", b"^"):
        if len(payload) > _LONGEST_NUMBER:
            raise ValueError("a number of too many digits")
        text = bytes(payload).decode("ascii", "replace")
        return int(text) if kind == b"#" else float(text)
    if depth >= DEEPEST:
        raise ValueError("nested too deeply")
    if kind == b"]":
        items = []
        while payload:
            item, payload = _parse(payload, depth + 1)
            items.append(item)
        return items
    if kind == b"}":
        found: dict[str, Any] = {}
        while payload:
            key, payload = _parse(payload, depth + 1)
            if not payload:
                raise ValueError("a key without a value")
            value, payload = _parse(payload, depth + 1)
            found[key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)] = value
        return found
    raise ValueError(f"a value of the unknown type {kind!r}")
