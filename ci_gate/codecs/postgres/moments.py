"""Days, times and intervals: binary form to text form and back.

Texts are those of DateStyle ISO and IntervalStyle postgres, moments with a zone in UTC. Functions
raise ValueError, OverflowError or struct.error for what is no such value.
"""

from __future__ import annotations

import datetime
import re
import struct

_EPOCH = datetime.date(2000, 1, 1)
_CYCLE = 146_097
"""Days of 400 years, after which the calendar begins anew; Python's own ends in the year 9999."""
_DAY = 86_400_000_000
_INFINITE = {2**63 - 1: "infinity", -(2**63): "-infinity"}
_DAYS_INFINITE = {2**31 - 1: "infinity", -(2**31): "-infinity"}
_DATE = re.compile(r"(\d{4,7})-(\d\d)-(\d\d)", re.ASCII)


def _date_text(days: int) -> tuple[str, str]:
    """Year, month and day, and what follows everything when that is before our era."""
    cycles, rest = divmod(days, _CYCLE)
    day = _EPOCH + datetime.timedelta(days=rest)
    year = day.year + 400 * cycles
    shown, era = (year, "") if year > 0 else (1 - year, " BC")
    return f"{shown:04d}-{day.month:02d}-{day.day:02d}", era


def _days(text: str, era: str) -> int:
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day = map(int, found.groups())
    cycles, rest = divmod((1 - year if era else year) - 2000, 400)
    return (datetime.date(2000 + rest, month, day) - _EPOCH).days + cycles * _CYCLE


def _split_era(text: str) -> tuple[str, str]:
    return (text[:-3], " BC") if text.endswith(" BC") else (text, "")


def date_text(data: bytes) -> str:
    """Of a date."""
    days: int = struct.unpack("!i", data)[0]
    return _DAYS_INFINITE.get(days) or "".join(_date_text(days))


def date_binary(text: str) -> bytes:
    """Of a date."""
    for days, name in _DAYS_INFINITE.items():
        if text == name:
            return struct.pack("!i", days)
    return struct.pack("!i", _days(*_split_era(text)))


def _clock(micros: int) -> str:
    seconds, fraction = divmod(micros, 1_000_000)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return text + (f".{fraction:06d}".rstrip("0") if fraction else "")


def _micros(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    whole, _, fraction = seconds.partition(".")
    if len(fraction) > 6:
        raise ValueError(text)
    clock = (int(hours) * 60 + int(minutes)) * 60 + int(whole)
    return clock * 1_000_000 + int(fraction.ljust(6, "0") or "0")


def time_text(data: bytes) -> str:
    """Of a time of day."""
    return _clock(struct.unpack("!q", data)[0])


def time_binary(text: str) -> bytes:
    """Of a time of day."""
    return struct.pack("!q", _micros(text))


def timetz_text(data: bytes) -> str:
    """Of a time of day with its zone."""
    micros, west = struct.unpack("!qi", data)
    return _clock(micros) + _offset_text(-west)


def timetz_binary(text: str) -> bytes:
    """Of a time of day with its zone."""
    clock, offset = _split_offset(text)
    return struct.pack("!qi", _micros(clock), -offset)


def _offset_text(seconds: int) -> str:
    sign, seconds = "-" if seconds < 0 else "+", abs(seconds)
    parts = [seconds // 3600, seconds // 60 % 60, seconds % 60]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return sign + ":".join(f"{part:02d}" for part in parts)


def _split_offset(text: str) -> tuple[str, int]:
    at = max(text.rfind("+"), text.rfind("-"))
    if at < 0 or ":" not in text[:at]:
        raise ValueError(text)
    parts = zip(text[at + 1 :].split(":"), (3600, 60, 1), strict=False)
    offset = sum(int(part) * unit for part, unit in parts)
    return text[:at], -offset if text[at] == "-" else offset


def timestamp_text(data: bytes) -> str:
    """Of a moment without a zone."""
    return _moment(data, "")


def timestamptz_text(data: bytes) -> str:
    """Of a moment, in UTC."""
    return _moment(data, "+00")


def _moment(data: bytes, zone: str) -> str:
    micros: int = struct.unpack("!q", data)[0]
    if micros in _INFINITE:
        return _INFINITE[micros]
    days, clock = divmod(micros, _DAY)
    date, era = _date_text(days)
    return f"{date} {_clock(clock)}{zone}{era}"


def timestamp_binary(text: str) -> bytes:
    """Of a moment without a zone."""
    return _moment_binary(text, 0, "")


def timestamptz_binary(text: str) -> bytes:
    """Of a moment in any zone."""
    if text in _INFINITE.values():
        return _moment_binary(text, 0, "")
    text, era = _split_era(text)
    return _moment_binary(*_split_offset(text), era)


def _moment_binary(text: str, offset: int, era: str) -> bytes:
    for micros, name in _INFINITE.items():
        if text == name:
            return struct.pack("!q", micros)
    if not era:
        text, era = _split_era(text)
    day, _, clock = text.partition(" ")
    return struct.pack("!q", _days(day, era) * _DAY + _micros(clock) - offset * 1_000_000)


def interval_text(data: bytes) -> str:
    """Of an interval."""
    micros, days, months = struct.unpack("!qii", data)
    words: list[str] = []
    negative = False
    years, months = (abs(months) // 12, abs(months) % 12) if months >= 0 else (
        -(abs(months) // 12), -(abs(months) % 12)
    )  # fmt: skip
    for amount, unit in ((years, "year"), (months, "mon"), (days, "day")):
        if amount:
            plus = "+" if negative and amount > 0 else ""
            words.append(f"{plus}{amount} {unit}{'' if amount == 1 else 's'}")
            negative = amount < 0
    if micros or not words:
        sign = "-" if micros < 0 else "+" if negative else ""
        words.append(sign + _clock(abs(micros)))
    return " ".join(words)


def interval_binary(text: str) -> bytes:
    """Of an interval."""
    units = {"year": 0, "mon": 0, "day": 0}
    micros = 0
    words = text.split(" ")
    if len(words) % 2:
        clock = words.pop()
        micros = _micros(clock.lstrip("+-")) * (-1 if clock.startswith("-") else 1)
    for amount, unit in zip(words[::2], words[1::2], strict=True):
        name = unit.removesuffix("s")
        if name not in units:
            raise ValueError(text)
        units[name] = int(amount)
    return struct.pack("!qii", micros, units["day"], units["year"] * 12 + units["mon"])
