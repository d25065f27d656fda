"""Stand-ins of what is a person's: names, addresses, days of birth, coordinates.

Names and addresses word by word, so that a first and a last name put together are the stand-in of
the whole name: `Xkqpwnabcdef Rtzuivcdefga`. Each word of letters carries its own check. Days lie in
the years 1000 to 1799, coordinates within a kilometre of the pole.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import string

from ci_gate.values.redaction import checkmark

_WORD = re.compile(r"[^\W\d_]{2,}")
_NUMBER = re.compile(r"\d+")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_DAY = re.compile(r"(\d{4})([-/.])(\d\d?)([-/.])(\d\d?)|(\d\d?)([-/.])(\d\d?)([-/.])(\d{4})")
_OLD_DAY = re.compile(
    r"(?:1[0-7]\d\d([-/.])(?:0?\d|1[0-2])\1[0-3]?\d|[0-3]?\d([-/.])[0-3]?\d\2(1[0-7]\d\d))"
    r"(?:[T ]\d\d:.*)?"
)
_COORDINATE = re.compile(r"-?\d{1,3}\.\d+")
_SOUTH = re.compile(r"-89\.99\d{2,}")
_LETTERS = 6
LONGEST = 256


def words_stand_in(text: str, key: bytes) -> str:
    """A name or an address: each word of two letters or more has its own stand-in, digits are
    others, everything else stays."""
    text = _WORD.sub(lambda found: _word(found[0], key), text)
    return _NUMBER.sub(lambda found: _digits(found[0], key), text)


def is_words_stand_in(text: str) -> bool:
    """True when every word of two letters or more is a stand-in, and there is one."""
    if not checkmark.SHORTEST <= len(text) <= LONGEST:
        return False
    words = _WORD.findall(text)
    return bool(words) and all(_is_word(word) for word in words)


def day_stand_in(text: str, seed: bytes) -> str:
    """A day of another year, written as it was; what follows it (a time) stays. "" for one without
    separators: any number could be such a stand-in."""
    year, month, day = (
        1000 + int.from_bytes(seed[:4], "big") % 800,
        1 + seed[4] % 12,
        1 + seed[5] % 12,
    )

    def written(found: re.Match[str]) -> str:
        if found[1]:
            one, other = _like(month, found[3]), _like(day, found[5])
            return f"{year}{found[2]}{one}{found[4]}{other}"
        one, other = _like(day, found[6]), _like(month, found[8])
        return f"{one}{found[7]}{other}{found[9]}{year}"

    if text[:8].isdigit():
        return ""
    return _DAY.sub(written, text, count=1)


def is_day_stand_in(text: str) -> bool:
    """True for a day before 1800."""
    return len(text) <= 40 and _OLD_DAY.fullmatch(text) is not None


def coordinate_stand_in(text: str, seed: bytes) -> str:
    """Each number becomes one between -89.99 and -90, with ten decimals; a column that keeps fewer
    does not move it out of there."""
    number = int.from_bytes(seed, "big")

    def written(_: re.Match[str]) -> str:
        nonlocal number
        number, identity = divmod(number, 8 * 10**7 - 1)
        # No zero at the end: whoever reads and writes the number would drop it.
        return f"-89.99{identity:08d}"[:-1] + str(1 + identity % 9)

    return _COORDINATE.sub(written, text)


def is_coordinate_stand_in(text: str) -> bool:
    """True for numbers (one, or two with a comma) that `coordinate_stand_in` makes."""
    if not text.startswith("-89.99") or len(text) > 60:
        return False
    return all(_SOUTH.fullmatch(one.strip()) for one in re.split("[,;]", text))


def _word(word: str, key: bytes) -> str:
    if _is_word(word):
        return word
    seed = hmac.digest(key, b"word:" + word.lower().encode("utf-8", "surrogatepass"), "sha256")
    letters = "".join(string.ascii_lowercase[byte % 26] for byte in seed[:_LETTERS])
    new = letters + checkmark.check_letters(letters)
    if word.isupper():
        return new.upper()
    return new.capitalize() if word[0].isupper() else new


def _is_word(word: str) -> bool:
    return len(word) == 2 * _LETTERS and word.isascii() and checkmark.has_check(word.lower())


def _digits(digits: str, key: bytes) -> str:
    seed = hmac.digest(key, b"digits:" + digits.encode(), "sha256")
    stream = hashlib.shake_256(seed).digest(len(digits))
    return "".join(str(1 + byte % 9) for byte in stream)


def _like(number: int, old: str) -> str:
    return f"{number:02d}" if len(old) > 1 else str(number)
