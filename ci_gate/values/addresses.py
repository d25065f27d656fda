"""Our own addresses as names: `{service}` instead of 127.0.0.1:41327, so that ports may change.

A name stands for host and port only: `http://127.0.0.1:41327/x` is `http://{service}/x`. Where
the address is percent-encoded the braces are too (`%7Bservice%7D`), so that it comes back encoded.
What is literally `{service}` in the data is written `{{service}}`. An address that already stands
between braces stays as it is: its name could not be told from an escaped one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

_PORT = re.compile(r":\d+\Z")
# Before a host: not within a longer name, but a percent escape ends what came before it.
_BEFORE = rb"(?:(?<![A-Za-z0-9_.-])|(?<=%[0-9A-Fa-f][0-9A-Fa-f]))"
_AFTER_PORT = rb"(?![A-Za-z0-9_])"
# After a host without port: no longer name, no port of its own.
_AFTER_HOST = rb"(?![A-Za-z0-9_-]|\.[A-Za-z0-9]|:[0-9]|%3[Aa][0-9])"
_ESCAPE_BEFORE = re.compile(rb"%[0-9A-Fa-f][0-9A-Fa-f]\Z")


class Addresses:
    """`names` maps a name to the spellings of its address ("127.0.0.1:41327",
    "localhost:41327", "api.payments.example"); live data gets the first one."""

    def __init__(self, names: dict[str, tuple[str, ...]]) -> None:
        self._names = {name: spellings for name, spellings in names.items() if spellings}
        spelled = sorted(
            ((spelling, name) for name, all_ in self._names.items() for spelling in all_),
            key=_longest_first,
        )
        self._plain = _Style(spelled, self._names, percent=False)
        self._percent = _Style(spelled, self._names, percent=True)

    def to_names(self, data: bytes) -> bytes:
        """Every spelling of our addresses as its name, literal names escaped."""
        if not self._names:
            return data
        data = self._plain.to_names(data)
        # Also a host that is written alike in both styles is only coded after an escape.
        return self._percent.to_names(data) if b"%" in data else data

    def to_live(self, data: bytes) -> bytes:
        """The opposite of `to_names`, with the first spelling of each address."""
        if not self._names:
            return data
        # Most data has neither; looking for one byte is quicker than for every name.
        if b"{" in data:
            data = self._plain.to_live(data)
        return self._percent.to_live(data) if b"%7" in data else data


class _Style:
    """One way of writing addresses: as they are, or percent-encoded."""

    def __init__(
        self, spelled: list[tuple[str, str]], names: dict[str, tuple[str, ...]], percent: bool
    ) -> None:
        self._percent = percent
        self._write: Callable[[str], str] = _quoted if percent else str
        self._opening, self._closing = (b"%7B", b"%7D") if percent else (b"{", b"}")
        self._live = {name.encode(): self._write(all_[0]).encode() for name, all_ in names.items()}
        self._marks = [self._folded(self._opening + name) for name in self._live]
        self._names: dict[bytes, bytes] = {}
        patterns: list[bytes] = []
        for spelling, name in spelled:
            written = self._write(spelling).encode()
            if self._folded(written) not in self._names:
                self._names[self._folded(written)] = name.encode()
                patterns.append(_pattern(spelling, written))
        self._shortest = min(map(len, (*self._names, *self._marks)), default=0)
        opening, closing = (rb"%7[Bb]", rb"%7[Dd]") if percent else (rb"\{", rb"\}")
        words = rb"|".join(map(re.escape, sorted(self._live, key=len, reverse=True)))
        literal = rb"(?P<before>(?:" + opening + rb")+)(?P<name>" + words + rb")"
        literal += rb"(?P<after>(?:" + closing + rb")+)"
        self._literal = re.compile(literal)
        self._either = re.compile(literal + rb"|(?P<address>" + rb"|".join(patterns) + rb")")

    def to_names(self, data: bytes) -> bytes:
        # Looked for first: nothing is done to data that holds none of them.
        if len(data) < self._shortest:
            return data
        folded = self._folded(data)
        if not self._mentions(folded) and not any(map(folded.__contains__, self._names)):
            return data
        return self._either.sub(self._named, data)

    def to_live(self, data: bytes) -> bytes:
        if not self._mentions(self._folded(data)):
            return data
        return self._literal.sub(self._lived, data)

    def _folded(self, data: bytes) -> bytes:
        """Percent escapes may be written in either case."""
        return data.lower() if self._percent else data

    def _mentions(self, folded: bytes) -> bool:
        return self._folded(self._opening) in folded and any(mark in folded for mark in self._marks)

    def _named(self, found: re.Match[bytes]) -> bytes:
        address = found["address"]
        if address is None:
            size = len(self._opening)
            before, after = found["before"], found["after"]
            return before[:size] + before + found["name"] + after + after[-size:]
        data, start, end = found.string, found.start(), found.end()
        if self._is_other_style(data, start, address) or self._stands_in_braces(data, start, end):
            return address
        opening, closing = self._opening, self._closing
        if self._percent and b"%3a" in address:
            opening, closing = opening.lower(), closing.lower()
        return opening + self._names[self._folded(address)] + closing

    def _is_other_style(self, data: bytes, start: int, address: bytes) -> bool:
        """A host without port looks the same in both styles; what precedes it decides."""
        if b":" in address or b"%" in address:
            return False
        return (_ESCAPE_BEFORE.search(data[max(0, start - 3) : start]) is not None) != self._percent

    def _stands_in_braces(self, data: bytes, start: int, end: int) -> bool:
        size = len(self._opening)
        before, after = data[max(0, start - size) : start], data[end : end + size]
        return before.upper() == self._opening and after.upper() == self._closing

    def _lived(self, found: re.Match[bytes]) -> bytes:
        size = len(self._opening)
        before, after = found["before"], found["after"]
        if len(before) > size and len(after) > size:
            return before[size:] + found["name"] + after[:-size]
        live = self._live[found["name"]]
        if before[-size:] == b"%7b":
            live = _lower_escapes(live)
        return before[:-size] + live + after[size:]


def _quoted(spelling: str) -> str:
    return quote(spelling, safe="")


def _longest_first(pair: tuple[str, str]) -> int:
    return -len(pair[0])


def _pattern(spelling: str, written: bytes) -> bytes:
    # Escapes of one address are all in one case, so that they come back as they were.
    lower = _lower_escapes(written)
    literal = re.escape(written) + (rb"|" + re.escape(lower) if lower != written else b"")
    return (
        _BEFORE
        + rb"(?:"
        + literal
        + rb")"
        + (_AFTER_PORT if _PORT.search(spelling) else _AFTER_HOST)
    )


def _lower_escapes(data: bytes) -> bytes:
    return re.sub(rb"%[0-9A-F]{2}", lambda escape: escape[0].lower(), data)
