"""How a point in time is written: the format of a timestamp, and whether another is written so.

Formats read like the values: "YYYY-MM-DDThh:mm:ss.ffffffZ", "Www, DD Mmm YYYY hh:mm:ss GMT",
"YYYY-MM-DD", "epoch ms". "±hh:mm" is any offset; "f{0,9}" says that the writer drops zeros at the
end of a fraction. Only moments from 2001 to 2100 count: a zero time is no reading of a clock.
"""

from __future__ import annotations

import datetime
import functools
import math
import re
from collections.abc import Sequence
from typing import NamedTuple

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
ISO = (
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]| UTC| ?[+-]\d\d:?\d\d|[+-]\d\d)?"
)
HTTP = rf"(?:{_DAYS}), \d\d[ -](?:{_MONTHS})[ -]\d{{4}} \d\d:\d\d:\d\d (?:GMT|UTC|[+-]\d{{4}})"
"""RFC 9110 section 5.6.7, RFC 5322 with a two-digit day, and the old form of cookies."""

_ISO = re.compile(
    r"(\d{4})(-?)(\d\d)\2(\d\d)(?:([Tt ])(\d\d)(:?)(\d\d)(?:\7(\d\d)(?:\.(\d{1,9}))?)?"
    r"([Zz]| UTC| ?[+-]\d\d:?\d\d|[+-]\d\d)?)?",
    re.ASCII,
)
_HTTP = re.compile(
    rf"({_DAYS}), (\d\d)([ -])({_MONTHS})\3(\d{{4}}) (\d\d):(\d\d):(\d\d) (GMT|UTC|[+-]\d{{4}})",
    re.ASCII,
)
_TIME_OF_DAY = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?", re.ASCII)
_SPOKEN = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4}), (\d{1,2}):(\d\d):(\d\d)([ \u202f])([AP]M)", re.ASCII
)
"""As JavaScript writes it for people in the United States (toLocaleString)."""
_CTIME = re.compile(
    rf"(?:{_DAYS}) ({_MONTHS}) ([ \d]\d) (?:(\d{{4}}) (\d\d):(\d\d):(\d\d)( GMT[+-]\d{{4}}(?: \([^()]+\))?)"
    r"|(\d\d):(\d\d):(\d\d) (\d{4}))",
    re.ASCII,
)
"""As C does (ctime), or JavaScript (Date.toString)."""
_EPOCH = re.compile(r"\d{9,19}(?:\.\d{1,9})?", re.ASCII)
_FRACTION = re.compile(r"\.(f\{(\d),(\d)\}|f+)")
_LONGEST = 64
_UNITS = (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9))
_FIRST, _LAST = 978_307_200, 4_133_980_800
"""2001-01-01 and 2101-01-01, seconds."""
SPREAD = 400 * 86_400
"""Seconds that numbers taken for times may lie apart: replays follow one another, and the clock is
moved by a month at most."""


class Written(NamedTuple):
    """One value: `skeleton` is its format without the fraction, whose place is "~"."""

    skeleton: str
    fraction: str
    """The digits of the fraction."""
    seconds: float
    """Since 1970, offsets left aside; for ordering and nearness only."""


def written_as(value: object) -> Written | None:
    """How a JSON scalar or text is written when it is a point in time, else None."""
    if isinstance(value, str):
        return _text(value) if 8 <= len(value) <= _LONGEST else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    return None


def _text(text: str) -> Written | None:
    found = _ISO.fullmatch(text)
    if found is not None and (found[2] or found[5]):
        return _iso(found)
    found = _HTTP.fullmatch(text)
    if found is not None:
        day, month, year = int(found[2]), _MONTHS.split("|").index(found[4]) + 1, int(found[5])
        seconds = _moment(year, month, day, found[6], found[7], found[8])
        dash = found[3]
        zone = found[9] if found[9].isalpha() else "±hhmm"
        skeleton = f"Www, DD{dash}Mmm{dash}YYYY hh:mm:ss {zone}"
        return None if seconds is None else Written(skeleton, "", seconds)
    found = _SPOKEN.fullmatch(text) or _CTIME.fullmatch(text)
    if found is not None:
        return _spoken(found) if found.re is _SPOKEN else _ctime(found)
    found = _TIME_OF_DAY.fullmatch(text)
    if found is not None:
        seconds = _moment(2020, 1, 1, found[1], found[2], found[3])
        return None if seconds is None else Written("hh:mm:ss~", found[4] or "", seconds)
    if _EPOCH.fullmatch(text) and not text.startswith("0"):
        whole, _, fraction = text.partition(".")
        return _number(float(text) if fraction else int(whole))
    return None


def _spoken(found: re.Match[str]) -> Written | None:
    hour = int(found[4]) % 12 + (12 if found[8] == "PM" else 0)
    if not 1 <= int(found[4]) <= 12:
        return None
    seconds = _moment(int(found[3]), int(found[1]), int(found[2]), str(hour), found[5], found[6])
    skeleton = f"M/D/YYYY, h:mm:ss{found[7]}AM"
    return None if seconds is None else Written(skeleton, "", seconds)


