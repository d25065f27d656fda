"""Alphabets of tokens drawn at random, and when texts look drawn at random."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

_ALPHABETS: dict[str, tuple[re.Pattern[str], float]] = {
    "digits": (re.compile(r"[0-9]+"), 3.3),
    "hex": (re.compile(r"[0-9a-f]+"), 4.0),
    "HEX": (re.compile(r"[0-9A-F]+"), 4.0),
    "base36": (re.compile(r"[0-9a-z]+"), 5.1),
    "BASE36": (re.compile(r"[0-9A-Z]+"), 5.1),
    "base64": (re.compile(r"[A-Za-z0-9+/_-]+={0,2}"), 6.0),
    "token": (re.compile(r"[A-Za-z0-9+/_.~:|!=-]+"), 6.0),
}
"""Name -> (its texts, bits a character), the narrowest first. Mixed case counts as base64 even
where no sign was seen: of a few dozen characters often none is one."""

BITS = 24
"""A text of fewer bits, by its length and alphabet, is too short to be told from a word."""
_PAIRS = 10


def narrowest(texts: Sequence[str]) -> str:
    """The name of the narrowest alphabet of all the texts, "" when there is none."""
    for name, (pattern, _) in _ALPHABETS.items():
        if all(pattern.fullmatch(text) for text in texts):
            return name
    return ""


def is_of(text: str, alphabet: str) -> bool:
    """True when a text is of that alphabet (False for one we do not know)."""
    known = _ALPHABETS.get(alphabet)
    return known is not None and known[0].fullmatch(text) is not None


def bits(text: str) -> float:
    """How much a text could tell at most: its length times the bits of its alphabet; 0 when it
    is of none."""
    name = narrowest((text,))
    return len(text) * _ALPHABETS[name][1] if name else 0.0


def look_random(texts: Sequence[str], alphabet: str) -> bool:
    """True when texts of one alphabet look drawn at random: all different, and what is left
    without their common beginning and end is long enough, differs everywhere, and is no words.

    Words are letters alone; random texts of the shortest kind have a digit among three samples
    nearly always (letters and digits: all but one time in a thousand).
    """
    if len(set(texts)) < len(texts):
        return False
    before = common_prefix(texts)
    rest = [text[before:] for text in texts]
    after = common_prefix([text[::-1] for text in rest])
    cores = [text[: len(text) - after] for text in rest]
    if min(map(len, cores)) * _ALPHABETS[alphabet][1] < BITS:
        return False
    if alphabet != "digits" and not any(sign.isdigit() for text in cores for sign in text):
        return False
    return differ(cores)


def differ(texts: Sequence[str]) -> bool:
    """True when any two of the texts differ in at least half of their characters."""
    pairs = itertools.islice(itertools.combinations(texts, 2), _PAIRS)
    return all(_differ(one, other) for one, other in pairs)


def common_prefix(texts: Sequence[str]) -> int:
    """The number of characters with which all the texts begin."""
    least, most = min(texts), max(texts)
    for index, sign in enumerate(least):
        if sign != most[index]:
            return index
    return len(least)


def _differ(one: str, other: str) -> bool:
    size = min(len(one), len(other))
    same = sum(a == b for a, b in zip(one, other, strict=False))
    return 2 * same <= size
