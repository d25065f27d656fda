"""Two texts that were redacted under different keys: which stand-in of one is which of the other."""

from __future__ import annotations

import binascii
import json
import re
import zlib
from base64 import urlsafe_b64decode

from ci_gate.diff.findings import stand_in_pairs
from ci_gate.values.redaction.standins import is_stand_in

Pairs = list[tuple[str, str]]
_WORDS = re.compile(r"(\s+)")
_SIGNS = re.compile(r"([\s@:/?&=;,\"'<>{}()\[\]]+)")
"""What stands between the parts of a URL, of a connection string, of a form."""
_EDGES = ".,;:!?()[]{}<>\"'"
_LONGEST = 1 << 16
_MOST = 1 << 20
"""Bytes of what was packed."""
_WINDOW = 6
"""Words of a stand-in: a phone number in groups, a name, a street."""
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")


def pairs(old: str, new: str) -> Pairs | None:
    """(old stand-in, new one) wherever the texts differ; None when they differ in anything else."""
    if old == new:
        return []
    if max(len(old), len(new)) > _LONGEST:
        return None
    found = [(one, other) for _, one, other in stand_in_pairs(old, new)]
    if found:
        return (
            found if all(is_stand_in(one) == is_stand_in(other) for one, other in found) else None
        )
    inner = _inside(old, new)
    if inner:
        return inner
    told = (_by_words(words.split(old), words.split(new)) for words in (_WORDS, _SIGNS))
    return next((one for one in told if one), None)


def _by_words(old: list[str], new: list[str]) -> Pairs | None:
    """Word for word; a stand-in may be several."""
    if len(old) != len(new):
        return None
    found: Pairs = []
    at = done = 0
    while at < len(old):
        if old[at] == new[at]:
            at += 1
            continue
        pair = _around(old, new, at, done)
        if pair is None:
            return None
        more, at = pair
        found += more
        done = at
    return found


def _around(old: list[str], new: list[str], at: int, done: int) -> tuple[Pairs, int] | None:
    """What stands for what around a word that differs, and where it ends."""
    inner = _inside(old[at].strip(_EDGES), new[at].strip(_EDGES))
    if inner:
        return inner, at + 1
    for start in range(at, max(done, at - 2 * _WINDOW) - 1, -1):
        for end in range(at + 1, min(len(old), at + 2 * _WINDOW) + 1):
            one = "".join(old[start:end]).strip(_EDGES)
            other = "".join(new[start:end]).strip(_EDGES)
            kind = is_stand_in(one)
            if kind and kind == is_stand_in(other):
                return [(one, other)], end
    return None


def _inside(old: str, new: str) -> Pairs | None:
    """The pairs inside of JSON in base64, packed or not; None for anything else."""
    one, other = _opened(old), _opened(new)
    if one is None or other is None:
        return None
    found: Pairs = []
    left = [(one, other)]
    while left:
        before, after = left.pop()
        if isinstance(before, dict) and isinstance(after, dict) and list(before) == list(after):
            left += zip(before.values(), after.values(), strict=True)
        elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
            left += zip(before, after, strict=True)
        elif isinstance(before, str) and isinstance(after, str):
            more = pairs(before, after)
            if more is None:
                return None
            found += more
        elif before != after:
            return None
    return found


def _opened(text: str) -> object:
    """What base64 wraps, when that is JSON with something inside of it."""
    if not _ENCODED.fullmatch(text):
        return None
    bare = text.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        data = urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
        if data[:2] == b"\x1f\x8b":
            data = zlib.decompressobj(wbits=31).decompress(data, _MOST)
        found = json.loads(data)
    except (binascii.Error, ValueError, zlib.error, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None
