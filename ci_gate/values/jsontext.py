"""JSON as bytes with positions: where each leaf lies, so that one can be changed and the rest kept.

The standard parser forgets whitespace, duplicate keys, number lexemes and escapes; comparing,
redaction and replay may not. Here one regular expression reads one member with what follows
it, and an explicit stack replaces recursion (RFC 8259; nesting limited to `DEPTH`).
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Sequence
from typing import NamedTuple

DEPTH = 200
"""Deepest nesting that is read as JSON; anything deeper is text."""
_LONGEST_NUMBER = 400

# Characters are repeated possessively, groups never: up to Python 3.11.4 such a group keeps what it
# has read of a repetition that fails.
_SPACE = rb"[ \t\n\r]*+"
_STRING = rb'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*"'
_NUMBER = rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
_VALUE = (
    rb"(?:("
    + _STRING
    + rb")|("
    + _NUMBER
    + rb")|(true|false|null)|([\[{]))"
    + _SPACE
    + rb"([,\]}])?"
)
# Groups of both: string, number, literal, opening bracket, what follows. A member has its key first.
_ITEM = re.compile(_SPACE + _VALUE)
_MEMBER = re.compile(_SPACE + rb"(" + _STRING + rb")" + _SPACE + rb":" + _SPACE + _VALUE)
# Scalar members up to the next one of interest, at the speed of the expression engine.
_BORING = re.compile(
    rb"(?:"
    + _SPACE
    + _STRING
    + _SPACE
    + rb":"
    + _SPACE
    + rb"(?:"
    + _STRING
    + rb"|"
    + _NUMBER
    + rb"|true|false|null)"
    + _SPACE
    + rb",)*"
)
_AFTER = re.compile(_SPACE + rb"([,\]}])")
_CLOSE = re.compile(_SPACE + rb"([\]}])")
_REST = re.compile(_SPACE)
_SURROGATE = re.compile("[\ud800-\udfff]")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

_LITERALS: dict[bytes, bool | None] = {b"true": True, b"false": False, b"null": None}
_STEPS: dict[bytes, tuple[str, str]] = {}
"""Key lexeme -> (step of a place, key); bounded, because keys repeat and are cheap to keep."""


class JsonLeaf(NamedTuple):
    """One scalar of a JSON text. `place` starts with the given root; `key` is the nearest key.

    `start` and `end` are byte offsets of the lexeme, quotes included.
    """

    place: str
    key: str
    value: str | int | float | bool | None
    start: int
    end: int


def step(name: str) -> str:
    """One step of a place: `.name`, or `["na me"]` for a name that is not plain."""
    return _short_step(name) if len(name) < 64 else _step(name)


def _step(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name):
        return "." + name
    quoted = json.dumps(name, ensure_ascii=False)
    return "[" + _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted) + "]"


_short_step = functools.lru_cache(maxsize=4096)(_step)


def json_leaves(
    data: bytes, root: str = "$", spans: Sequence[tuple[int, int]] | None = None
) -> list[JsonLeaf] | None:
    """The scalars of a JSON text in order, duplicates included; None when it is not JSON (also
    when it is deeper than `DEPTH`, is not UTF-8, or holds a number of over 400 characters).

    With `spans` (start, end; in order) only the scalars that these touch, key included, and all
    inside a container whose key is touched. That is several times faster.
    """
    try:
        data.decode()
    except UnicodeDecodeError:
        return None
    return _Scan(data, root, spans).run()


class _Scan:
    """One pass over one text; `path`, `index` and `key` describe the innermost container."""

    def __init__(
        self, data: bytes, root: str, spans: Sequence[tuple[int, int]] | None = None
    ) -> None:
        self.data = data
        self.spans = iter(spans or ())
        self.begin, self.to = (-1, 0) if spans is None else next(self.spans, (len(data), 0))
        """The next span of interest; a start of -1 = everything is."""
        self.all = spans is None
        """True: everything in the innermost container is of interest."""
        self.leaves: list[JsonLeaf] = []
        self.path = root
        self.key = ""
        self.index = -2
        """Next index of an array, -1 inside an object, -2 outside everything."""
        self.stack: list[tuple[str, str, int, bool]] = []

    def run(self) -> list[JsonLeaf] | None:
        data = self.data
        position = 3 if data.startswith(b"\xef\xbb\xbf") else 0
        found = _ITEM.match(data, position)
        if found is None:
            return None
        opening = found[4]
        if opening is None:
            if found[5] or not self._leaf(found, 0, self.path, ""):
                return None
            end = found.end()
        else:
            end = self._containers(found)
        rest = _REST.match(data, end) if end >= 0 else None
        return self.leaves if rest is not None and rest.end() == len(data) else None

    def _containers(self, first: re.Match[bytes]) -> int:
        """Read from the outermost bracket to its end; the position after it, -1 = not JSON."""
        data, member, item, boring = self.data, _MEMBER.match, _ITEM.match, _BORING.match
        position = self._open(first[4] == b"{", first.end(4), self.path, "", self.all)
        while position >= 0 and self.stack:
            in_object = self.index == -1
            if in_object and not self.all:
                position = boring(data, position, max(self.begin, position)).end()  # type: ignore[union-attr]  # matches nothing at worst
            found = member(data, position) if in_object else item(data, position)
            if found is None:
                return -1
            if in_object:
                name, key = _step_of(found[1])
                place, shift = self.path + name, 1
            else:
                place, key, shift = f"{self.path}[{self.index}]", self.key, 0
                self.index += 1
            wanted = self.all or self._wanted(*found.span())
            opening = found[4 + shift]
            if opening is not None:
                position = self._open(opening == b"{", found.end(4 + shift), place, key, wanted)
                continue
            if wanted and not self._leaf(found, shift, place, key):
                return -1
            position = self._after(found[5 + shift], found.end())
        return position

    def _wanted(self, start: int, end: int) -> bool:
        while self.to <= start and self.begin < len(self.data):
            self.begin, self.to = next(self.spans, (len(self.data), 0))
        return self.begin < end

    def _open(self, is_object: bool, position: int, place: str, key: str, wanted: bool) -> int:
        if len(self.stack) >= DEPTH:
            return -1
        self.stack.append((self.path, self.key, self.index, self.all))
        self.path, self.key, self.index = place, key, (-1 if is_object else 0)
        self.all = wanted
        closing = _CLOSE.match(self.data, position)
        return position if closing is None else self._after(closing[1], closing.end())

    def _after(self, sign: bytes | None, position: int) -> int:
        """Go past what follows a value: a comma, or as many closing brackets as there are."""
        while sign != b",":
            if sign is None or (sign == b"}") != (self.index == -1):
                return -1
            self.path, self.key, self.index, self.all = self.stack.pop()
            if not self.stack:
                return position
            found = _AFTER.match(self.data, position)
            if found is None:
                return -1
            sign, position = found[1], found.end()
        return position

    def _leaf(self, found: re.Match[bytes], shift: int, place: str, key: str) -> bool:
        group = shift + 1
        lexeme = found[group]
        value: str | int | float | bool | None
        if lexeme is not None:
            value = _string(lexeme)
        elif (lexeme := found[group + 1]) is not None:
            group += 1
            if len(lexeme) > _LONGEST_NUMBER:
                return False
            value = _number(lexeme)
        else:
            group += 2
            value = _LITERALS[found[group]]
        start, end = found.span(group)
        self.leaves.append(JsonLeaf(place, key, value, start, end))
        return True


def _step_of(lexeme: bytes) -> tuple[str, str]:
    known = _STEPS.get(lexeme)
    if known is None:
        key = _string(lexeme)
        known = (step(key), key)
        if len(_STEPS) < 4096 and len(lexeme) < 64:
            _STEPS[lexeme] = known
    return known


def _string(lexeme: bytes) -> str:
    if b"\\" in lexeme:
        text: str = json.loads(lexeme)
        return text
    return lexeme[1:-1].decode()


def _number(lexeme: bytes) -> int | float:
    try:
        return int(lexeme)
    except ValueError:
        return float(lexeme)


def is_number(text: str) -> bool:
    """True when `text` is a JSON number as it stands."""
    return re.fullmatch(_NUMBER, text.encode("utf-8", "replace")) is not None


def string_lexeme(text: str, like: bytes) -> bytes:
    """`text` as a JSON string, escaped as the lexeme `like` was: ASCII only when that was ASCII,
    `\\/` when it had that."""
    ascii_only = like.isascii()
    quoted = json.dumps(text, ensure_ascii=ascii_only)
    if not ascii_only:
        quoted = _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
    if b"\\/" in like:
        quoted = quoted.replace("/", "\\/")
    return quoted.encode()
