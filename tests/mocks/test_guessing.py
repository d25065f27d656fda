"""What a call of an unchanged service may mean that was not recorded as it came."""

from __future__ import annotations

from ci_gate.mocks.entries import Entry, Recorded
from ci_gate.mocks.guessing import ELSEWHERE, RESEMBLING, guess
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, Key


def entry(group: str, *said: str) -> Entry:
    """A recorded call that says something."""
    request = HttpRequest("POST", b"/")
    exchange = Exchange(id="o1", dependency="d", route="/", groups=(group,), request=request)
    return Entry(Recorded(exchange=exchange, key=Key(("POST",), ("POST", said)), read=False), 0, 0)


def test_the_same_call_of_a_later_request_comes_first() -> None:
    """A job makes it whenever it likes; what was used already is not taken again."""
    same, own = entry("b", "1"), entry("a", "2")
    assert guess([same], [same, own], ("POST", ("1",)), ("a",)) == (same, ELSEWHERE, ("a",))
    same.uses = 1
    assert guess([same], [same, own], ("POST", ("1",)), ("a",)) == (own, RESEMBLING, ("a",))


def test_in_the_background_the_nearest_answers() -> None:
    """Of several that share as much, the one that has answered least."""
    far, near, other = (entry("background", *said) for said in (("x", "1"), ("y", "1"), ("y", "2")))
    near.uses = 1
    said = ("POST", ("y", "3"))
    assert guess([], [far, near, other], said, ("a",)) == (other, RESEMBLING, ("background",))
    assert guess([], [far, near], said, ("a",)) == (near, RESEMBLING, ("background",))


def test_what_jobs_call_may_have_been_recorded_for_a_request() -> None:
    """The nearest of those that nobody has used yet, when it says more of what was said."""
    job, own = entry("background", "x", "1"), entry("b", "y", "1")
    assert guess([], [job, own], ("POST", ("y", "2")), ("a",)) == (own, ELSEWHERE, ("a",))
    own.uses = 1
    assert guess([], [job, own], ("POST", ("y", "2")), ("a",)) == (job, RESEMBLING, ("background",))


def test_a_request_of_another_kind_is_a_miss() -> None:
    """What other requests have called is not served because it is similar."""
    assert guess([], [entry("b", "1")], ("POST", ("2",)), ("a",)) is None
