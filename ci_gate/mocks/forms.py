"""Requests in canonical form, for keys in which some places are compared by kind only."""

from __future__ import annotations

from collections.abc import Hashable

from ci_gate.codecs.base import Codec
from ci_gate.codecs.http1.keys import FIELDS
from ci_gate.diff.masks import ANY
from ci_gate.mocks.matcher import Canonical
from ci_gate.model.message import Message
from ci_gate.values.canonical import canonical
from ci_gate.values.kinds import KINDS, is_kind
from ci_gate.values.places import covers

_FIELDS = tuple(f"request.headers.{name}" for name in FIELDS)
"""The places that `Key.fields` compares, in its order."""
_WHOLE = {"body": ("request.body",), "query": ("request.query", "request.query.*")}
"""Parts, and the places by which a rule opens all of one."""


def canonical_form(codec: Codec, opened: tuple[tuple[str, str], ...]) -> Canonical:
    """The function that puts a request into canonical form.

    `opened` are (place pattern, kind): a value at such a place that is of the kind becomes the
    kind's name, any other value stays, and so keeps the key from being equal. A kind that only
    stand-ins have (a password, a birth date) takes any value that is not empty. A body or a query
    that is open as a whole for anything may also be absent.
    """
    anything = {at for at, kind in opened if kind == ANY}
    unread = {"headers"} | {
        part for part, places in _WHOLE.items() if not anything.isdisjoint(places)
    }
    left_out = frozenset(
        index for index, place in enumerate(_FIELDS) if any(covers(at, place) for at, _ in opened)
    )

    def blank(place: str, value: object) -> str | None:
        full = "request." + place
        for pattern, kind in opened:
            if covers(pattern, full) and _fits(value, kind):
                return f"‹{kind}›"
        return None

    def form(message: Message) -> Hashable:
        fields = tuple(
            None if index in left_out else field
            for index, field in enumerate(codec.key(message).fields)
        )
        return (
            *(canonical(part, blank) for part in codec.places(message) if part.place not in unread),
            fields,
        )

    return form


def absent_too(at: str, kind: str) -> bool:
    """True where what opens this place of a call for a kind lets the call be without it, too: a
    compared header; the body or the query as a whole, for anything."""
    whole = kind == ANY and any(at in places for places in _WHOLE.values())
    return whole or any(covers(at, place) for place in _FIELDS)


def _fits(value: object, kind: str) -> bool:
    return is_kind(value, kind) if kind in KINDS else value not in ("", None)
