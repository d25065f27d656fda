"""RESP, the Redis serialization protocol, versions 2 and 3: where a value ends, and what it says.

Source: "Redis serialization protocol specification" (redis.io) and the RESP3 specification by
S. Sanfilippo. Streamed strings and aggregates (`$?`, `*?`), which no Redis sends, are refused.
"""

from __future__ import annotations

import msgspec

LIMIT = 64 << 20
"""Bytes of one value; a connection that says a longer one is not followed any further."""
LINE_LIMIT = 64 << 10
"""Bytes of one line: an inline command, an error text, a length."""
DEPTH_LIMIT = 32
"""How deep aggregates may be nested."""
COUNT_LIMIT = 1 << 24
"""Elements of one aggregate."""

_STRINGS = b"$!="
_AGGREGATES = {ord("*"): 1, ord("~"): 1, ord(">"): 1, ord("%"): 2, ord("|"): 2}
"""Type byte -> values for each unit of its count."""
_SCALARS = b"+-:_#,("
_TYPES = frozenset(_STRINGS + _SCALARS) | _AGGREGATES.keys()


class Malformed(Exception):
    """The peer says what is not RESP; the text is one line for the summary."""


class Typed(msgspec.Struct, frozen=True, gc=False):
    """A value of any type that plain Python values do not stand for.

    `kind` is the type's first byte: "+" simple string, "-" error, "!" blob error, "=" verbatim
    string, "," double and "(" big number (`value`: bytes as they came); "#" boolean (bool); "%" map
    (list of names and values in turn), "~" set and ">" push (lists); "|" attribute (the list, then
    the value it belongs to); "_" RESP3's null; "*" RESP2's null array (None).
    """

    kind: str
    value: object = None


Value = bytes | int | list[object] | Typed | None
"""bytes: bulk string; int: integer; list: array; None: RESP2's null bulk string."""


class Reader:
    """Cuts what one side says into whole values, without looking into them.

    `inline`: a line that is no array is an inline command (what people type into telnet).
    """

    __slots__ = ("_data", "_inline", "_later", "_left", "_needed", "_position")

    def __init__(self, *, inline: bool) -> None:
        self._inline = inline
        self._data = b""
        """What was heard of the value that is not whole yet."""
        self._position = 0
        """How much of `_data` is understood."""
        self._left = 1
        """Values still to come, as far as is known, before that value is whole."""
        self._needed = 0
        """Bytes of it below which nothing more can be understood."""
        self._later: list[bytes] = []
        """What was heard meanwhile: it is joined once for a long string, not at every read."""

    @property
    def at_rest(self) -> bool:
        """Nothing is half said."""
        return not self._data

    def feed(self, data: bytes) -> list[bytes]:
        """The values that are whole now, as bytes. Raises Malformed."""
        if self._data:
            self._later.append(data)
            if len(self._data) + sum(map(len, self._later)) < self._needed:
                return []
            data = b"".join((self._data, *self._later))
            self._later.clear()
        found: list[bytes] = []
        while data and self._scan(data):
            found.append(data[: self._position])
            data = data[self._position :]
            self._position, self._left, self._needed = 0, 1, 0
        self._data = data
        return found

    def _scan(self, data: bytes) -> bool:
        """Understand as much of a value as is there; True when it is whole: up to `_position`."""
        if self._inline and not self._position and data[0] != ord("*"):
            self._position = _line(data, 0, b"\n") + 1
            return self._position > 0
        while self._left:
            position = self._position
            end = _line(data, position, b"\r\n")
            if end < 0:
                self._needed = len(data) + 1
                return False
            kind, after = data[position], end + 2
            if kind not in _TYPES:
                raise Malformed(f"{data[position : position + 1]!r} begins no RESP value")
            if kind in _STRINGS:
                size = _count(data, position, end)
                if size > LIMIT:
                    raise Malformed(f"a string of more than {LIMIT} bytes")
                if size >= 0:
                    after += size + 2
                if len(data) < after:
                    self._needed = after
                    return False
                if data[after - 2 : after] != b"\r\n":
                    raise Malformed("a string is longer than its length says")
            elif kind in _AGGREGATES:
                # An attribute is not a value of its own: what it belongs to follows it.
                self._left += max(_count(data, position, end), 0) * _AGGREGATES[kind]
                self._left += kind == ord("|")
            self._left -= 1
            self._position = after
            if after > LIMIT:
                raise Malformed(f"a value of more than {LIMIT} bytes")
        return True


def _line(data: bytes, position: int, end: bytes) -> int:
    """Where the line at `position` ends, or -1 when its end has not come."""
    found = data.find(end, position, position + LINE_LIMIT)
    if found < 0 and len(data) - position >= LINE_LIMIT:
        raise Malformed("a line that does not end")
    return found


