"""Kinds: what type a value at a place has, each with its check.

`is_kind` judges one value, `kind_of` names the most specific kind. A check looks at the value
alone: that a number stays a number (JSON type) is for the comparing side to hold.
"""

from __future__ import annotations

import datetime
import ipaddress
import math
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from urllib.parse import urlsplit

from ci_gate.values.redaction.cards import is_card
from ci_gate.values.redaction.passwordhashes import is_password_hash

_FIRST_SECOND = 978_307_200
"""2001-01-01T00:00:00Z."""
_LAST_SECOND = 4_133_980_800
"""2101-01-01T00:00:00Z, not included."""

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?(?:[Zz]|[+-](\d\d):?(\d\d)|[+-]\d\d)?"
)
_BASIC_TIMESTAMP = re.compile(
    r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(?:\.\d{1,9})?(?:Z|[+-]\d{4})?"
)
_HTTP_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4})"
    r" (\d\d):(\d\d):(\d\d) (?:GMT|UTC|[+-]\d{4})"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.IGNORECASE)
_OBJECTID = re.compile(r"[0-9a-fA-F]{24}")
_HEX = re.compile(r"[0-9a-fA-F]{8,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{2,}={0,2}|[A-Za-z0-9_-]{2,}={0,2}")
_JWT = re.compile(r"(eyJ[A-Za-z0-9_-]+)\.(eyJ[A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*")
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s<>\"]+")
_DIGITS = re.compile(r"\d{9,13}", re.ASCII)


def _text(check: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and check(value)


def _pattern(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return _text(lambda text: pattern.fullmatch(text) is not None)


def _is_calendar(year: str, month: str, day: str) -> bool:
    try:
        datetime.date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _is_clock(hour: str, minute: str, second: str | None) -> bool:
    # 60 is a leap second (RFC 3339 section 5.7); 24:00 is not allowed there.
    return int(hour) < 24 and int(minute) < 60 and int(second or 0) <= 60


def _is_epoch(value: float) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return (
        _FIRST_SECOND <= value < _LAST_SECOND or _FIRST_SECOND * 1000 <= value < _LAST_SECOND * 1000
    )


def _is_timestamp_text(text: str) -> bool:
    found = _RFC3339.fullmatch(text) or _BASIC_TIMESTAMP.fullmatch(text)
    if found is not None:
        year, month, day, hour, minute, second = found.groups()[:6]
        return _is_calendar(year, month, day) and _is_clock(hour, minute, second)
    http = _HTTP_DATE.fullmatch(text)
    if http is not None:
        day, name, year, hour, minute, second = http.groups()
        month = str(_MONTHS.index(name) + 1)
        return _is_calendar(year, month, day) and _is_clock(hour, minute, second)
    return _DIGITS.fullmatch(text) is not None and _is_epoch(int(text))


def _is_timestamp(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= 64 and _is_timestamp_text(value)
    return isinstance(value, int | float) and not isinstance(value, bool) and _is_epoch(value)


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    return found is not None and _is_calendar(*found.groups())


def _is_base64(text: str) -> bool:
    # Padding may be absent (RFC 4648 section 3.2), but four characters never carry one over.
    if len(text) < 4 or _BASE64.fullmatch(text) is None:
        return False
    return len(text) % 4 == 0 if text.endswith("=") else len(text) % 4 != 1


def _is_jwt(text: str) -> bool:
    found = _JWT.fullmatch(text)
    if found is None:
        return False
    return all(_starts_object(part) for part in found.groups())


def _starts_object(part: str) -> bool:
    try:
        decoded = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return False
    return decoded.startswith(b"{") and decoded.endswith(b"}")


def _is_url(text: str) -> bool:
    if _URL.fullmatch(text) is None:
        return False
    try:
        return bool(urlsplit(text).netloc)
    except ValueError:
        return False


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_card(value: object) -> bool:
    if isinstance(value, str):
        return is_card(value)
    return (
        _is_integer(value) and isinstance(value, int) and 0 < value < 10**19 and is_card(str(value))
    )


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str | bytes | list | tuple | dict) and not value)


# From the most to the least specific: `kind_of` takes the first that holds.
_CHECKS: dict[str, Callable[[object], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "empty": _is_empty,
    "timestamp": _is_timestamp,
    "card": _is_card,
    "integer": _is_integer,
    "number": _is_number,
    "date": _text(_is_date),
    "uuid": _pattern(_UUID),
    "objectid": _pattern(_OBJECTID),
    "ulid": _pattern(_ULID),
    "jwt": _text(_is_jwt),
    "email": _text(lambda text: len(text) <= 254 and _EMAIL.fullmatch(text) is not None),
    "ipv4": _text(_is_ipv4),
    "ipv6": _text(_is_ipv6),
    "url": _text(_is_url),
    "password-hash": _text(is_password_hash),
    "hex": _pattern(_HEX),
    "base64": _text(_is_base64),
    "string": lambda value: isinstance(value, str),
    "any": lambda _: True,
}

KINDS: dict[str, str] = {
    "any": "any value",
    "null": "JSON null",
    "boolean": "true or false",
    "integer": "a JSON number without fraction and exponent",
    "number": "any JSON number",
    "string": "any text",
    "timestamp": "RFC 3339 or ISO 8601 with T, an HTTP date, or seconds or milliseconds since 1970"
    " between 2001 and 2100",
    "date": "a calendar day: 2026-08-31",
    "uuid": "a UUID of any version",
    "ulid": "a ULID: 26 characters of Crockford's base 32",
    "objectid": "a MongoDB object id: 24 hexadecimal digits",
    "hex": "8 or more hexadecimal digits",
    "base64": "base64 or base64url, with or without padding",
    "jwt": "a JSON Web Token with a readable header and payload",
    "email": "an e-mail address",
    "card": "a card number: issuer's range and Luhn check digit",
    "url": "an absolute URL with a host",
    "password-hash": "a stored hash of a password, in a spelling that says how it was made",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "empty": "empty text, list or object, or null",
}
"""Every kind by name, with one line saying what counts as one."""

# Too many ordinary words are valid base64, and too many numbers valid hexadecimal, for that to be
# anybody's best guess.
_GUESSES: dict[str, re.Pattern[str]] = {
    "base64": re.compile(r"(?=.*[0-9+/_=-])(?=.*[A-Z])(?=.*[a-z]).{16,}", re.DOTALL),
    "hex": re.compile(r"(?=.*[0-9])(?=.*[a-fA-F]).*"),
}


def is_kind(value: object, kind: str) -> bool:
    """True when `value` (a JSON scalar, or text) is of that kind; an unknown kind raises KeyError."""
    return _CHECKS[kind](value)


def kind_of(value: object) -> str:
    """The most specific kind of a value: "uuid" rather than "string", "timestamp" than "integer"."""
    for kind, check in _CHECKS.items():
        if check(value) and _is_guess(value, kind):
            return kind
    return "any"


def _is_guess(value: object, kind: str) -> bool:
    pattern = _GUESSES.get(kind)
    return pattern is None or (isinstance(value, str) and pattern.fullmatch(value) is not None)
