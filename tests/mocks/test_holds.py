"""Who waits for whom: answers kept back until what was recorded beside them has happened."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from ci_gate.mocks.holds import LARGEST, LONGEST, PATIENCE, TIMES, Holds
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse

MS = 1_000_000
NUMBERS = itertools.count(1)


def exchange(name: str, at: float, ended: float, *groups: str, size: int = 2) -> Exchange:
    """An inbound exchange, or with groups a call of the dependency "api"."""
    return Exchange(
        id=name,
        dependency="api" if groups else "",
        route="GET /" + name[0],
        groups=groups,
        at=at,
        took=ended - at,
        connection=next(NUMBERS),
        request=HttpRequest("GET", b"/"),
        response=HttpResponse(200, b"", (), b"x" * size),
    )


REQUEST = exchange("r", 0, 50)


class Played:
    """Holds for some recorded calls of one request, and what is in flight."""

    def __init__(self, *calls: Exchange, loose: frozenset[tuple[str, str]] = frozenset()) -> None:
        self.flying = ["r"]
        self.resting = True
        self.calls = {call.id: call for call in calls}
        self.holds = Holds(
            [REQUEST, exchange("s", 60, 70)],
            calls,
            loose,
            lambda: self.flying,
            lambda: self.resting,
        )

    def ask(self, name: str) -> tuple[bool, tuple[str, ...]]:
        """A call is made: (it is kept, what has waited when patience ends)."""
        call = self.calls[name]
        waiting = self.holds.keep(call, call.groups, 0)
        if waiting is None:
            return False, ()
        assert not self.holds.over(call, waiting, waiting.until - 1)
        assert self.holds.over(call, waiting, waiting.until)
        return True, waiting.awaited


def test_calls_made_at_once_are_answered_when_both_are_there() -> None:
    """The first is kept until the second has come, and no longer; the second is not kept."""
    played = Played(exchange("a", 10, 30, "r"), exchange("b", 11, 30, "r"))
    first = played.holds.keep(played.calls["a"], ("r",), 0)
    assert first is not None
    assert not played.holds.over(played.calls["a"], first, 5 * MS)
    assert played.holds.keep(played.calls["b"], ("r",), 1) is None
    assert played.holds.over(played.calls["a"], first, 6 * MS)
    assert first.awaited == ()


def test_a_call_that_waits_is_told_when_patience_ends() -> None:
    """The second call never came while the first was kept."""
    played = Played(exchange("a", 10, 30, "r"), exchange("b", 11, 30, "r"))
    assert played.ask("a") == (True, ("b",))
    assert played.ask("b") == (False, ())


def test_calls_made_at_once_may_come_in_any_order() -> None:
    """The one recorded last is kept too when it comes first: what was recorded to have begun before
    it waits for it now. In the unchanged service any of them lets it go."""
    calls = [exchange(name, 10 + at, 30, "r") for at, name in enumerate("abc")]
    assert Played(*calls).ask("c") == (True, ("a", "b"))
    played = Played(*calls)
    last = played.holds.keep(played.calls["c"], ("r",), 0)
    assert last is not None
    assert played.holds.keep(played.calls["b"], ("r",), 1) is None
    assert played.holds.over(played.calls["c"], last, 2)
    assert last.awaited == ()


def test_few_workers_that_take_calls_in_any_order_are_not_kept_waiting() -> None:
    """Two at a time were recorded as a with b, then b with c; now a and c come first, and b cannot
    come before one of them is answered."""
    calls = [exchange(*one, "r") for one in (("a", 10, 20), ("b", 10, 40), ("c", 20, 40))]
    played = Played(*calls)
    first = played.holds.keep(calls[0], ("r",), 0)
    assert first is not None
    assert played.holds.keep(calls[2], ("r",), 1) is None


def test_who_is_still_at_work_has_not_waited() -> None:
    """On a busy machine a service that was not given the processor yet is given more time, but not
    for ever."""
    played = Played(exchange("a", 10, 30, "r"), exchange("b", 11, 30, "r"))
    call, played.resting = played.calls["a"], False
    waiting = played.holds.keep(call, ("r",), 0)
    assert waiting is not None
    assert not played.holds.over(call, waiting, waiting.until)
    assert played.holds.keep(played.calls["b"], ("r",), waiting.until) is None
    assert played.holds.over(call, waiting, waiting.until + 1)
    assert waiting.awaited == ()
    played = Played(exchange("a", 10, 30, "r"), exchange("b", 11, 30, "r"))
    call, played.resting = played.calls["a"], False
    waiting = played.holds.keep(call, ("r",), 0)
    assert waiting is not None
    assert played.holds.over(call, waiting, waiting.until + 10**10)
    assert waiting.awaited == ("b",)


def test_a_response_that_waits_is_told() -> None:
    """A call whose answer came behind the response is kept until the response is there."""
    played = Played(exchange("a", 60, 70, "r"))
    assert played.ask("a") == (True, ("r",))
    played = Played(exchange("a", 60, 70, "r"))
    played.flying.clear()
    assert played.ask("a") == (False, ())


def test_calls_in_turn_are_never_kept() -> None:
    """Where nothing was recorded beside a call, it is answered at once."""
    played = Played(exchange("a", 10, 20, "r"), exchange("b", 20, 30, "r"))
    assert [played.ask(name) for name in "ab"] == [(False, ()), (False, ())]


@pytest.mark.parametrize(
    "first",
    [
        exchange("a", 10, 10, "r"),
        exchange("a", 10, 30, "r", size=LARGEST),
        exchange("a", 10, 30, "r", "s"),
        exchange("a", 10, 30, "startup"),
    ],
)
def test_what_cannot_be_told_is_not_kept(first: Exchange) -> None:
    """No times, an answer in many pieces, nobody's call for certain."""
    played = Played(first, exchange("b", 11, 12, "r"))
    played.flying.clear()
    assert played.ask("a") == (False, ())


