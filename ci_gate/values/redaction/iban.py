"""International bank account numbers: country, length and the check of ISO 13616 (mod 97)."""

from __future__ import annotations

import re

from ci_gate.values.redaction import checkmark

_LENGTHS = {
    country: int(size)
    for country, size in (
        pair.split(":")
        for pair in """
        AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BR:29 BY:28 CH:21 CR:22 CY:28 CZ:24
        DE:22 DK:18 DO:28 EE:20 EG:29 ES:24 FI:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28
        HR:21 HU:28 IE:22 IL:23 IQ:23 IS:26 IT:27 JO:30 KW:30 KZ:20 LB:28 LC:32 LI:21 LT:20 LU:20
        LV:21 LY:25 MC:27 MD:24 ME:22 MK:19 MR:27 MT:31 MU:30 NL:18 NO:15 OM:23 PK:24 PL:28 PS:29
        PT:25 QA:29 RO:24 RS:22 SA:24 SC:31 SE:24 SI:19 SK:24 SM:27 ST:25 SV:28 TL:23 TN:24 TR:26
        UA:29 VA:22 VG:24 XK:20
        """.split()
    )
}
"""Country -> characters of its numbers (the IBAN registry)."""
_GROUPED = re.compile(r"[A-Z]{2}\d{2}(?:[A-Z0-9]+|(?:( )[A-Z0-9]{4})(?: [A-Z0-9]{1,4})+)")
_CHECK = 5
"""Digits by which a stand-in is recognised; the shortest number (NO) has eleven behind its head."""


def is_iban(text: str) -> bool:
    """True for a number written plainly or in groups of four, with its country's length and a
    right check."""
    if len(text) < 15 or not text.isascii() or _GROUPED.fullmatch(text) is None:
        return False
    bare = text.replace(" ", "")
    return _LENGTHS.get(bare[:2]) == len(bare) and _remainder(bare[4:] + bare[:4]) == 1


def iban_stand_in(text: str, seed: bytes) -> str:
    """A valid number of the same country, length and grouping, of 32 bytes of seed. National
    check digits within it are not kept."""
    bare = text.replace(" ", "")
    number = int.from_bytes(seed, "big")
    body = ""
    for sign in bare[4:]:
        number, at = divmod(number, 10 if sign.isdigit() else 26)
        body += str(at) if sign.isdigit() else chr(65 + at)
    body = _sealed(bare[:2], body)
    digits = 98 - _remainder(body + bare[:2] + "00")
    new = iter(f"{bare[:2]}{digits:02d}{body}")
    return "".join(sign if sign == " " else next(new) for sign in text)


def is_iban_stand_in(text: str) -> bool:
    """True for what `iban_stand_in` makes."""
    bare = text.replace(" ", "")
    return is_iban(text) and _sealed(bare[:2], bare[4:]) == bare[4:]


def _sealed(country: str, body: str) -> str:
    """The body with its last digits (letters stay) replaced by a check over all else."""
    places = [at for at, sign in enumerate(body) if sign.isdigit()][-_CHECK:]
    rest = "".join(sign for at, sign in enumerate(body) if at not in places)
    signs = list(body)
    for at, digit in zip(places, checkmark.check_digits(country + rest, len(places)), strict=True):
        signs[at] = digit
    return "".join(signs)


def _remainder(text: str) -> int:
    return int("".join(str(int(sign, 36)) for sign in text)) % 97
