"""Times as other tools write them. Pure."""

from __future__ import annotations

import datetime
import re

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,12}))?"
    r"\s?([Zz]|[+-]\d\d:?\d\d)?"
)
_OLDEST = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|μs|ns)")
_UNITS = {"h": 3.6e6, "m": 6e4, "s": 1e3, "ms": 1.0, "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ns": 1e-6}


def seconds(text: object) -> float | None:
    """Seconds since 1970 of an RFC 3339 timestamp, to the microsecond; None for anything else, and
    for the years before 1970, by which Go writes "no time"."""
    found = _RFC3339.match(text.strip()) if isinstance(text, str) else None
    if found is None:
        return None
    *whole, fraction, zone = found.groups()
    try:
        moment = datetime.datetime(*map(int, whole), tzinfo=datetime.UTC)  # type: ignore[arg-type, misc]  # six numbers
    except ValueError:
        return None
    at = (moment - _OLDEST).total_seconds() - _offset(zone)
    return None if at < 0 else at + float(f"0.{fraction or 0}")


def _offset(zone: str | None) -> int:
    if not zone or zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "")
    away = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -away if zone[0] == "-" else away


def milliseconds(text: object) -> float:
    """A duration as Go writes it ("1m2.5s", "33ms"), or a number of milliseconds; else 0."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        return max(float(text), 0.0)
    if not isinstance(text, str) or len(text) > 60:
        return 0.0
    return sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(text))
