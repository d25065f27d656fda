"""One line that says what a cause is, for people."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ci_gate.diff.transforms.values import RENAMED_TO, STYLES, shared
from ci_gate.model.difference import Difference, Moment
from ci_gate.model.exchange import INSIDE
from ci_gate.values.places import fold

TRANSACTION = "request.transaction"
"""The place that tells of a statement's transaction."""
AFTER_ERROR = "after an error answer"
"""What the detail of a call says that was made again because it failed."""

_SHORT = 60
_FIELDS = 4
"""Fields that a title names."""
_MADE = re.compile(r"made (\d{1,9}) times")
_FIELD = re.compile(r'(?:\.([^.\[\]"]+)|\["(?:[^"\\]|\\.)*"\])(?:\[\*\])*\Z')


def field(place: str) -> str:
    """The last named step of a place pattern with the indices behind it: "price", "items[*]"."""
    found = _FIELD.search(fold(place))
    return found[0].removeprefix(".") if found else ""


def transform(differences: Sequence[Difference]) -> str:
    """The claim that explains all of them, "" = none; see `diff.transforms`."""
    pairs = [(one.expected, one.actual) for one in differences]
    return shared([one.transforms for one in differences], pairs)


def how(differences: Sequence[Difference]) -> str:
    """How a value changed, when that is the same for all: "1 became 2", "rounded to 2 places";
    else ""."""
    first, claim = differences[0], transform(differences)
    if first.change == "type":
        return claim or _same(differences, "detail").removeprefix(": ")
    pair = became(differences)
    if pair == "changed":
        return claim
    return f"{pair} ({claim})" if claim else pair


def title(differences: Sequence[Difference], moment: Moment | None = None) -> str:
    """The title of differences that were folded together, the first one's kind being that of all:
    "response.body.$.total: number became string", "POST /charges (payments) no longer called".
    `moment` tells of the exception behind an error."""
    first = differences[0]
    if first.change == "escape":
        where = first.actual or first.dependency or "an unknown address"
        return f"a connection to {where} went past the mocks"
    if first.dependency:
        return _call_title(first, differences)
    if first.change == "status":
        return f"status {became(differences)}{_raised(moment)}"
    if first.change == "no-response":
        return f"no complete response{_raised(moment) or _same(differences, 'detail')}"
    if first.change == "not-replayed":
        return f"not replayed{_same(differences, 'detail')}"
    return _about(differences) + _change(first, differences)


def _raised(moment: Moment | None) -> str:
    """ ": KeyError: 'rate' in orders/shop.py:88"."""
    if moment is None or not moment.error:
        return ""
    where = moment.files[0].partition(" ")[0] if moment.files else ""
    return f": {_cut(moment.error, 2 * _SHORT)}" + (f" in {where}" if where else "")


def _cut(text: str, limit: int) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _about(differences: Sequence[Difference]) -> str:
    """The place that changed; where there are several, their field."""
    places = list(dict.fromkeys(fold(one.place) for one in differences))
    if len(places) == 1:
        return places[0]
    fields = list(dict.fromkeys(map(field, places)))
    if len(fields) == 1:
        return f"{fields[0]} in {len(places)} places"
    parents = {place[: len(place) - len(field(place))].rstrip(".") for place in places}
    named = ", ".join(fields[:_FIELDS])
    more = f" and {len(fields) - _FIELDS} more" if len(fields) > _FIELDS else ""
    where = f"{parents.pop()}: " if len(parents) == 1 else ""
    return f"{where}{named}{more}"


