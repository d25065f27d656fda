"""Telephone numbers: what counts as one, and their stand-ins.

A stand-in keeps country code and grouping, and its national part begins with 000, which is assigned
nowhere (ITU-T E.164 knows no national number that begins so). Bare digits have no such sign: they
get a number of sixteen digits that carries its check.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"\+?[0-9(][0-9 ()./\-]{4,22}[0-9]")
_FOREIGN = re.compile(r"\+[1-9][0-9 ()./\-]*")
_CPF = re.compile(r"\d{3}\.\d{3}\.\d{3}-\d{2}")
"""A Brazilian id may begin with zeros; no telephone number is grouped so."""
_TWO = frozenset(
    """20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64
    65 66 81 82 84 86 90 91 92 93 94 95 98""".split()
)
"""Country codes of two digits; +1 and +7 have one, all others three (ITU-T E.164)."""
_LEAST = 10
"""National digits that a stand-in has at least."""


def is_phone(text: str) -> bool:
    """True for 7 to 15 digits in groups or plainly, with or without +; no date, no version."""
    if not text.isascii() or _NUMBER.fullmatch(text) is None:
        return False
    digits = _digits(text)
    return 7 <= len(digits) <= 15 and len(set(digits)) > 2


def is_foreign(text: str) -> bool:
    """True for a number in international form, told by its + alone."""
    if _FOREIGN.fullmatch(text) is None or text.count(".") == 1:
        return False
    return 8 <= len(_digits(text)) <= 15 and is_phone(text)


def has_groups(text: str) -> bool:
    """True for a number that is more than digits."""
    return not text.isdigit()


def phone_stand_in(text: str, seed: bytes) -> str:
    """A number of the same form for one with + or groups; of 32 bytes of seed."""
    digits = _digits(text)
    code = _code(digits) if text.startswith("+") else 0
    size = max(len(digits) - code, _LEAST)
    identity = str(int.from_bytes(seed, "big") % 10 ** (size - 3)).zfill(size - 3)
    new = iter(digits[:code] + "000" + identity)
    written = "".join(next(new) if sign.isdigit() else sign for sign in text)
    return written + "".join(new)


def is_phone_stand_in(text: str) -> bool:
    """True for what `phone_stand_in` makes."""
    if not has_groups(text) or _NUMBER.fullmatch(text) is None or _CPF.fullmatch(text):
        return False
    digits = _digits(text)
    national = digits[_code(digits) :] if text.startswith("+") else digits
    return national.startswith("000") and _LEAST <= len(national) <= 15


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())


def _code(digits: str) -> int:
    return 1 if digits[0] in "17" else 2 if digits[:2] in _TWO else 3
