"""Ids: who keeps the one it had, and who gets the next free number. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from ci_gate.model.exchange import Exchange

Identities = dict[str, str]
"""Exchange id -> identity (see `store.keys`)."""


class Numbers:
    """Gives `<identity>-<occurrence>`; an id that is or was in use is never given again."""

    def __init__(self, used: Iterable[str]) -> None:
        self._used = set(used)
        self._last: dict[str, int] = {}

    def next(self, identity: str) -> str:
        """The lowest free id of this identity."""
        number = self._last.get(identity, 0) + 1
        while f"{identity}-{number}" in self._used:
            number += 1
        self._last[identity] = number
        return f"{identity}-{number}"


class Known:
    """Previous exchanges whose ids may be given again, in recorded order.

    `exact` exchanges are recognised by identity and groups, `loose` ones by identity alone.
    """

    def __init__(
        self, exact: Iterable[Exchange], loose: Iterable[Exchange], identities: Identities
    ) -> None:
        self._exact: dict[tuple[str, tuple[str, ...]], deque[str]] = {}
        self._loose: dict[str, deque[str]] = {}
        self.taken: set[str] = set()
        for exchange in exact:
            key = (identities[exchange.id], exchange.groups)
            self._exact.setdefault(key, deque()).append(exchange.id)
        for exchange in loose:
            self._loose.setdefault(identities[exchange.id], deque()).append(exchange.id)

    def same(self, identity: str, groups: tuple[str, ...]) -> str:
        """The id of the next one with this identity and these groups, or ""."""
        return self._take(self._exact.get((identity, groups)))

    def alike(self, identity: str) -> str:
        """The id of the next one with this identity, or ""."""
        return self._take(self._loose.get(identity))

    def _take(self, waiting: deque[str] | None) -> str:
        while waiting:
            found = waiting.popleft()
            if found not in self.taken:
                self.taken.add(found)
                return found
        return ""


def name_all(
    exchanges: list[Exchange], identities: Identities, known: Known, numbers: Numbers
) -> Identities:
    """Provisional id -> id. Exchanges (in recorded order, groups by their new ids) take the id of
    the same exchange in the same groups, then one of the same exchange elsewhere, then a number."""
    names = {e.id: known.same(identities[e.id], e.groups) for e in exchanges}
    for exchange in exchanges:
        if not names[exchange.id]:
            identity = identities[exchange.id]
            names[exchange.id] = known.alike(identity) or numbers.next(identity)
    return names
