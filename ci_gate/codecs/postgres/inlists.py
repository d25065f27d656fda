"""The order in which literals are compared: an IN list is a set, and many a program writes it in the
order of one of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LITERALS = frozenset(("string", "number"))


def literal_order(tokens: Iterable[tuple[str, str]]) -> tuple[int, ...]:
    """For each place the index of the literal that stands there: as written, and in each IN list of
    nothing but literals, or literals cast to one type, sorted. `tokens`: (kind, text), see `sql.tokens`.
    """
    order: list[int] = []
    texts: list[str] = []
    items: list[list[str]] | None = None
    """Of the list that is open: of each item what stands behind its literal."""
    before = ""
    for kind, text in tokens:
        if kind in LITERALS:
            order.append(len(order))
            texts.append(text)
        if items is None:
            items = [] if text == "(" and before == "IN" else None
        elif text == ")":
            if _is_plain(items):
                order[len(order) - len(items) :] = _sorted(order[-len(items) :], texts)
            items = None
        elif kind in LITERALS and before in ("(", ","):
            items.append([])
        elif text in ("(", ";") or not items:
            items = None
        elif text != ",":
            items[-1].append("" if kind in LITERALS else text)
        before = text.upper() if kind == "word" else text
    return tuple(order)


def _is_plain(items: Sequence[Sequence[str]]) -> bool:
    """One literal each, and the same behind every one."""
    return len(items) > 1 and "" not in items[0] and all(one == items[0] for one in items)


def _sorted(indexes: Sequence[int], texts: Sequence[str]) -> list[int]:
    return sorted(indexes, key=texts.__getitem__)
