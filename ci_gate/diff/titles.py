"""One line that says what a cause is, for people."""

from __future__ import annotations

from collections.abc import Sequence

from ci_gate.model.difference import Difference
from ci_gate.values.places import fold

_SHORT = 60


def title(differences: Sequence[Difference]) -> str:
    """The title of differences that were folded together, the first one's kind being that of all:
    "response.body.$.total: number became string", "POST /charges (payments) no longer called"."""
    first = differences[0]
    if first.change == "escape":
        where = first.actual or first.dependency or "an unknown address"
        return f"a connection to {where} went past the mocks"
    if first.dependency:
        return _call_title(first, differences)
    if first.change == "status":
        return f"status {became(differences)}"
    if first.change == "no-response":
        return f"no complete response{_same(differences, 'detail')}"
    if first.change == "not-replayed":
        return f"not replayed{_same(differences, 'detail')}"
    return f"{fold(first.place)}{_change(first, differences)}"


def _call_title(first: Difference, differences: Sequence[Difference]) -> str:
    call = f"{first.call} ({first.dependency})" if first.call else first.dependency
    if first.change == "unexpected" and not first.call:  # a connection that came to no call
        return f"{first.dependency}: {first.detail}"
    where = f" at {first.group}" if first.group == "startup" else ""
    where = " in the background" if first.group == "background" else where
    if first.change == "new-host":
        return f"new host {first.dependency}{where}"
    if first.change == "missing":
        return f"{call} no longer called{where}"
    if first.change == "unexpected":
        return f"{call} newly called{where}"
    if first.change == "repeated":
        return f"{call} {_times(differences)}{where}"
    if first.change == "reordered":
        return f"{call} called in another order{where}"
    if first.notice:
        return f"{call}: {_same(differences, 'detail')[2:] or 'client changed'}"
    return f"{call} {fold(first.place)}{_change(first, differences)}{where}"


def _change(first: Difference, differences: Sequence[Difference]) -> str:
    """ ": number became string", " added", …"""
    if first.change == "type":
        return _same(differences, "detail") or ": type changed"
    if first.change in ("added", "removed"):
        return f" {first.change}"
    if not first.place or all(not (one.expected or one.actual) for one in differences):
        return _same(differences, "detail") or " changed"
    if first.change == "changed" and not first.actual:
        return " removed"
    if first.change == "changed" and not first.expected:
        return " added"
    known = became(differences)
    return " changed" if known == "changed" else f": {known}"


def became(differences: Sequence[Difference]) -> str:
    """ "200 became 500" when that holds for all of them and is short, else "changed"."""
    pairs = {(one.expected, one.actual) for one in differences}
    if len(pairs) > 1:
        return "changed"
    expected, actual = pairs.pop()
    if not expected or not actual or len(expected) + len(actual) > _SHORT:
        return "changed"
    return f"{expected} became {actual}" if "\n" not in expected + actual else "changed"


def _times(differences: Sequence[Difference]) -> str:
    pairs = {(one.expected, one.actual) for one in differences}
    if len(pairs) > 1:
        return "called more often than recorded"
    expected, actual = pairs.pop()
    recorded, times = expected.partition(" ")[0], actual.partition(" ")[0]
    return f"called {'once' if times == '1' else f'{times} times'}, recorded {recorded}"


def _same(differences: Sequence[Difference], field: str) -> str:
    """ ": " and a text that all have and that is short, else ""."""
    texts = {str(getattr(one, field)) for one in differences}
    text = texts.pop() if len(texts) == 1 else ""
    return f": {text}" if text and len(text) <= 2 * _SHORT and "\n" not in text else ""