def test_a_pipeline_is_not_kept() -> None:
    """Requests sent ahead on one connection are answered in turn: keeping one keeps all."""
    one, other = exchange("a", 10, 30, "r"), exchange("b", 11, 30, "r")
    played = Played(one, msgspec.structs.replace(other, connection=one.connection))
    assert played.ask("a") == (False, ())


def test_what_is_loose_is_not_kept() -> None:
    """Learned to wait and not to wait: nothing follows from it."""
    loose = frozenset({("r", "api")})
    played = Played(exchange("a", 10, 30, "r"), exchange("b", 11, 30, "r"), loose=loose)
    assert played.ask("a") == (False, ())


def test_patience_grows_with_what_was_recorded_and_has_an_end() -> None:
    """A second call that was recorded later may come later; a very late one is not waited for."""
    one, other = exchange("a", 10, 5000, "r"), exchange("b", 210, 300, "r")
    waiting = Played(one, other).holds.keep(one, ("r",), 0)
    assert waiting is not None
    assert waiting.until / 1e9 == pytest.approx(PATIENCE + 0.4)
    late = Played(one, exchange("b", 11 + LONGEST, 5000, "r"))
    late.flying.clear()
    assert late.ask("a") == (False, ())


def test_a_late_call_is_kept_for_the_request_in_flight() -> None:
    """It belongs to an earlier request; if the one in flight waits for it, it is that one's now."""
    played = Played(exchange("a", 10, 20, "r"))
    played.flying[:] = ["s"]
    assert played.ask("a") == (True, ("s",))
    played.flying[:] = ["s", "t"]
    assert played.ask("a") == (False, ())


def test_a_few_times_are_enough() -> None:
    """Patience that ended some times for one route is not tried again: the run stays short."""
    calls = [
        one
        for n in range(TIMES + 1)
        for one in (exchange(f"a{n}", 10, 30, "r"), exchange(f"b{n}", 11, 30, "r"))
    ]
    played = Played(*sorted(calls, key=lambda one: one.at))
    kept = [played.ask(f"a{n}")[0] for n in range(TIMES + 1)]
    assert kept == [True] * TIMES + [False]
