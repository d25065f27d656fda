"""Dates in recorded messages: moving them to another clock, and finding those that will rot. Pure.

Moving keeps the format a date was written in, digit by digit: what a date is compared with, and who
parses it, sees nothing but another day. Whatever is moved is moved by whole seconds, so that the
distances between the dates of one message stay what they were.

Sources: RFC 9110 sections 5.6.7 (HTTP dates) and 10.2.3 (Retry-After), RFC 6265 section 5.1.1
(cookie dates), RFC 3339, RFC 7519 section 4.1 (times in a JWT).
"""

from __future__ import annotations

import binascii
import datetime
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec

from ci_gate.model.message import Headers, HttpRequest, HttpResponse, Message, Part
from ci_gate.values.places import covers, rewrite, walk

M = TypeVar("M", bound=Message)

RISK_BEFORE = datetime.timedelta(days=31)
RISK_AFTER = datetime.timedelta(days=400)
"""How far from the recording a date is near it: what a service compares with its clock is mostly a
few weeks old, or ends within a bit more than a year."""

HEADERS = frozenset({b"date", b"expires", b"last-modified", b"retry-after"})
"""Header fields whose whole value is a date, or something that is none and stays."""

_LONGEST = 64
_FIRST, _LAST = 2001, 2099
"""Years in which a date is one. Outside they are words: 1970 means deleted, 9999 never."""
_END_OF_32_BITS = datetime.datetime(2038, 1, 19, 3, 14, 7)
_EPOCH = datetime.datetime(1970, 1, 1)
_DAY = datetime.timedelta(days=1)
_SECOND = datetime.timedelta(seconds=1)

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAY = r"(?P<weekday>Mon|Tue|Wed|Thu|Fri|Sat|Sun|" + "|".join(_DAYS) + ")"
_MONTH = "(?P<name>" + "|".join(_MONTHS) + ")"
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"

# IMF-fixdate, RFC 850 and the mixtures of both that cookies have; then asctime; then ISO 8601.
_FORMS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"(?:{_WEEKDAY}, )?(?P<day>\d\d?)[ -]{_MONTH}[ -](?P<year>\d{{4}}|\d\d) {_TIME}"
        r" (?:GMT|UTC|[+-]\d{4})",
        rf"{_WEEKDAY} {_MONTH} (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})",
        r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?:[Tt ](?P<hour>\d\d):(?P<minute>\d\d)"
        r"(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)? ?(?:[Zz]|UTC|[+-]\d\d(?::?\d\d)?)?)?",
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)T(?P<hour>\d\d)(?P<minute>\d\d)"
        r"(?P<second>\d\d)(?:\.\d{1,9})?(?:Z|[+-]\d{4})?",
    )
)
_NUMBER = re.compile(r"(?P<number>\d{10}|\d{13}|\d{16}|\d{19})(?:\.\d{1,9})?", re.ASCII)
_ZONE = re.compile(r"([+-])(\d\d):?(\d\d)?\Z", re.ASCII)
_JWT_TIMES = ("exp", "iat", "nbf", "auth_time")
_LONGEST_JWT = 1 << 14


class _Claims(msgspec.Struct):
    exp: object = None
    iat: object = None
    nbf: object = None
    auth_time: object = None


def moved(message: M, by: datetime.timedelta) -> M:
    """`message` as if it had been made `by` later: Date, Expires, Last-Modified, a Retry-After that
    is a date, and the expiry of cookies. The same object when nothing changes."""
    if not isinstance(message, HttpRequest | HttpResponse):
        return message
    headers = _headers(message.headers, by)
    return message if headers is None else msgspec.structs.replace(message, headers=headers)


def moved_at(
    parts: Iterable[Part], places: Sequence[str], by: datetime.timedelta
) -> dict[str, Part]:
    """The parts of an answer in which one of these places (response.body.$.items[*].until) holds a
    date, with each of them `by` later."""

    def later(place: str, text: str) -> str | None:
        named = any(covers(one, f"response.{place}") for one in places)
        return moved_text(text, by) if named else None

    pairs = [(part, rewrite(part, later)) for part in parts]
    return {part.place: new for part, new in pairs if new is not part}


