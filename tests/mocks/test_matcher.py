"""The one matcher: tiers, order, epochs, and what it refuses."""

from collections.abc import Hashable

import msgspec

from ci_gate.mocks.entries import Recorded
from ci_gate.mocks.guessing import ELSEWHERE, RESEMBLING
from ci_gate.mocks.matcher import (
    EPOCH,
    MISS,
    STANDING,
    WINDOW,
    Match,
    Matcher,
)
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Key, Message


def call(text: str, group: str, answer: str = "") -> Recorded:
    """A recorded call written as "GET /x", caused by `group`."""
    method, target = text.split()
    request = HttpRequest(method, target.encode())
    exchange = Exchange(
        id=f"{text} {group} {answer}",
        dependency="d",
        route=text,
        groups=(group,),
        request=request,
        response=HttpResponse(200, body=answer.encode()),
    )
    return Recorded(exchange=exchange, key=key_of(request), read=method == "GET")


def key_of(request: Message) -> Key:
    """Method and target, as a codec would."""
    assert isinstance(request, HttpRequest)
    return Key(coarse=(request.method,), full=(request.method, request.target))


def same(opened: tuple[tuple[str, str], ...]):  # type: ignore[no-untyped-def]
    """A canonical form in which an opened path is one character long."""

    def canonical(message: Message) -> Hashable:
        assert isinstance(message, HttpRequest)
        return (message.method, b"*" if opened else message.target)

    return canonical


class Scene:
    """A matcher and the live calls made to it."""

    def __init__(self, *recorded: Recorded, alone: bool = False, learning: bool = False) -> None:
        self.begun: set[str] = set()
        self.matcher = Matcher(recorded, same, self.begun, alone=alone, learning=learning)

    def live(self, text: str, group: str) -> Match:
        """Make a live call for `group`."""
        if group not in ("startup", "background"):
            self.begun.add(group)
        method, target = text.split()
        request = HttpRequest(method, target.encode())
        bucket = self.matcher.exact(key_of(request).full)
        return self.matcher.match(request, bucket, key_of, (group,))


def answer(match: Match) -> str:
    """The body of what answers, or "miss"."""
    if match.entry is None:
        return "miss"
    response = match.entry.exchange.response
    assert isinstance(response, HttpResponse)
    assert isinstance(response.body, bytes)
    return response.body.decode()


def test_the_same_request_gets_its_answers_in_recorded_order() -> None:
    """A poll that changed its answer while recording changes it again in the same order."""
    scene = Scene(call("GET /job", "a", "waiting"), call("GET /job", "a", "done"))
    assert [answer(scene.live("GET /job", "a")) for _ in range(2)] == ["waiting", "done"]


def test_a_request_never_gets_the_exchange_of_a_later_request() -> None:
    """The first request must not be answered with what only the second one was told."""
    scene = Scene(call("GET /x", "b", "later"))
    assert scene.live("GET /x", "a").tier == MISS


def test_a_read_repeats_within_its_write_epoch_and_is_not_consumed() -> None:
    """An extra read is answered, by tier 2, so that it can be reported as repeated."""
    scene = Scene(call("GET /x", "a", "1"))
    assert scene.live("GET /x", "a").tier == WINDOW
    again = scene.live("GET /x", "a")
    assert (again.tier, answer(again)) == (EPOCH, "1")


def test_a_read_is_not_answered_from_before_a_write() -> None:
    """After a write nobody knows the old answer to be true: count, add, count."""
    scene = Scene(
        call("GET /count", "a", "0"), call("POST /add", "b"), call("GET /count", "c", "1")
    )
    assert answer(scene.live("GET /count", "a")) == "0"
    assert scene.live("POST /add", "b").tier == WINDOW
    assert scene.live("GET /count", "b").tier == MISS
    assert answer(scene.live("GET /count", "c")) == "1"


def test_a_write_to_something_else_leaves_an_answer_true() -> None:
    """A read of one table is answered again after a write to another, and not after one to it."""
    read = msgspec.structs.replace(call("GET /users", "a", "Ada"), targets=("users",))
    order = msgspec.structs.replace(call("POST /orders", "a"), targets=("orders",))
    user = msgspec.structs.replace(call("POST /users", "a"), targets=("users",))
    scene = Scene(read, order, user)
    for said, tier in (
        ("GET /users", WINDOW),
        ("POST /orders", WINDOW),
        ("GET /users", EPOCH),
        ("POST /users", WINDOW),
        ("GET /users", MISS),
    ):
        assert scene.live(said, "a").tier == tier


def test_a_write_is_answered_as_often_as_it_was_recorded() -> None:
    """A retry storm must not be fed with recorded successes."""
    scene = Scene(call("POST /charge", "a"))
    assert scene.live("POST /charge", "a").tier == WINDOW
    assert scene.live("POST /charge", "a").tier == MISS


def test_a_late_call_belongs_to_the_request_that_recorded_it() -> None:
    """A write after the response that came during the next request is not that request's."""
    scene = Scene(call("POST /audit", "a"), call("GET /x", "b"))
    scene.begun.add("a")
    late = scene.live("POST /audit", "b")
    assert (late.tier, late.groups) == (WINDOW, ("a",))


def test_startup_calls_are_answered_without_limit() -> None:
    """A reconnecting client asks for its configuration again; only the key is compared."""
    scene = Scene(call("GET /config", "startup", "1"))
    assert [scene.live("GET /config", "startup").tier for _ in range(3)] == [STANDING] * 3


