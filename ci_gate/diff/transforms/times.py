"""What turns one point in time into another: zone, spelling, precision, a shift."""

from __future__ import annotations

import datetime
import re

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?([Zz]|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
_EPOCHS = (("seconds", 1), ("milliseconds", 1000), ("microseconds", 10**6))
_LONGEST = 40


class _Time:
    """A text that is a point in time. `moment` is None without a zone, `local` what a clock shows,
    in microseconds since 1970."""

    def __init__(self, found: re.Match[str]) -> None:
        date, clock, second, fraction, zone = found.groups()
        self.dated = clock is None
        self.second, self.fraction, self.zone = second, fraction, zone or ""
        at = datetime.datetime.fromisoformat(f"{date}T{clock or '00:00'}:{second or '00'}")
        whole = (at - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)
        self.local = whole + int((fraction or "0").ljust(6, "0")[:6])
        self.offset = _offset(self.zone)
        self.moment = self.local - self.offset if self.zone else None


def _offset(zone: str) -> int:
    """Microseconds that a zone is ahead of UTC."""
    if zone in ("", "Z", "z"):
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return (-minutes if zone[0] == "-" else minutes) * 60_000_000


def _time(value: object) -> _Time | None:
    if not isinstance(value, str) or not 10 <= len(value) <= _LONGEST:
        return None
    found = _ISO.fullmatch(value)
    try:
        return _Time(found) if found is not None else None
    except ValueError:
        return None  # 2026-02-30


def time_transforms(expected: object, actual: object) -> tuple[str, ...]:
    """Every claim that turns one point in time (a text, or a number of seconds since 1970 as its
    lexeme in a tuple) into another, the most telling first."""
    before, after = _time(expected), _time(actual)
    if before is not None and after is not None:
        return tuple(_between(before, after))
    if before is not None and isinstance(actual, tuple):
        return tuple(f"time became epoch {unit}" for unit in _epochs(before, str(actual[0])))
    if after is not None and isinstance(expected, tuple):
        return tuple(f"epoch {unit} became time" for unit in _epochs(after, str(expected[0])))
    return ()


def _epochs(time: _Time, number: str) -> list[str]:
    """The units in which a number of them since 1970 is that time."""
    if time.moment is None or not number.isdigit() or len(number) > 20:
        return []
    return [unit for unit, per in _EPOCHS if time.moment * per // 10**6 == int(number)]


def _between(before: _Time, after: _Time) -> list[str]:
    if after.dated and not before.dated:
        return ["time of day dropped"] if after.local == before.local // _DAY * _DAY else []
    if before.dated and not after.dated:
        return ["time of day added"] if before.local == after.local // _DAY * _DAY else []
    if bool(before.zone) != bool(after.zone):
        if before.local == after.local:
            return ["time zone dropped" if before.zone else "time zone added"]
        return []
    found = []
    same = before.moment == after.moment if before.zone else before.local == after.local
    if same and before.offset != after.offset:
        return ["time zone changed"]
    if same:
        return ["time written otherwise"]
    if before.zone and before.local == after.local:
        found.append("time zone changed, the clock time not")
    if before.fraction and not after.fraction and before.local // 10**6 * 10**6 == after.local:
        found.append("fraction of a second dropped")
    elif before.fraction and len(after.fraction or "") < len(before.fraction):
        digits = 10 ** (6 - min(len(after.fraction or ""), 6))
        if before.local // digits * digits == after.local:
            found.append("fraction of a second cut")
    return found + _shift((after.moment or after.local) - (before.moment or before.local))


_MINUTE = 60 * 10**6
_DAY = 24 * 60 * _MINUTE


def _shift(step: int) -> list[str]:
    """ "2 h later", "1 day earlier": shifts that somebody chose. Others are values."""
    size, way = abs(step), "later" if step > 0 else "earlier"
    if size % _DAY == 0:
        days = size // _DAY
        return [f"{days} {'day' if days == 1 else 'days'} {way}"]
    if size % (15 * _MINUTE) == 0:
        hours, minutes = divmod(size // _MINUTE, 60)
        parts = ([f"{hours} h"] if hours else []) + ([f"{minutes} min"] if minutes else [])
        return [f"{' '.join(parts)} {way}"]
    return []
