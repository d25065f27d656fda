"""What only polls have told."""

from __future__ import annotations

import msgspec
import pytest

from ci_gate.correlation.news import news
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message
from tests.correlation.traffic import CODEC, ask, parts_of, say

EARLY, LATE = "2026-05-01T10:00:00Z", "2026-05-01T10:00:02Z"


def call(at: float, group: str, target: str, answer: object) -> Exchange:
    """A call that took a millisecond."""
    return Exchange(
        id=f"{target}-{at}",
        dependency="d",
        route=f"GET {target}",
        groups=(group,),
        at=at,
        took=1.0,
        request=ask(target),
        response=say(answer),
    )


def poll(at: float, group: str, when: str) -> Exchange:
    """The rates, and the time they are of."""
    return call(at, group, "/rates", {"rate": 1.0837, "of": "20260101-base", "at": when})


def found(*exchanges: Exchange) -> frozenset[str]:
    """The news among them."""
    return news(exchanges, parts_of, lambda one: CODEC.key(one.request).full)


@pytest.mark.parametrize("group", ["startup", "background", "a"])
def test_what_one_answer_to_a_poll_says_and_the_next_does_not(group: str) -> None:
    """Whoever was in flight; what every answer says is no news."""
    assert found(poll(10, group, EARLY), poll(20, "background", LATE)) == {EARLY, LATE}


def test_one_answer_alone_is_no_news() -> None:
    """Nothing shows which of its values change."""
    assert found(poll(10, "background", EARLY)) == frozenset()


def test_calls_of_requests_tell_no_news() -> None:
    """Two answers to the same call, which no job was ever seen to make."""
    assert found(poll(10, "a", EARLY), poll(20, "b", LATE)) == frozenset()


@pytest.mark.parametrize("said", [ask("/orders", {"at": EARLY}), ask(f"/orders?at={EARLY}")])
def test_what_a_client_has_said_before_is_no_news(said: Message) -> None:
    """It has an origin that is somebody's; said afterwards it is the poll's all the same."""
    client = Exchange(id="i", route="r", at=5.0, request=said, response=say({}))
    polls = (poll(10, "background", EARLY), poll(20, "background", LATE))
    assert found(client, *polls) == {LATE}
    assert found(msgspec.structs.replace(client, at=15.0), *polls) == {EARLY, LATE}


def test_what_another_call_was_told_before_is_no_news() -> None:
    """A request has fetched it itself."""
    other = call(1, "a", "/items", {"at": LATE})
    assert found(other, poll(10, "startup", EARLY), poll(20, "background", LATE)) == {EARLY}
