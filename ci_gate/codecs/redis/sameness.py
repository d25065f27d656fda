"""Commands whose arguments may stand in any order, in one order.

Clients write maps and sets in the order in which their language happens to hold them, which in Go
and Java is another one in every process: `HSET key b 2 a 1` is `HSET key a 1 b 2`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ci_gate.codecs.redis.resp import Malformed, Reader, arguments, command

_UNORDERED = {
    b"HSET": (2, 2), b"HMSET": (2, 2), b"MSET": (1, 2), b"MSETNX": (1, 2), b"ZADD": (2, 2),
    b"SADD": (2, 1), b"SREM": (2, 1), b"HDEL": (2, 1), b"ZREM": (2, 1), b"PFADD": (2, 1),
    b"DEL": (1, 1), b"UNLINK": (1, 1), b"EXISTS": (1, 1), b"TOUCH": (1, 1),
}  # fmt: skip
"""Name -> index of the first argument that may change places, and how many belong together."""

_BEGINS = re.compile(rb"\*\d+\r\n\$\d+\r\n(\w+)\r\n")
_OPTIONS = frozenset((b"NX", b"XX", b"GT", b"LT", b"CH", b"INCR"))
"""What stands between the key and the scores of ZADD."""


def in_one_order(body: bytes) -> bytes:
    """The commands with those arguments in one order, whose order says nothing."""
    begins = _BEGINS.match(body)
    name = begins[1] if begins else b""
    if name not in _UNORDERED and name != b"MULTI":
        return body
    reader = Reader(inline=False)
    try:
        heard = [arguments(one) for one in reader.feed(body)]
    except Malformed:
        return body
    if not reader.at_rest:
        return body
    return b"".join(command(tuple(_sorted(args))) for args in heard)


def _sorted(args: Sequence[bytes]) -> Sequence[bytes]:
    known = _UNORDERED.get(args[0]) if args else None
    if known is None:
        return args
    first, size = known
    if args[0] == b"ZADD":
        while first < len(args) and args[first].upper() in _OPTIONS:
            first += 1
    groups = [tuple(args[index : index + size]) for index in range(first, len(args), size)]
    named = 1 if args[0] == b"ZADD" else 0
    if any(len(one) < size for one in groups) or (
        size > 1 and len({one[named] for one in groups}) < len(groups)
    ):
        return args  # wrong, or one name twice: then the last one counts
    return [*args[:first], *(one for group in sorted(groups) for one in group)]
