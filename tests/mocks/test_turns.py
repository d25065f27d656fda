"""Who no longer waits: answers kept for a moment, and what came before them."""

from __future__ import annotations

import msgspec
import pytest

from ci_gate.mocks.bound import Answer
from ci_gate.mocks.holds import LARGEST
from ci_gate.mocks.turns import LEARNING, LONGEST, MOST, STRETCH, TOTAL, Turn, Turns
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse

HERE, THERE = object(), object()
"""Two connections."""


def exchange(name: str, at: float, ended: float, *groups: str, size: int = 2) -> Exchange:
    """An inbound exchange, or with groups a call that was learned to be waited for."""
    return Exchange(
        id=name,
        dependency="api" if groups else "",
        route="GET /" + name[0],
        groups=groups,
        at=at,
        took=ended - at,
        request=HttpRequest("GET", b"/"),
        response=HttpResponse(200, b"", (), b"x" * size),
        blocking=bool(groups),
    )


REQUEST = exchange("r", 0, 50)
A, B = exchange("a", 10, 20, "r"), exchange("b", 20, 30, "r")


class Played:
    """The turns of some recorded calls of one request, which is in flight."""

    def __init__(
        self,
        *calls: Exchange,
        loose: frozenset[tuple[str, str]] = frozenset(),
        learning: bool = False,
    ) -> None:
        self.flying = ["r"]
        inbound = [REQUEST, exchange("s", 60, 70)]
        self.resting = True
        self.turns = Turns(
            inbound, calls, loose, lambda: self.flying, lambda: self.resting, learning=learning
        )

    def keep(self, call: Exchange, asker: object = HERE, now: int = 0) -> Turn | None:
        """A live call is matched with `call`."""
        return self.turns.keep(call, call.groups, asker, now)


def kept(played: Played, call: Exchange) -> Turn:
    """The turn of a call whose answer is kept at the time 0."""
    turn = played.keep(call)
    assert turn is not None
    assert not played.turns.over(turn, turn.until - 1)
    return turn


def test_what_waits_is_answered_when_the_moment_is_over() -> None:
    """Nothing came meanwhile; what the request was kept for is known."""
    played = Played(A, B)
    turn = kept(played, A)
    assert turn.until == int(LONGEST * 1e9)
    assert played.turns.over(turn, turn.until)
    assert (turn.overtaken, played.turns.delays) == ((), {"r": turn.until})


def test_a_call_that_does_not_wait_is_told() -> None:
    """The later call came on another connection while the answer was kept; there may be more."""
    played = Played(A, B)
    turn = kept(played, A)
    assert played.keep(B, THERE, 5) is None
    assert not played.turns.over(turn, 6)
    assert played.turns.over(turn, turn.until)
    assert turn.overtaken == ("b",)
    assert played.turns.delays == {"r": turn.until}


def test_a_call_that_comes_before_what_it_waited_for_is_told() -> None:
    """Made at once, calls come in any order: the earlier one came while the later one was kept,
    and goes out at once."""
    played = Played(A, B)
    later = kept(played, B)
    turn = played.keep(A, THERE, 5)
    assert turn is not None
    assert turn.overtaken == ("b",)
    assert played.turns.over(turn, 5)
    assert (later.overtaken, played.turns.over(later, 6)) == ((), False)


def test_a_response_that_does_not_wait_is_told() -> None:
    """The request is answered before the call is."""
    played = Played(A)
    turn = kept(played, A)
    played.flying.clear()
    assert played.turns.over(turn, 6)
    assert turn.overtaken == ("r",)


def test_what_proves_nothing() -> None:
    """The same connection (sent ahead), a call that was recorded before, another request's call."""
    played = Played(A, B, other := exchange("c", 61, 62, "s"))
    turn = kept(played, A)
    played.keep(B, HERE, 5)
    played.keep(A, THERE, 5)
    played.keep(other, THERE, 5)
    played.turns.keep(B, ("r", "s"), THERE, 5)
    assert turn.overtaken == ()


def test_what_comes_after_the_moment_proves_nothing() -> None:
    """A connection that was lost meanwhile leaves its turn behind."""
    played = Played(A, B)
    turn = kept(played, A)
    played.keep(B, THERE, turn.until + int(STRETCH * 1e9))
    assert turn.overtaken == ()


