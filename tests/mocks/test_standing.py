"""Answers to calls that are nobody's: in time with the replay."""

from __future__ import annotations

from ci_gate.mocks.entries import Entry, Recorded
from ci_gate.mocks.standing import InOrder, InTime
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Key

OTHERS = ("z",)


def entries(*said: str, read: bool = True) -> list[Entry]:
    """Recorded calls, each written as "answer@inbound exchange that had begun last"."""
    made = []
    for number, one in enumerate(said):
        answer, _, after = one.partition("@")
        request = HttpRequest("GET", b"/news")
        exchange = Exchange(
            id=f"o{number}",
            dependency="d",
            route="GET /news",
            groups=("background",),
            request=request,
            response=HttpResponse(200, body=answer.encode()),
        )
        key = Key(("GET",), ("GET", b"/news"))
        made.append(Entry(Recorded(exchange=exchange, key=key, read=read, after=after), number, 0))
    return made


def said(entry: Entry) -> str:
    """The body of its answer."""
    response = entry.exchange.response
    assert isinstance(response, HttpResponse)
    assert isinstance(response.body, bytes)
    return response.body.decode()


def test_at_the_start_answers_come_one_by_one_and_the_last_stays() -> None:
    """A service that asks until it is told what it waits for is told it."""
    order = InOrder(entries("wait", "wait", "ready"))
    assert [said(order.next(())) for _ in range(4)] == ["wait", "wait", "ready", "ready"]


def test_there_is_no_news_before_the_request_that_made_it() -> None:
    """However often a job looks, it is told what it was told at that time."""
    begun: set[str] = set()
    news = InTime(entries("none", "none@a", "order@b"), begun)
    assert [said(news.next(OTHERS)) for _ in range(3)] == ["none"] * 3
    begun |= {"a", "b"}
    assert [said(news.next(OTHERS)) for _ in range(2)] == ["order"] * 2


def test_what_says_the_same_again_takes_no_turn() -> None:
    """A job that looks less often than it did hears all news all the same, in their order."""
    news = InTime(entries("1", "1", "1@a", "2@a", "2@b", "3@b"), {"a", "b"})
    assert [said(news.next(OTHERS)) for _ in range(4)] == ["1", "2", "3", "3"]


def test_what_was_taken_is_not_taken_again() -> None:
    """A write that takes what is new finds nothing more until the next request has begun."""
    begun = {"a"}
    taken = InTime(entries("", "a's@a", "@a", "b's@b", "@b", read=False), begun)
    assert [said(taken.next(OTHERS)) for _ in range(4)] == ["", "a's", "", ""]
    begun.add("b")
    assert [said(taken.next(OTHERS)) for _ in range(3)] == ["b's", "", ""]


def test_a_request_that_reads_the_same_gets_what_was_read_then() -> None:
    """News that no job has looked at meanwhile do not come to a request too late."""
    news = InTime(entries("1@a", "2@b", "3@c", "3@c"), {"a", "b", "c"})
    assert [said(news.next(("a",))), said(news.next(("c",)))] == ["1", "3"]
