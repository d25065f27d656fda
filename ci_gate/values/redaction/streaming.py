"""Redaction of bodies too large to be held: windows that overlap.

What leaves the window has been looked at together with the 64 KB behind it, so a secret of up to
that length is found wherever the sender cut the body. A longer match cannot be promised. Nothing
leaves early: the last 64 KB wait for more data or for the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ci_gate.values.redaction.found import Found

OVERLAP = 64 << 10
_STEP = 256 << 10
"""Bytes gathered before a window is looked at, so that overlaps are not looked at over and over."""
_CONTEXT = 64
"""Bytes already written that stay in sight: a word must not begin where a window does."""
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""What no text holds."""
_BY_CHANCE = frozenset("email card iban ipv4 ipv6 mac national-id ssn nino phone".split())
_BREAK = re.compile(rb"[\s\"'<>{}\[\](),;&]")


def _is_chance(window: bytes, found: Found) -> bool:
    """Random bytes hold what looks like an e-mail address in every 50 KB; to replace it would
    damage a picture or an archive. A real one stands among text."""
    begin, end = max(0, found.start - _CONTEXT), found.end + _CONTEXT
    return found.kind in _BY_CHANCE and _BINARY.search(window, begin, end) is not None


class RedactionStream:
    """Redacts one text-like body (UTF-8 or a charset that contains ASCII); `feed` it, then
    `finish`. `changed` says whether anything was replaced."""

    def __init__(
        self,
        find: Callable[[bytes], Iterator[Found]],
        replace: Callable[[Found], str],
    ) -> None:
        self._find = find
        self._replace = replace
        self._window = bytearray()
        self._done = 0
        """Bytes at the start of the window that were written already."""
        self.changed = False

    def feed(self, data: bytes) -> bytes:
        """Hear more of the body; returns what may be written now."""
        self._window += data
        if len(self._window) < self._done + OVERLAP + _STEP:
            return b""
        return self._advance(self._cut(len(self._window) - OVERLAP))

    def finish(self) -> bytes:
        """The rest of the body."""
        written = self._advance(len(self._window), last=True)
        self._window.clear()
        self._done = 0
        return written

    def _cut(self, limit: int) -> int:
        """Where to end: behind the last sign before `limit` that no secret contains, if one is near."""
        near = bytes(self._window[max(self._done, limit - OVERLAP) : limit])
        found = _BREAK.search(near[::-1])
        return limit if found is None else limit - found.start()

    def _advance(self, end: int, last: bool = False) -> bytes:
        window = bytes(self._window)
        pieces: list[bytes] = []
        position = self._done
        for found in self._find(window):
            if found.start < position or _is_chance(window, found):
                continue
            if found.start >= end:
                break
            if not last and found.end >= len(window) and found.start > self._done:
                # It may go on: wait for the rest, unless it has filled the whole window.
                end = found.start
                break
            new = self._replace(found).encode()
            if new != window[found.start : found.end]:
                self.changed = True
                pieces += (window[position : found.start], new)
                position = found.end
        end = max(end, position)
        pieces.append(window[position:end])
        keep = max(0, end - _CONTEXT)
        self._window = bytearray(window[keep:])
        self._done = end - keep
        return b"".join(pieces)
