"""Parameters that drivers send as text, in the one spelling of their type: `true` is `t`.

PostgreSQL takes many spellings of one value ("Data Types": boolean, numeric, date/time, UUID, bytea),
and drivers differ in theirs, from version to version and with the zone of the machine. Where the type
is known a value is compared, not its spelling. What is not understood stays as it was said.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from ci_gate.codecs.postgres.types import TEXTS, to_binary, to_text

LONGEST = 100
"""Characters of a text that is looked at: no value of these types is longer, but bytea and arrays,
which drivers spell in one way."""

_BOOLEANS = {
    word[:length]: value
    for word, value in (
        ("true", "t"), ("yes", "t"), ("on", "t"), ("1", "t"),
        ("false", "f"), ("no", "f"), ("off", "f"), ("0", "f"),
    )
    for length in range(2 if word in ("on", "off") else 1, len(word) + 1)
}  # fmt: skip
"""Unique beginnings of the words, in lower case."""
_INTEGER = re.compile(r"([+-]?)0*(\d+)", re.ASCII)
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)0*(?P<whole>\d*)(?P<point>\.?)(?P<fraction>\d*)(?:[eE](?P<power>[+-]?\d{1,3}))?",
    re.ASCII,
)
_MOMENT = re.compile(
    r"(?P<day>\d{4,7}-\d\d-\d\d)(?:[T ](?P<clock>\d\d:\d\d(?::\d\d)?)(?:\.(?P<fraction>\d{1,6}))?)?"
    r" ?(?P<zone>[Zz]|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)


def canonical(oid: int, text: str) -> str:
    """The text of a parameter in the spelling of its type; itself where that is not known."""
    if not oid or oid in TEXTS or len(text) > LONGEST:
        return text
    return _spelled(oid, text)


@lru_cache(maxsize=8192)
def _spelled(oid: int, text: str) -> str:
    tidy = _TIDY.get(oid)
    plain = text.strip() if tidy is None else tidy(text.strip())
    if plain is None:
        return text
    data = to_binary(oid, plain)
    spelled = None if data is None else to_text(oid, data)
    return text if spelled is None else spelled


def _boolean(text: str) -> str | None:
    return _BOOLEANS.get(text.lower())


def _integer(text: str) -> str | None:
    found = _INTEGER.fullmatch(text)
    return None if found is None else found[1].replace("+", "") + found[2]


def _numeric(text: str) -> str | None:
    """Without an exponent; the digits after the point count, for PostgreSQL keeps them."""
    found = _NUMBER.fullmatch(text)
    if found is None or not found["whole"] + found["fraction"]:
        return None
    whole, fraction, power = found["whole"], found["fraction"], int(found["power"] or 0)
    if power > 0:
        fraction = fraction.ljust(power, "0")
        whole, fraction = whole + fraction[:power], fraction[power:]
    elif power < 0:
        whole = whole.rjust(-power, "0")
        whole, fraction = whole[:power], whole[power:] + fraction
    sign = "-" if found["sign"] == "-" else ""
    return sign + (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")


def _with_zone(text: str) -> str | None:
    """A moment; without a zone it is in that of the session, which nobody knows here."""
    found = _MOMENT.fullmatch(text)
    if found is None or not found["zone"]:
        return None
    zone = found["zone"].upper().replace(":", "")
    offset = "+00" if zone == "Z" else zone[:3] + (f":{zone[3:]}" if zone[3:] else "")
    return _clock(found) + offset


def _without_zone(text: str) -> str | None:
    """PostgreSQL does not look at a zone where the type has none."""
    found = _MOMENT.fullmatch(text)
    return None if found is None else _clock(found)


def _clock(found: re.Match[str]) -> str:
    clock = found["clock"] or "00:00:00"
    clock += ":00" if clock.count(":") == 1 else ""
    return f"{found['day']} {clock}" + (f".{found['fraction']}" if found["fraction"] else "")


def _day(text: str) -> str | None:
    found = _MOMENT.fullmatch(text)
    return None if found is None else found["day"]


_TIDY: dict[int, Callable[[str], str | None]] = {
    16: _boolean, 20: _integer, 21: _integer, 23: _integer, 26: _integer, 1700: _numeric,
    1082: _day, 1114: _without_zone, 1184: _with_zone,
}  # fmt: skip
"""By type, a text as `types` reads it; None = left as it is. Other types are read as they are."""
