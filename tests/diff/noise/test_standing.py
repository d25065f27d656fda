"""Noise of startup and background calls, shared by those that go the same way."""

from __future__ import annotations

from collections.abc import Sequence

from ci_gate.codecs.registry import codec
from ci_gate.diff.noise.standing import is_standing, shared, unheard
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, Message, Part
from ci_gate.model.noise import Noise

SINCE = Noise(at="request.query.since", kind="timestamp", format="YYYY-MM-DD", replays=3)
OTHER = Noise(at="request.query.since", kind="one-of", members=("a", "b"), replays=3)


def parts_of(_: Exchange, message: Message) -> Sequence[Part]:
    """By the HTTP codec."""
    return codec("http").places(message)


def call(name: str, target: str, group: str, *noise: Noise) -> Exchange:
    """A call of a group."""
    return Exchange(
        id=name,
        dependency="feed",
        route=f"GET {target.partition('?')[0]}",
        groups=(group,),
        request=HttpRequest("GET", target.encode()),
        noise=noise,
    )


def test_one_shows_for_all_of_its_way() -> None:
    """Startup and background calls of the same route share what varies, where the place is there;
    what was learned of a call itself stays, and calls of a request have nothing to do with it."""
    calls = [
        call("a", "/feed?since=1", "startup", SINCE),
        call("b", "/feed?since=2", "background"),
        call("c", "/feed", "background"),
        call("d", "/feed?since=3", "background", OTHER),
        call("e", "/feed?since=4", "i-1"),
        call("f", "/other?since=5", "background"),
    ]
    found = {one.id: one.noise for one in shared(calls, parts_of)}
    assert found == {"a": (SINCE,), "b": (SINCE,), "c": (), "d": (OTHER,), "e": (), "f": ()}


def test_what_says_nothing_of_a_place_is_not_shared() -> None:
    """That one call is not always made says nothing of the others."""
    optional = Noise(at="call", kind="optional", replays=3)
    calls = [call("a", "/feed", "startup", optional), call("b", "/feed", "background")]
    assert [one.noise for one in shared(calls, parts_of)] == [(optional,), ()]


def test_ways_that_no_replay_went() -> None:
    """A call is heard when any of its way is."""
    calls = [
        call("a", "/feed", "startup"),
        call("b", "/feed", "background"),
        call("c", "/token", "background"),
        call("d", "/token", "i-1"),
    ]
    assert unheard(calls, {"a"}) == {"c"}
    assert unheard(calls, set()) == {"a", "b", "c"}
    assert [is_standing(one) for one in calls] == [True, True, True, False]