def moved_text(text: str, by: datetime.timedelta) -> str | None:
    """One date `by` later in the format it has; None when it is no date, or stays.

    Formats: HTTP's three, cookies', RFC 3339 and ISO 8601, a calendar day, and seconds, milli-,
    micro- or nanoseconds since 1970 by their number of digits.
    """
    if len(text) > _LONGEST:
        return None
    number = _NUMBER.fullmatch(text)
    if number is not None:
        return _moved_number(text, number["number"], by)
    for form in _FORMS:
        found = form.fullmatch(text)
        if found is not None:
            return _moved_calendar(text, found, by)
    return None


def instants(text: str) -> Iterator[datetime.datetime]:
    """The moments that a value names, in UTC: one for a date, those of its claims for a JWT.

    A date without a zone is read as UTC.
    """
    if len(text) > _LONGEST:
        yield from _claimed(text)
        return
    number = _NUMBER.fullmatch(text)
    if number is not None:
        yield from _at(_seconds(number["number"]))
        return
    for form in _FORMS:
        found = form.fullmatch(text)
        moment = _read(found) if found is not None else None
        if moment is not None:
            yield (moment - _zone(text)).replace(tzinfo=datetime.UTC)
            return


def rot_risk(
    parts: Iterable[Part], recorded_at: datetime.datetime
) -> Iterator[tuple[str, str, datetime.datetime]]:
    """(place, value, moment) of values below these parts of a recorded message that are dates near
    the recording (RISK_BEFORE, RISK_AFTER): with another clock the service may treat or make them
    otherwise.

    `recorded_at` is aware. The dates that `moved` moves are left out.
    """
    first, last = recorded_at - RISK_BEFORE, recorded_at + RISK_AFTER
    for part in parts:
        for place, value in walk(part):
            text = _text(value)
            if not text or _is_moved(place):
                continue
            near = next((one for one in instants(text) if first <= one <= last), None)
            if near is not None:
                yield place, text, near


def _is_moved(place: str) -> bool:
    name = place.removeprefix("headers.").encode()
    return place.startswith("headers.") and (name in HEADERS or name.startswith(b"set-cookie"))


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value)


# --- headers


def _headers(headers: Headers, by: datetime.timedelta) -> Headers | None:
    """None: nothing changes."""
    changed = False
    result = []
    for name, value in headers:
        lower = name.lower()
        new = None
        if lower in HEADERS:
            new = _moved_bytes(value, by)
        elif lower == b"set-cookie":
            new = _cookie(value, by)
        changed = changed or new is not None
        result.append((name, value if new is None else new))
    return tuple(result) if changed else None


def _moved_bytes(value: bytes, by: datetime.timedelta) -> bytes | None:
    """A whole value; None when it is no date: `Expires: 0`, `Retry-After: 120`."""
    if len(value) > _LONGEST or value.isdigit():
        return None
    new = moved_text(value.decode("latin-1"), by)
    return None if new is None else new.encode("latin-1")


def _cookie(value: bytes, by: datetime.timedelta) -> bytes | None:
    pieces = value.split(b";")
    changed = False
    # The first piece is the cookie itself, which may be called expires.
    for index, piece in enumerate(pieces[1:], 1):
        name, equals, date = piece.partition(b"=")
        if equals and name.strip().lower() == b"expires":
            bare = date.strip(b' \t"')
            new = _moved_bytes(bare, by) if bare else None
            if new is not None:
                pieces[index] = name + equals + date.replace(bare, new, 1)
                changed = True
    return b";".join(pieces) if changed else None


# --- one date


def _moved_number(text: str, digits: str, by: datetime.timedelta) -> str | None:
    unit = 10 ** (len(digits) - 10)
    moments = list(_at(_seconds(digits)))
    if not moments or _is_word(moments[0].replace(tzinfo=None)):
        return None
    new = str(int(digits) + _whole(by) * unit)
    if new == digits or len(new) != len(digits) or not any(_at(_seconds(new))):
        return None
    return new + text[len(digits) :]