def _ctime(found: re.Match[str]) -> Written | None:
    month, day = _MONTHS.split("|").index(found[1]) + 1, int(found[2])
    script = found[3] is not None
    year = int(found[3] if script else found[11])
    time = (found[4], found[5], found[6]) if script else (found[8], found[9], found[10])
    seconds = _moment(year, month, day, *time)
    named = " (name)" if script and "(" in found[7] else ""
    skeleton = f"Www Mmm DD YYYY hh:mm:ss GMT±hhmm{named}" if script else "Www Mmm DD hh:mm:ss YYYY"
    return None if seconds is None else Written(skeleton, "", seconds)


def _iso(found: re.Match[str]) -> Written | None:
    year, dash, month, day, sep, hour, colon, minute, second, fraction, zone = found.groups()
    if sep is not None and (dash == "") != (colon == ""):
        return None
    seconds = _moment(int(year), int(month), int(day), hour or "0", minute or "0", second or "0")
    if seconds is None:
        return None
    skeleton = f"YYYY{dash}MM{dash}DD"
    if sep is not None:
        skeleton += f"{sep}hh{colon}mm" + (f"{colon}ss~" if second is not None else "")
        skeleton += _zone(zone) if zone else ""
    return Written(skeleton, fraction or "", seconds)


def _zone(zone: str) -> str:
    """ "Z" and names as they are, offsets as "±hh:mm"."""
    blank = " " if zone.startswith(" ") else ""
    offset = zone.strip()
    if offset[0] not in "+-":
        return zone
    return blank + "±hh" + (":" if ":" in offset else "") + ("mm" if len(offset) > 3 else "")


def _moment(year: int, month: int, day: int, hour: str, minute: str, second: str) -> float | None:
    try:
        date = datetime.date(year, month, day)
    except ValueError:
        return None
    # 60 is a leap second (RFC 3339 section 5.7).
    if not 2001 <= year <= 2100 or int(hour) > 23 or int(minute) > 59 or int(second) > 60:
        return None
    days = date.toordinal() - datetime.date(1970, 1, 1).toordinal()
    return days * 86_400.0 + int(hour) * 3600 + int(minute) * 60 + int(second)


def _number(value: float) -> Written | None:
    if isinstance(value, float):
        if not math.isfinite(value) or not _FIRST <= value < _LAST:
            return None
        return Written("epoch s.f", "", value)
    for unit, per_second in _UNITS:
        if _FIRST * per_second <= value < _LAST * per_second:
            return Written(f"epoch {unit}", "", value / per_second)
    return None


def format_of(values: Sequence[object]) -> str:
    """The one format in which all the values are written, "" when there is none.

    Numbers count only when they lie within `SPREAD` of one another. Fractions that end in zero
    show that their length is fixed, fractions of several lengths that zeros are dropped. When
    neither was seen, up to two digits fewer are allowed: a writer that drops zeros drops more
    than two once in a thousand times. Beyond microseconds dropping them is the usual thing.
    """
    found = [written_as(value) for value in values]
    kinds = {type(value) for value in values}
    known = [one for one in found if one is not None]
    if not known or len(known) < len(found) or (str in kinds and len(kinds) > 1):
        return ""
    # A number of seconds with a fraction may happen to be a whole one.
    skeleton = max(one.skeleton for one in known)
    whole = {"epoch s.f": "epoch s"}.get(skeleton, skeleton)
    if any(one.skeleton not in (skeleton, whole) for one in known):
        return ""
    if skeleton.startswith("epoch"):
        seconds = [one.seconds for one in known]
        return skeleton if max(seconds) - min(seconds) <= SPREAD else ""
    return skeleton.replace("~", _fraction([one.fraction for one in known]))


def _fraction(fractions: Sequence[str]) -> str:
    most = max(map(len, fractions))
    least = min(map(len, fractions))
    if not most:
        return ""
    if least < most:
        return f".f{{0,{most}}}"
    if most <= 3 or any(fraction.endswith("0") for fraction in fractions):
        return "." + "f" * most
    if most > 6:
        return f".f{{0,{most}}}"
    return f".f{{{most - 2},{most}}}"


@functools.lru_cache(maxsize=1024)
def _read(form: str) -> tuple[str, int, int]:
    """(skeleton, least and most digits of the fraction)."""
    if form.startswith("epoch"):
        return form, 0, 9
    found = _FRACTION.search(form)
    if found is None:
        return form.replace("ss", "ss~", 1) if "ss" in form else form, 0, 0
    skeleton = form[: found.start()] + "~" + form[found.end() :]
    if found[2]:
        return skeleton, int(found[2]), int(found[3])
    return skeleton, len(found[1]), len(found[1])


def is_written(value: object, form: str) -> bool:
    """True when a value is a point in time written in that format."""
    found = written_as(value)
    if found is None:
        return False
    skeleton, least, most = _read(form)
    if skeleton == "epoch s.f":
        return found.skeleton in ("epoch s", "epoch s.f")
    # HTTP dates have no fraction, so theirs is not marked.
    same = found.skeleton == skeleton or found.skeleton == skeleton.replace("~", "")
    return same and least <= len(found.fraction) <= most


def fine(form: str) -> bool:
    """True for formats so fine that two readings of a clock are hardly ever equal."""
    skeleton, _, most = _read(form)
    return most >= 6 if not skeleton.startswith("epoch") else skeleton[6:] in ("us", "ns", "s.f")


def is_day(form: str) -> bool:
    """True for formats of a day without a time."""
    return form.startswith("YYYY") and "hh" not in form