def _call_title(first: Difference, differences: Sequence[Difference]) -> str:
    call = f"{first.call} ({first.dependency})" if first.call else first.dependency
    if first.change == "unexpected" and not first.call:  # a connection that came to no call
        return f"{first.dependency}: {first.detail}"
    where = f" at {first.group}" if first.group == "startup" else ""
    where = " in the background" if first.group == "background" else where
    if first.change == "new-host":
        return f"new host {first.dependency}{where}"
    if first.change == "migration":
        return f"migration{where} ({first.dependency}): {_statements(differences)}"
    if first.change == "missing":
        return f"{call} no longer called{where}"
    if first.change == "unexpected":
        return f"{call} newly called{_often(differences)}{where}"
    if first.change == "repeated":
        return f"{call} {_times(differences)}{where}"
    if first.change == "reordered":
        return f"{call} called in another order{where}"
    if first.change in _MOVED:
        said = _same(differences, "detail").removeprefix(": ")
        return f"{call} {said or _MOVED[first.change]}{where}"
    if first.notice:
        return f"{call}: {_same(differences, 'detail')[2:] or 'client changed'}"
    if first.place == TRANSACTION:
        said = "is in a transaction now" if first.actual == INSIDE else "left its transaction"
        return f"{call} {said}{where}"
    return f"{call} {fold(first.place)}{_change(first, differences)}{where}"


def _statements(differences: Sequence[Difference]) -> str:
    """ "ALTER orders, CREATE lines and 2 more"."""
    calls = list(dict.fromkeys(one.call for one in differences))
    more = f" and {len(calls) - _FIELDS} more" if len(calls) > _FIELDS else ""
    return ", ".join(calls[:_FIELDS]) + more


_MOVED = {
    "moved": "moved to another request",
    "response-order": "moved to the other side of the response",
    "fan-out": "made at once with other calls, or no longer",
}


def _change(first: Difference, differences: Sequence[Difference]) -> str:
    """ ": number became string", " added", …"""
    claim = transform(differences)
    if claim.startswith(RENAMED_TO):
        return f" {claim}"
    if claim in STYLES and first.change == "removed":
        return f" renamed: {claim}"
    if first.change in ("added", "removed"):
        return f" {first.change}"
    if not first.place or all(not (one.expected or one.actual) for one in differences):
        return _same(differences, "detail") or " changed"
    if first.change == "changed" and not first.actual and not claim.startswith("became empty"):
        return " removed"
    if first.change == "changed" and not first.expected and not claim.startswith("no longer empty"):
        return " added"
    known = how(differences)
    return f": {known}" if known else ": type changed" if first.change == "type" else " changed"


def became(differences: Sequence[Difference]) -> str:
    """ "200 became 500" when that holds for all of them and is short, else "changed"."""
    pairs = {(one.expected, one.actual) for one in differences}
    if len(pairs) > 1:
        return "changed"
    expected, actual = pairs.pop()
    if not expected or not actual or expected == actual or len(expected) + len(actual) > _SHORT:
        return "changed"
    return f"{expected} became {actual}" if "\n" not in expected + actual else "changed"


def _often(differences: Sequence[Difference]) -> str:
    """ ", up to 50 times a request": the same with other parameters, again and again."""
    found = [_MADE.match(one.detail) for one in differences if one.exchange]
    most = max((int(one[1]) for one in found if one is not None), default=1)
    if most == 1:
        return ""
    return f" {most} times" if len(differences) == 1 else f", up to {most} times a request"


def _times(differences: Sequence[Difference]) -> str:
    again = all(AFTER_ERROR in one.detail for one in differences)
    ending = f", again and again {AFTER_ERROR}" if again else ""
    pairs = {(one.expected, one.actual) for one in differences}
    if len(pairs) > 1:
        return f"called more often than recorded{ending}"
    expected, actual = pairs.pop()
    recorded, times = expected.partition(" ")[0], actual.partition(" ")[0]
    said = f"called {'once' if times == '1' else f'{times} times'}, recorded {recorded}"
    return said + ending


def _same(differences: Sequence[Difference], field: str) -> str:
    """ ": " and a text that all have and that is short, else ""."""
    texts = {str(getattr(one, field)) for one in differences}
    text = texts.pop() if len(texts) == 1 else ""
    return f": {text}" if text and len(text) <= 2 * _SHORT and "\n" not in text else ""