def _moved_calendar(text: str, found: re.Match[str], by: datetime.timedelta) -> str | None:
    old = _read(found)
    if old is None or _is_word(old):
        return None
    # A day without a time moves by whole days.
    whole = _whole(by) * _SECOND if found["hour"] else round(by / _DAY) * _DAY
    new = old + whole
    if not whole or not _FIRST <= new.year <= _LAST:
        return None
    return _written(text, found, new)


def _written(text: str, found: re.Match[str], new: datetime.datetime) -> str:
    """`text` with what changed put where it stood, as wide as it stood there."""
    edits: list[tuple[int, int, str]] = []
    groups = found.groupdict()

    def put(group: str, write: Callable[[str], str]) -> None:
        if groups.get(group) is not None:
            edits.append((*found.span(group), write(groups[group])))

    # asctime, where the year is last, has " 6" for the sixth.
    blank = " " if groups.get("weekday") and found.end("year") == len(text) else "0"

    def number(value: int, fill: str = "0") -> Callable[[str], str]:
        return lambda old: str(value).rjust(len(old), fill)

    weekday = _DAYS[new.weekday()]
    put("weekday", lambda old: weekday if old in _DAYS else weekday[:3])
    put("name", lambda _: _MONTHS[new.month - 1])
    put("year", lambda old: f"{new.year:04}"[-len(old) :])
    put("day", number(new.day, blank))
    for group in ("month", "hour", "minute", "second"):
        put(group, number(getattr(new, group)))
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def _read(found: re.Match[str]) -> datetime.datetime | None:
    """The date as its clock and calendar show it, whatever the zone; None: there is no such day."""
    groups = found.groupdict()
    name = groups.get("name")
    month = _MONTHS.index(name) + 1 if name else int(groups["month"])
    year = int(groups["year"])
    if len(groups["year"]) == 2:  # RFC 6265 section 5.1.1
        year += 1900 if year >= 70 else 2000
    day = int(groups["day"])
    hour, minute, second = (int(groups.get(one) or 0) for one in ("hour", "minute", "second"))
    try:
        # A leap second (RFC 3339 section 5.7) counts as the one before it.
        return datetime.datetime(year, month, day, hour, minute, second - (second == 60))
    except ValueError:
        return None


def _is_word(old: datetime.datetime) -> bool:
    """Whether a date stands for something that no clock changes: never, deleted, the last one."""
    return not _FIRST <= old.year <= _LAST or old == _END_OF_32_BITS


def _zone(text: str) -> datetime.timedelta:
    found = _ZONE.search(text) if ":" in text or "T" in text else None
    if found is None:
        return datetime.timedelta()
    distance = datetime.timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return -distance if found[1] == "-" else distance


def _whole(by: datetime.timedelta) -> int:
    """Seconds, rounded."""
    return round(by / _SECOND)


def _seconds(digits: str) -> int:
    return int(digits[:10])


def _at(seconds: int) -> Iterator[datetime.datetime]:
    moment = _EPOCH + datetime.timedelta(seconds=seconds)
    if _FIRST <= moment.year <= _LAST:
        yield moment.replace(tzinfo=datetime.UTC)


def _claimed(text: str) -> Iterator[datetime.datetime]:
    pieces = text.removeprefix("Bearer ").split(".")
    if len(text) > _LONGEST_JWT or len(pieces) != 3 or not pieces[0].startswith("eyJ"):
        return
    try:
        data = urlsafe_b64decode(pieces[1] + "=" * (-len(pieces[1]) % 4))
        claims = msgspec.json.decode(data, type=_Claims)
    except (ValueError, binascii.Error, msgspec.DecodeError):
        return
    for name in _JWT_TIMES:
        value = getattr(claims, name)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e10:
            yield from _at(int(value))
