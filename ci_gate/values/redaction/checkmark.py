"""The check that makes a stand-in recognisable without a key.

The last letters and digits of a stand-in are a checksum over those before them, written in the
alphabet of the value they stand for. Chance passes it about once in ten million values.
"""

from __future__ import annotations

import hashlib
import re

SHORTEST = 12
"""Letters and digits that a stand-in has at least."""
CHECK = 6
DIGITS_CHECK = 7
_NOT_ALNUM = re.compile(r"[^A-Za-z0-9]+")
_TO_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def core(text: str) -> str:
    """The ASCII letters and digits of a text."""
    return text if text.isalnum() and text.isascii() else _NOT_ALNUM.sub("", text)


def _number(checked: str) -> int:
    digest = hashlib.sha256(b"ci-gate stand-in:" + checked.encode("ascii")).digest()
    return int.from_bytes(digest[:8], "big")


def check_hex(checked: str) -> str:
    """Six hexadecimal digits."""
    return f"{_number(checked) & 0xFFFFFF:06x}"


def check_letters(checked: str) -> str:
    """The same as six letters a to p."""
    return check_hex(checked).translate(_TO_LETTERS)


def check_digits(checked: str, size: int = DIGITS_CHECK) -> str:
    """The same as decimal digits."""
    return f"{_number(checked) % 10**size:0{size}d}"


def has_check(text: str) -> bool:
    """True when the letters and digits of `text` end in their own check."""
    letters = core(text)
    if len(letters) < SHORTEST:
        return False
    tail = letters[-CHECK:].lower()
    expected = check_hex(letters[:-CHECK])
    if tail == expected or tail == expected.translate(_TO_LETTERS):
        return True
    return letters.isdigit() and letters[-DIGITS_CHECK:] == check_digits(letters[:-DIGITS_CHECK])
