"""Which inbound request caused a call. The one mutable object that stages share.

The replayer (or the inbound proxy) says when an inbound request begins and ends; the mocks (or the
outbound proxy) ask for the group of a call and say when a recorded call was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ci_gate.model.exchange import BACKGROUND, STARTUP

_STARTUP = (STARTUP,)
_BACKGROUND = (BACKGROUND,)


class Correlation:
    """One service and its mocks (or proxies) during one recording or run.

    `settle` is nanoseconds: how long after a response a call still belongs to that request when
    nothing else is known. With `by_time` False (replaying) calls belong to the last request
    until the next one begins, however long that takes.
    """

    def __init__(self, settle: int, *, by_time: bool) -> None:
        self._settle = settle
        self._by_time = by_time
        self.begun: set[str] = set()
        """Inbound exchanges that have started, ended ones too."""
        self._in_flight: dict[str, frozenset[bytes]] = {}
        self._last = ""
        self._last_end = 0
        self._expected: Mapping[str, int] = {}
        self._outstanding: dict[str, int] = {}
        self._on_settled: Callable[[str], None] | None = None
        self._on_begun: Callable[[str], None] | None = None

    def expect(self, calls: Mapping[str, int]) -> None:
        """How many calls each inbound exchange is expected to cause (replaying)."""
        self._expected = calls
        self._outstanding = dict(calls)

    def on_settled(self, callback: Callable[[str], None]) -> None:
        """`callback(id)` is called when the last expected call of an exchange was seen."""
        self._on_settled = callback

    def on_begun(self, callback: Callable[[str], None]) -> None:
        """`callback(id)` is called when an exchange begins."""
        self._on_begun = callback

    def begin(self, exchange: str, traces: frozenset[bytes] = frozenset()) -> None:
        """An inbound request starts."""
        self.begun.add(exchange)
        self._in_flight[exchange] = traces
        if self._on_begun is not None:
            self._on_begun(exchange)

    def end(self, exchange: str, at: int) -> None:
        """Its response is complete, or will never be."""
        self._in_flight.pop(exchange, None)
        self._last = exchange
        self._last_end = at

    def in_flight(self) -> tuple[str, ...]:
        """The inbound requests that have begun and are not answered yet."""
        return tuple(self._in_flight)

    def idle(self, at: int) -> bool:
        """True when no request is in flight and the last one ended more than `settle` ago."""
        return bool(self._last) and not self._in_flight and at - self._last_end > self._settle

    def groups(self, at: int, traces: frozenset[bytes] = frozenset()) -> tuple[str, ...]:
        """Who caused a call that starts at `at`: one id, several when ambiguous, or a group's name."""
        in_flight = self._in_flight
        if len(in_flight) == 1:
            return tuple(in_flight)
        if in_flight:
            if traces:
                sharing = [name for name, known in in_flight.items() if known & traces]
                if len(sharing) == 1:
                    return (sharing[0],)
            return tuple(in_flight)
        if not self._last:
            return _STARTUP
        if self._by_time and at - self._last_end > self._settle:
            return _BACKGROUND
        return (self._last,)

    def seen(self, exchange: str) -> None:
        """A recorded call of this inbound exchange was made."""
        left = self._outstanding.get(exchange, 0) - 1
        self._outstanding[exchange] = left
        if left == 0 and self._on_settled is not None:
            self._on_settled(exchange)

    def at_work(self, exchange: str) -> bool:
        """True when a recorded call of this inbound exchange has been made: it has arrived."""
        return self._outstanding.get(exchange, 0) < self._expected.get(exchange, 0)

    def settled(self, exchange: str) -> bool:
        """True when all calls that were recorded for this inbound exchange have been made."""
        return self._outstanding.get(exchange, 0) <= 0
