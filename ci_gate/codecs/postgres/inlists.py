"""The order in which the values of IN lists are compared: such a list is a set, and many a program
writes it in the order of one of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

Token = tuple[str, str]
"""Kind and text, see `sql.tokens`."""

LITERALS = frozenset(("string", "number"))
_PARAMETERS = frozenset(("parameter",))
_LONGEST_NUMBER = 6
"""Characters of a parameter; no statement has more than 65,535 of them."""


def literal_order(tokens: Iterable[Token]) -> tuple[int, ...]:
    """For each place the index of the literal that stands there: as written, and in each IN list of
    nothing but literals, or literals cast to one type, sorted."""
    found = list(tokens)
    numbers = _numbers(found, LITERALS)
    order = list(numbers.values())
    for listed in _in_lists(found, LITERALS):
        first = numbers[listed[0]]
        in_order = sorted(listed, key=lambda at: found[at][1])
        order[first : first + len(listed)] = map(numbers.__getitem__, in_order)
    return tuple(order)


def parameter_lists(tokens: Iterable[Token]) -> tuple[tuple[int, ...], ...]:
    """The parameters of each IN list of nothing but parameters, or parameters cast to one type, as
    indexes in ascending order. Left out are lists with one that stands elsewhere, too: there it is
    not any of them."""
    found = list(tokens)
    counts = Counter(text for kind, text in found if kind in _PARAMETERS)
    lists: list[tuple[int, ...]] = []
    for listed in _in_lists(found, _PARAMETERS):
        texts = [found[at][1] for at in listed]
        if all(counts[one] == 1 and len(one) <= _LONGEST_NUMBER for one in texts):
            lists.append(tuple(sorted(int(one[1:]) - 1 for one in texts)))
    return tuple(lists)


def parameter_places(tokens: Iterable[Token]) -> tuple[tuple[int, ...], ...]:
    """The same lists, also of parameters that stand elsewhere, by what their places are among all
    places in which a parameter stands, from 0."""
    found = list(tokens)
    numbers = _numbers(found, _PARAMETERS)
    return tuple(tuple(numbers[at] for at in one) for one in _in_lists(found, _PARAMETERS))


def _numbers(tokens: Sequence[Token], kinds: Collection[str]) -> dict[int, int]:
    """Where tokens of `kinds` stand -> the number of each among them."""
    of_kinds = (at for at, (kind, _) in enumerate(tokens) if kind in kinds)
    return {at: number for number, at in enumerate(of_kinds)}


def _in_lists(tokens: Sequence[Token], kinds: Collection[str]) -> Iterator[list[int]]:
    """Where the tokens stand of each IN list that has nothing but such of `kinds` in it, or nothing
    but such and the same behind each."""
    listed: list[int] = []
    items: list[list[str]] | None = None
    """Of the list that is open: of each item what stands behind it."""
    before = ""
    for index, (kind, text) in enumerate(tokens):
        if items is None:
            listed, items = [], [] if text == "(" and before == "IN" else None
        elif text == ")":
            if _is_plain(items):
                yield listed
            items = None
        elif kind in kinds and before in ("(", ","):
            items.append([])
            listed.append(index)
        elif text in ("(", ";") or not items:
            items = None
        elif text != ",":
            items[-1].append("" if kind in kinds else text)
        before = text.upper() if kind == "word" else text


def _is_plain(items: Sequence[Sequence[str]]) -> bool:
    """One each, and the same behind every one."""
    return len(items) > 1 and "" not in items[0] and all(one == items[0] for one in items)
