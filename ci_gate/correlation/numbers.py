"""Small numbers that travel: the ids that counters and sequences give.

1, 2 and 10 are everywhere, so that a number says nothing by itself. It is an id by where it stands:
an answer brings it under a name for an id (`id`, `order_id`, the end of Location), and a later
request says it as the id of the same sort of thing (`/orders/7`, `order_id=7`, `{"order": 7}`).
What a client has said before it was brought is the client's own. A number is bound to its sort of
thing alone: order 7 and customer 7 are two values. Live, only the places found here are changed,
and only when the number that was brought is another one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from ci_gate.correlation.atoms import DIGITS
from ci_gate.model.binding import Spot

_NUMBER = re.compile(rf"[1-9][0-9]{{0,{DIGITS - 2}}}")
_LOCATION = re.compile(r"/([A-Za-z][A-Za-z0-9_-]*)/([0-9]{1,7})(?=[/?#]|$)")
_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[\d+\]|\.?([^.\[\]]+)')
_SEGMENT = re.compile(r"request\.path\[(\d+)\]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_IDS = frozenset({"id", "pk", "uid"})
_NUMBERS = frozenset({"number", "no", "nr"})
"""Names of an id where there is no other name of one beside it."""
_WRAPPERS = frozenset(
    "data result item content payload response row record list entry attribute value object".split()
)
"""Names around things that do not say what the things are."""

Sort = tuple[str, str]
"""(what it is the id of, number): ("order", "7")."""


class Number(NamedTuple):
    """A number that travels."""

    value: str
    made: Spot
    used: list[Spot]


def is_number(value: str) -> bool:
    """True for a number that is bound by where it stands, and not by itself."""
    return _NUMBER.fullmatch(value) is not None


class Numbers:
    """Looks for them in the messages of clients and of the service, in the order of their times."""

    def __init__(self) -> None:
        self._known: set[Sort] = set()
        self._made: dict[Sort, Number] = {}

    def asked(self, exchange: str, texts: Mapping[str, str]) -> None:
        """A client's request: leaves by full place."""
        for place, sort in _ids_in(texts):
            made = self._made.get(sort)
            if made is None:
                self._known.add(sort)
            else:
                made.used.append(Spot(exchange=exchange, at=place))

    def said(
        self,
        exchange: str,
        asked: Mapping[str, str],
        texts: Mapping[str, str],
        varies: Callable[[str], bool],
    ) -> None:
        """The service's answer, and the request that it answers. `varies`: the value at a place is
        not always the same, as far as is known."""
        for place, sort, (before, after) in _ids_out(asked, texts):
            if sort not in self._known and sort not in self._made and varies(place):
                spot = Spot(exchange=exchange, at=place, before=before, after=after)
                self._made[sort] = Number(sort[1], spot, [])

    def found(self) -> Iterator[Number]:
        """Those that were said again, in the order in which they were brought."""
        return (one for one in self._made.values() if one.used)


def _ids_in(texts: Mapping[str, str]) -> Iterator[tuple[str, Sort]]:
    """(place, sort) of every number by which a request names a thing."""
    for place, text in texts.items():
        if not is_number(text):
            continue
        segment = _SEGMENT.fullmatch(place)
        if segment is not None:
            before = texts.get(f"request.path[{int(segment[1]) - 1}]", "")
            if before and not before.isdigit():
                yield place, (_singular(_snake(before)), text)
        elif place.startswith(("request.query.", "request.body.")):
            steps = _steps(place)
            yield place, (_named(steps) or _thing(steps, texts) or _singular(steps[-1]), text)


def _ids_out(
    asked: Mapping[str, str], texts: Mapping[str, str]
) -> Iterator[tuple[str, Sort, tuple[str, str]]]:
    """(place, sort, what stands before and after it in the text) of every number that names a thing
    in an answer."""
    for place, text in texts.items():
        if place.startswith("response.body.$") and is_number(text):
            steps = _steps(place)
            thing = _named(steps)
            if not thing and (steps[-1] in _IDS or _is_only_name(place, texts)):
                thing = _thing(steps, asked)
            if thing:
                yield place, (thing, text), ("", "")
        elif place.startswith("response.headers.location"):
            for found in _LOCATION.finditer(text):
                before = f"/{found[1]}/"
                if is_number(found[2]) and text.find(before) == found.start():
                    after = text[found.end() : found.end() + 1]
                    yield place, (_singular(_snake(found[1])), found[2]), (before, after)


def _named(steps: list[str]) -> str:
    """What a name like `order_id` is the id of; "" for a bare `id`, and for other names."""
    head, _, last = steps[-1].rpartition("_")
    return _singular(head) if _singular(last) in _IDS | _NUMBERS else ""


def _thing(steps: list[str], asked: Mapping[str, str]) -> str:
    """What a bare `id` is the id of: what stands around it, else what the request asks for. "" when
    it is no id."""
    if _singular(steps[-1]) not in _IDS | _NUMBERS:
        return ""
    for step in reversed(steps[:-1]):
        if _singular(step) not in _WRAPPERS:
            return _singular(step)
    segments = [text for place, text in asked.items() if _SEGMENT.fullmatch(place)]
    words = [text for text in segments if not any(sign.isdigit() for sign in text)]
    return _singular(_snake(words[-1])) if words else ""


def _is_only_name(place: str, texts: Mapping[str, str]) -> bool:
    """True for `number` where no `id` stands beside it."""
    around = place.rpartition(".")[0]
    return not any(f"{around}.{name}" in texts for name in (*_IDS, "_id"))


def _steps(place: str) -> list[str]:
    """The names on the way to a place below the part, snake case, indices left out."""
    inner = place.split(".", 2)[2].removeprefix("$")
    found = [one[1] if one[1] is not None else one[2] for one in _STEP.finditer(inner)]
    return [_snake(name) for name in found if name] or [""]


def _snake(name: str) -> str:
    return _HUMP.sub("_", name).replace("-", "_").lower().strip("_")


def _singular(name: str) -> str:
    for end, short in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("xes", "x")):
        if name.endswith(end):
            return name.removesuffix(end) + short
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name