def test_who_is_still_at_work_has_a_little_longer() -> None:
    """What did not get the processor yet comes when it does; all together take no longer than they
    may."""
    played = Played(A, B)
    turn = kept(played, A)
    played.resting = False
    assert not played.turns.over(turn, turn.until)
    assert played.keep(B, THERE, turn.until) is None
    played.resting = True
    assert played.turns.over(turn, turn.until + 1)
    assert turn.overtaken == ("b",)
    calls = [exchange(f"a{n}", n, n + 1, "r") for n in range(5)]
    played = Played(*calls)
    played.resting = False
    now, stretched = 0, []
    for call in calls:
        last = played.keep(call, HERE, now)
        assert last is not None
        while not played.turns.over(last, now):
            now += 1_000_000
        stretched.append(round((now - last.until) / 1e9, 3))
    assert stretched == [STRETCH, STRETCH, round(TOTAL - 2 * STRETCH, 3), 0.0, 0.0]


def test_one_answer_of_a_request_is_kept_at_a_time() -> None:
    """The other is answered at once; when the first is done, the next is kept."""
    played = Played(A, B)
    turn = kept(played, A)
    assert played.keep(B, HERE, 1) is None
    assert played.turns.over(turn, turn.until)
    assert played.keep(B, HERE, turn.until) is not None


@pytest.mark.parametrize(
    "calls",
    [
        (msgspec.structs.replace(A, blocking=False),),
        (exchange("a", 10, 20, "r", size=LARGEST),),
        (exchange("a", 10, 20, "r", "s"),),
        (exchange("a", 10, 20, "startup"),),
        (exchange("a", 10, 60, "r"),),
        (exchange("a", 10, 30, "r"), exchange("b", 11, 30, "r")),
    ],
)
def test_what_is_not_kept(calls: tuple[Exchange, ...]) -> None:
    """Not learned, in many pieces, of unknown or standing groups, and what was recorded with
    something going on beside it."""
    assert Played(*calls).keep(calls[0]) is None


def test_loose_calls_and_late_ones_are_not_kept() -> None:
    """Learned to wait or not; or its request is answered already."""
    assert Played(A, B, loose=frozenset({("r", "api")})).keep(A) is None
    played = Played(A, B)
    played.flying.clear()
    assert played.keep(A) is None


def test_learning_keeps_one_of_a_kind_and_longer() -> None:
    """Whatever is marked; a run keeps what is marked and nothing else."""
    bare = [msgspec.structs.replace(one, blocking=False) for one in (A, B)]
    more = exchange("a2", 30, 40, "r")
    played = Played(*bare, more, learning=True)
    turn = kept(played, bare[0])
    assert turn.until == int(LONGEST * LEARNING * 1e9)
    assert played.turns.over(turn, turn.until)
    assert played.keep(bare[1], HERE, turn.until) is not None
    same = [exchange(f"a{n}", 10 + n, 11 + n, "r") for n in range(3)]
    played = Played(*same, learning=True)
    asked = [played.keep(one) for one in same]
    assert [one is not None for one in asked] == [True, False, False]


def test_all_together_take_no_longer_than_they_may() -> None:
    """The more are kept, the shorter each."""
    calls = [exchange(f"a{n}", n / 10, (n + 1) / 10, "r") for n in range(MOST + 50)]
    turn = Played(*calls).keep(calls[0])
    assert turn is not None
    assert turn.until / 1e9 == pytest.approx(TOTAL / len(calls))
    kinds = [msgspec.structs.replace(one, route=f"GET /{n}") for n, one in enumerate(calls)]
    learned = Played(*kinds, learning=True).keep(kinds[0])
    assert learned is not None
    assert learned.until / 1e9 == pytest.approx(LEARNING * TOTAL / MOST)


def test_an_answer_asks_whether_it_may_go_out() -> None:
    """As the connection asks it; what is not kept is as it was."""
    played = Played(A, B)
    answer = Answer(None, None, 0.0)
    asking, turn = played.turns.kept(answer, A, ("r",), HERE, 0)
    assert turn is not None
    assert asking.kept is not None
    assert not asking.kept(1)
    assert asking.kept(turn.until)
    assert played.turns.kept(answer, B, ("r", "s"), HERE, 0) == (answer, None)


def test_an_answer_that_is_held_is_kept_for_both_reasons() -> None:
    """It goes out when the hold is over and the moment too, and no reason is asked twice."""
    played = Played(A, B)
    asked: list[int] = []

    def held(now: int) -> bool:
        asked.append(now)
        return now > 1

    answer, turn = played.turns.kept(Answer(None, None, 0.0, kept=held), A, ("r",), HERE, 0)
    assert turn is not None
    assert answer.kept is not None
    assert [answer.kept(now) for now in (1, 2, turn.until)] == [False, False, True]
    assert asked == [1, 2]
