"""National identity numbers and their check digits.

| id | country | check |
|---|---|---|
| Steuer-ID | DE | ISO 7064 MOD 11,10, and one digit twice or three times among the first ten |
| NIR | FR | 97 minus the number modulo 97 |
| DNI, NIE | ES | a letter by the number modulo 23 |
| Aadhaar | IN | Verhoeff; never begins with 0 or 1 |
| CPF, CNPJ | BR | two weighted sums modulo 11 |
| BSN | NL | the test by eleven |
| PESEL | PL | a weighted sum modulo 10, and a day of birth |
| SSN | US | none: which numbers are issued |
| NINO | GB | none: which letters are issued |

Chance passes BSN one time in eleven, Aadhaar and PESEL one in a dozen or fifty: without separators
these count only where a name says what they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

_NIR = re.compile(r"[1-478]\d\d(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d\d|2[AB])\d{8}")
_SPANISH = re.compile(r"(?:\d{8}|[XYZ]\d{7})[A-Z]")
_SPANISH_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_SSN = re.compile(r"(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}")
_NINO = re.compile(
    r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", re.IGNORECASE
)
_SEPARATORS = re.compile(r"[ ./-]")
_TURN = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
"""The permutation of Verhoeff's check, applied once more at each place."""


def bare(text: str) -> str:
    """The text without the signs that group such numbers."""
    return _SEPARATORS.sub("", text)


def is_steuer_id(number: str) -> bool:
    """German tax id; eleven digits, of which the first is no 0."""
    if not _digits(number, 11) or number[0] == "0":
        return False
    first = number[:10]
    most = max(map(first.count, set(first)))
    # One digit twice (or, since 2016, three times, but never in a row), all others at most once.
    if (len(set(first)), most) not in ((9, 2), (8, 3)):
        return False
    if most == 3 and any(
        a == b == c for (a, b), c in zip(pairwise(first), first[2:], strict=False)
    ):
        return False
    product = 10
    for digit in first:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(number[10])


def is_nir(number: str) -> bool:
    """French social security number; 15 characters, departments 2A and 2B included."""
    if _NIR.fullmatch(number) is None:
        return False
    body = number[:13].replace("2A", "19").replace("2B", "18")
    return body.isdigit() and 97 - int(body) % 97 == int(number[13:])


def is_spanish(number: str) -> bool:
    """DNI or NIE; nine characters."""
    number = number.upper()
    if _SPANISH.fullmatch(number) is None:
        return False
    first = number[0]
    digits = str("XYZ".index(first)) + number[1:8] if first in "XYZ" else number[:8]
    return _SPANISH_LETTERS[int(digits) % 23] == number[8]


def is_aadhaar(number: str) -> bool:
    """Indian Aadhaar number; twelve digits."""
    if not _digits(number, 12) or number[0] in "01":
        return False
    state = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit)
        for _ in range(place % 8):
            value = _TURN[value]
        state = _times(state, value)
    return state == 0


def is_cpf(number: str) -> bool:
    """Brazilian person's number; eleven digits, not all the same."""
    if not _digits(number, 11) or len(set(number)) == 1:
        return False
    return all(
        _by_eleven(number[:size], range(size + 1, 1, -1)) == int(number[size]) for size in (9, 10)
    )


def is_cnpj(number: str) -> bool:
    """Brazilian company's number; fourteen digits."""
    if not _digits(number, 14) or len(set(number)) == 1:
        return False
    weights = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
    return all(
        _by_eleven(number[:size], weights[13 - size :]) == int(number[size]) for size in (12, 13)
    )


def is_bsn(number: str) -> bool:
    """Dutch citizen service number; nine digits."""
    if not _digits(number, 9) or len(set(number)) == 1:
        return False
    total = sum(int(digit) * (9 - at) for at, digit in enumerate(number[:8]))
    return (total - int(number[8])) % 11 == 0


def is_pesel(number: str) -> bool:
    """Polish number; eleven digits that begin with a day of birth."""
    if not _digits(number, 11):
        return False
    if not 1 <= int(number[2:4]) % 20 <= 12 or not 1 <= int(number[4:6]) <= 31:
        return False
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))
    return -total % 10 == int(number[10])


def is_ssn(number: str) -> bool:
    """US social security number; nine digits. It has no check, only numbers never issued."""
    return _SSN.fullmatch(number) is not None


def is_nino(number: str) -> bool:
    """UK national insurance number; nine characters. It has no check either."""
    return _NINO.fullmatch(number) is not None


CHECKS: dict[str, Callable[[str], bool]] = {
    "steuer-id": is_steuer_id,
    "nir": is_nir,
    "dni": is_spanish,
    "aadhaar": is_aadhaar,
    "cpf": is_cpf,
    "cnpj": is_cnpj,
    "bsn": is_bsn,
    "pesel": is_pesel,
}
"""Those with check digits: name -> its check of the bare number."""


def is_national_id(text: str) -> bool:
    """True for a number, plain or grouped, that passes one of `CHECKS`."""
    return 9 <= len(text) <= 21 and any(check(bare(text)) for check in CHECKS.values())


def _digits(number: str, size: int) -> bool:
    return len(number) == size and number.isascii() and number.isdigit()


def _times(a: int, b: int) -> int:
    """Multiplication in the dihedral group of order ten."""
    if a < 5:
        return (a + b) % 5 if b < 5 else (a + b) % 5 + 5
    return (a - b) % 5 + 5 if b < 5 else (a - b) % 5


def _by_eleven(digits: str, weights: range | tuple[int, ...]) -> int:
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    rest = total % 11
    return 0 if rest < 2 else 11 - rest
