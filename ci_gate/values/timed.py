"""Tokens that carry the time they were made at: two of them are equal when they were made in the
same second, and what that second is, chance decides.

Known are JSON Web Tokens with a time, and texts of which one segment is a time: in digits (Tornado),
in base64 as four bytes (itsdangerous, which Flask signs cookies and forms with) or in base62
(Django).
"""

from __future__ import annotations

import functools
import json
import re
from base64 import urlsafe_b64decode

_FIRST, _LAST = 1_420_070_400, 2_208_988_800
"""2015-01-01 and 2040-01-01: a narrow window, because four bytes by chance are a time now and then."""
_SHORTEST, _LONGEST = 16, 1 << 14
_SEGMENTS = re.compile(r"[.|:!]")
_DIGITS = re.compile(r"\d{10}(?:\d{3})?")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CLAIMS = ("iat", "exp", "nbf")


@functools.lru_cache(maxsize=4096)
def carries_time(text: str) -> bool:
    """True for a token that says when it was made."""
    if not _SHORTEST <= len(text) <= _LONGEST or not text.isascii():
        return False
    segments = _SEGMENTS.split(text)
    if len(segments) < 3:
        return False
    if len(segments) == 3 and text.startswith("eyJ") and _has_claim(segments[1]):
        return True
    return any(map(_is_time, segments[1:]))


def _is_time(segment: str) -> bool:
    if _DIGITS.fullmatch(segment):
        return _FIRST <= int(segment[:10]) < _LAST
    if len(segment) != 6 or not set(segment) <= {*_BASE62, "-", "_"}:
        return False
    number = int.from_bytes(urlsafe_b64decode(segment + "=="), "big")
    return _FIRST <= number < _LAST or _FIRST <= _base62(segment) < _LAST


def _base62(segment: str) -> int:
    number = 0
    for sign in segment:
        at = _BASE62.find(sign)
        if at < 0:
            return 0
        number = number * 62 + at
    return number


def _has_claim(payload: str) -> bool:
    try:
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return False
    return isinstance(claims, dict) and any(isinstance(claims.get(one), int) for one in _CLAIMS)
