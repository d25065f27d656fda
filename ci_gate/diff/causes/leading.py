"""The first divergence of an exchange: what of it led, and what follows from that.

Only where an exchange broke (another status, no answer), or one that it builds on did: there every
difference has an origin. In this order:

- a request that was never sent, because the service had stopped answering: what it died of
- a value that an earlier answer did not bring: what differs there
- a call that was not answered as recorded
- an exception in the service's log, or an answer that never came
- an earlier write to the same resource that broke
- a call that was not made, where the service failed (5xx); where it refused, that comes first
- the status

What differs in an exchange that answered as it should is nobody's consequence here: `downstream`
asks of whole folds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ci_gate.model.difference import Difference, Moment

MISSES = frozenset({"changed", "unexpected", "new-host", "repeated", "moved"})
"""Calls whose live answer may not be the recorded one: what follows may be their doing."""
GONE = ("the service no longer answers", "cannot connect")
"""How the reason of a request begins that found nobody: others had got no answer before it."""

_NOTHING = Moment()


def leads(
    differences: Iterable[Difference],
    moments: Mapping[str, Moment],
    blamed: Mapping[str, str],
    after: Mapping[str, Collection[str]],
) -> dict[int, Difference]:
    """By id() of each difference that follows: the one that led.

    `differences` in the order of the replay. `blamed`: exchange -> the earlier one that did not
    bring a value it had to send; `after`: exchange -> earlier writes to what it is about.
    """
    by_exchange: dict[str, list[Difference]] = {}
    for one in differences:
        if one.exchange and not (one.excused or one.notice):
            by_exchange.setdefault(one.exchange, []).append(one)
    led = _Led(moments, blamed, after)
    for exchange, found in by_exchange.items():
        led.look(exchange, found)
    return led.leaders


class _Led:
    def __init__(
        self,
        moments: Mapping[str, Moment],
        blamed: Mapping[str, str],
        after: Mapping[str, Collection[str]],
    ) -> None:
        self._moments = moments
        self._blamed = blamed
        self._after = after
        self.leaders: dict[int, Difference] = {}
        self._first: dict[str, Difference] = {}
        """By exchange looked at: what led, there or before."""
        self._broken: set[str] = set()
        self._died: Difference | None = None
        """The last answer that never came."""

    def look(self, exchange: str, found: list[Difference]) -> None:
        """Find what led in one exchange."""
        broke = next((one for one in found if _breaks(one)), None)
        if broke is not None:
            self._broken.add(exchange)
        leader, following = self._leader(exchange, found, broke)
        self._first[exchange] = leader or found[0]
        for one in following:
            if leader is not None and one is not leader:
                self.leaders[id(one)] = leader
        if broke is not None and broke.change == "no-response":
            self._died = self._first[exchange]

    def _leader(
        self, exchange: str, found: list[Difference], broke: Difference | None
    ) -> tuple[Difference | None, list[Difference]]:
        """What led, and what in this exchange follows from it."""
        misses = [one for one in found if one.dependency and one.change in MISSES]
        rest = [one for one in found if one not in misses]
        if broke is not None and broke.detail.startswith(GONE) and self._died is not None:
            return self._died, found
        if broke is not None and broke.change == "not-replayed":
            return broke, found
        producer = self._first.get(self._blamed.get(exchange, ""))
        if producer is not None:
            return producer, found
        if misses:
            return misses[0], rest if _fails(broke) else [one for one in rest if one.dependency]
        raised = bool(self._moments.get(exchange, _NOTHING).error)
        if broke is not None and (raised or broke.change == "no-response"):
            return broke, found
        before = self._before(exchange, broke)
        if before is not None:
            return before, found if broke is not None else [d for d in found if not d.dependency]
        dropped = next((one for one in found if one.dependency), None)
        if dropped is not None and broke is not None and broke.actual.startswith("5"):
            return dropped, found
        return broke, found if broke is not None else []

    def _before(self, exchange: str, broke: Difference | None) -> Difference | None:
        """What led in an earlier write that this exchange builds on and that broke; None where it
        broke in the same way itself."""
        writes = [name for name in self._after.get(exchange, ()) if name in self._broken]
        firsts = [self._first[name] for name in writes]
        if broke is not None and any(_alike(one, broke) for one in firsts):
            return None
        return firsts[-1] if firsts else None


def _breaks(one: Difference) -> bool:
    return one.change in ("status", "no-response", "not-replayed") and not one.dependency


def _fails(broke: Difference | None) -> bool:
    """Whether an exchange ended in an error it was not recorded with."""
    return broke is not None and (broke.change != "status" or broke.actual[:1] in ("4", "5"))


def _alike(one: Difference, other: Difference) -> bool:
    return (one.change, one.expected, one.actual) == (other.change, other.expected, other.actual)