def _count(data: bytes, position: int, end: int) -> int:
    text = data[position + 1 : end]
    digits = text.removeprefix(b"-")
    if not digits.isdigit() or len(digits) > 10:
        raise Malformed(f"{text[:20]!r} is no length")
    count = int(text)
    if count > COUNT_LIMIT and data[position] in _AGGREGATES:
        raise Malformed(f"an aggregate of more than {COUNT_LIMIT} values")
    return count


def parse(data: bytes) -> Value:
    """What a whole value (as `Reader` cut it) says. Raises Malformed."""
    value, _ = _parse(data, 0, 0)
    return value


def _parse(data: bytes, position: int, depth: int) -> tuple[Value, int]:
    end = data.find(b"\r\n", position)
    if end < 0:
        raise Malformed("a value is cut off")
    kind = data[position : position + 1]
    text = data[position + 1 : end]
    after = end + 2
    if kind in (b"$", b"!", b"="):
        size = _count(data, position, end)
        if size < 0:
            return None, after
        string = data[after : after + size]
        return (string if kind == b"$" else Typed(kind.decode(), string)), after + size + 2
    if kind == b":":
        try:
            return int(text), after
        except ValueError as error:
            raise Malformed(f"{text[:20]!r} is no integer") from error
    if kind == b"#":
        return Typed("#", text == b"t"), after
    if kind == b"_":
        return Typed("_"), after
    if data[position] in _AGGREGATES:
        return _parse_aggregate(data, position, after, depth)
    if kind and kind in b"+-,(":
        return Typed(kind.decode(), text), after
    raise Malformed(f"{kind!r} begins no RESP value")


def _parse_aggregate(data: bytes, position: int, after: int, depth: int) -> tuple[Value, int]:
    if depth >= DEPTH_LIMIT:
        raise Malformed(f"values nested more than {DEPTH_LIMIT} deep")
    kind = chr(data[position])
    count = _count(data, position, after - 2)
    if count < 0:
        return Typed("*"), after
    items: list[object] = []
    for _ in range(count * _AGGREGATES[data[position]]):
        item, after = _parse(data, after, depth + 1)
        items.append(item)
    if kind == "|":
        value, after = _parse(data, after, depth + 1)
        return Typed("|", [items, value]), after
    return (items if kind == "*" else Typed(kind, items)), after


def dump(value: object) -> bytes:
    """A value as bytes: the inverse of `parse`, in the one canonical spelling."""
    out: list[bytes] = []
    _dump(value, out)
    return b"".join(out)


def _dump(value: object, out: list[bytes]) -> None:
    if isinstance(value, bytes):
        out.append(b"$%d\r\n%b\r\n" % (len(value), value))
    elif value is None:
        out.append(b"$-1\r\n")
    elif isinstance(value, int):
        out.append(b":%d\r\n" % value)
    elif isinstance(value, list):
        _dump_items("*", value, len(value), out)
    else:
        assert isinstance(value, Typed)
        _dump_typed(value, out)


def _dump_typed(typed: Typed, out: list[bytes]) -> None:
    kind, value = typed.kind, typed.value
    if isinstance(value, bool):
        out.append(b"#t\r\n" if value else b"#f\r\n")
    elif value is None:
        out.append(b"*-1\r\n" if kind == "*" else b"_\r\n")
    elif kind in "!=":
        assert isinstance(value, bytes)
        out.append(b"%b%d\r\n%b\r\n" % (kind.encode(), len(value), value))
    elif isinstance(value, bytes):
        # What is said on one line cannot hold the end of one.
        line = value.replace(b"\r", b" ").replace(b"\n", b" ")
        out.append(b"%b%b\r\n" % (kind.encode(), line))
    elif kind == "|":
        assert isinstance(value, list)
        _dump_items("|", value[0], len(value[0]) // 2, out)
        _dump(value[1], out)
    else:
        assert isinstance(value, list)
        _dump_items(kind, value, len(value) // 2 if kind == "%" else len(value), out)


def _dump_items(kind: str, items: list[object], count: int, out: list[bytes]) -> None:
    out.append(b"%b%d\r\n" % (kind.encode(), count))
    for item in items:
        _dump(item, out)


def error_line(text: str) -> bytes:
    """An error reply."""
    line = text.replace("\r", " ").replace("\n", " ").encode()
    return b"-ERR %b\r\n" % line


def command(args: tuple[bytes, ...]) -> bytes:
    """A command as clients send it: an array of bulk strings, its name in capitals."""
    name = args[0].upper() if args else b""
    return dump([name, *args[1:]])


def arguments(data: bytes) -> tuple[bytes, ...]:
    """The name (in capitals) and arguments of a command as it came, also inline; () for an empty
    line. Raises Malformed."""
    if not data.startswith(b"*"):
        words = data.split()
    else:
        value = parse(data)
        if not isinstance(value, list) or not all(isinstance(one, bytes) for one in value):
            raise Malformed("a command is an array of bulk strings")
        words = [one for one in value if isinstance(one, bytes)]
    return (words[0].upper(), *words[1:]) if words else ()