def test_what_a_job_did_first_is_nobodys_when_it_does_it_again() -> None:
    """Of the start while there is no request, of the background from then on."""
    scene = Scene(msgspec.structs.replace(call("PUT /x", "startup"), job=True))
    assert scene.live("PUT /x", "startup").groups == ("startup",)
    again = scene.live("PUT /x", "a")
    assert (again.tier, again.groups) == (STANDING, ("background",))


def test_a_request_may_use_what_startup_recorded() -> None:
    """A lazy client asks during the first request for what was asked at startup."""
    scene = Scene(call("GET /config", "startup", "1"))
    assert answer(scene.live("GET /config", "a")) == "1"


def test_nothing_similar_is_ever_served() -> None:
    """Another target is a miss, however close it is."""
    scene = Scene(call("GET /users/17", "a"))
    assert scene.live("GET /users/18", "a").tier == MISS


def test_an_opened_place_is_matched_in_canonical_form() -> None:
    """A rule that opens a place lets the call through and keeps it in its window."""
    opened = call("GET /users/17", "a", "17")
    opened = Recorded(
        exchange=opened.exchange, key=opened.key, read=True, opened=(("request.path", "any"),)
    )
    assert answer(Scene(opened).live("GET /users/99", "a")) == "17"


def test_alone_reads_repeat_the_last_answer_and_writes_do_not() -> None:
    """Without inbound requests the whole snapshot is one window."""
    scene = Scene(
        call("GET /job", "a", "waiting"),
        call("GET /job", "b", "done"),
        call("POST /x", "a"),
        alone=True,
    )
    assert [answer(scene.live("GET /job", "startup")) for _ in range(3)] == [
        "waiting",
        "done",
        "done",
    ]
    assert [scene.live("POST /x", "startup").tier for _ in range(2)] == [WINDOW, MISS]


def of(one: Recorded, *groups: str) -> Recorded:
    """The call as any of these may have made it."""
    exchange = msgspec.structs.replace(one.exchange, groups=groups)
    return msgspec.structs.replace(one, exchange=exchange)


def test_equal_writes_of_requests_that_were_in_flight_together() -> None:
    """Each request finds one: nobody takes the only one of another while there is a choice. Reads,
    which may answer again, keep their order."""
    scene = Scene(
        of(call("POST /x", "", "first"), "a", "b", "c"),
        of(call("POST /x", "", "second"), "a", "b"),
        of(call("POST /x", "", "third"), "a"),
    )
    live = [scene.live("POST /x", group) for group in ("a", "b", "c")]
    assert [match.tier for match in live] == [WINDOW] * 3
    assert [answer(match) for match in live] == ["third", "second", "first"]
    scene = Scene(
        of(call("POST /x", "", "first"), "a", "b", "c", "d"),
        of(call("POST /x", "", "second"), "a", "b", "c"),
        of(call("POST /x", "", "third"), "a", "c"),
        of(call("POST /x", "", "fourth"), "c"),
    )
    live = [scene.live("POST /x", group) for group in ("a", "b", "c", "d")]
    assert [answer(match) for match in live] == ["third", "second", "fourth", "first"]
    reads = Scene(of(call("GET /x", "", "first"), "a", "b"), of(call("GET /x", "", "second"), "a"))
    assert [answer(reads.live("GET /x", "a")) for _ in range(2)] == ["first", "second"]


def test_an_ambiguous_recording_serves_either_request_once() -> None:
    """A call that two overlapping requests may have caused is consumed by whichever makes it."""
    one = call("POST /x", "a")
    both = Recorded(
        exchange=Exchange(
            id="o1",
            dependency="d",
            route="POST /x",
            groups=("a", "b"),
            request=one.exchange.request,
            response=one.exchange.response,
        ),
        key=one.key,
        read=False,
    )
    scene = Scene(both)
    assert scene.live("POST /x", "b").tier == WINDOW
    assert scene.live("POST /x", "a").tier == MISS


def test_only_learning_answers_a_miss_with_the_next_call_of_its_kind() -> None:
    """While learning a fresh id must not lead into the error path; the window still bounds it."""
    recorded = (call("GET /users/17", "a", "17"), call("GET /users/18", "b", "18"))
    assert Scene(*recorded).live("GET /users/99", "a").tier == MISS
    scene = Scene(*recorded, learning=True)
    first = scene.live("GET /users/99", "a")
    assert (first.tier, answer(first)) == (RESEMBLING, "17")
    assert scene.live("GET /users/99", "a").tier == MISS


def test_while_learning_a_job_is_answered_wherever_it_was_recorded() -> None:
    """What a service that works by the clock calls at another time than it did is no miss then; of
    others, and in a run, it is."""
    job, tick = call("POST /job", "b", "done"), call("GET /tick", "background")
    found = Scene(job, tick, learning=True).live("POST /job", "a")
    assert (found.tier, answer(found), found.groups) == (ELSEWHERE, "done", ("a",))
    assert Scene(job, learning=True).live("POST /job", "a").tier == MISS
    assert Scene(job, tick).live("POST /job", "a").tier == MISS


def test_while_learning_a_job_may_say_something_else_as_often_as_it_likes() -> None:
    """It is answered by its like in the background, which is nobody's however often it is made."""
    scene = Scene(call("GET /since/1", "background", "news"), learning=True)
    found = [scene.live(f"GET /since/{number}", "a") for number in (2, 3)]
    assert [(one.tier, answer(one)) for one in found] == [(RESEMBLING, "news")] * 2
    assert {one.groups for one in found} == {("background",)}
