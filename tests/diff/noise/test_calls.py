"""What is learned of calls, and comparing calls by it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec

from ci_gate.codecs.http1.codec import Http1
from ci_gate.diff.calls.compare import Compared, compare_calls
from ci_gate.diff.equality import Equality
from ci_gate.diff.noise.calls import LearnedCalls, learn_calls
from ci_gate.diff.noise.held import Context
from ci_gate.diff.rules import Rules
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import Facts
from ci_gate.model.message import HttpRequest
from ci_gate.model.noise import Noise

CODEC = Http1()
A, B = "1f0c2a34-0000-4000-8000-0123456789ab", "2f0c2a34-0000-4000-8000-0123456789ab"
REF = Noise(at="request.body.$.ref", kind="uuid")


def call(
    name: str, target: str, ref: object = "", matched: str = "", order: str = ""
) -> CallRecord:
    """A write with a reference, or a read; a live one says what answered it."""
    body = json.dumps({"ref": ref}).encode() if ref else b""
    headers = ((b"Content-Type", b"application/json"),) if body else ()
    request = HttpRequest("POST" if body else "GET", target.encode(), headers, body)
    return CallRecord(
        id=name,
        dependency="pay",
        route=CODEC.route(request),
        label=CODEC.label(request),
        facts=Facts(effect="write" if body else "read", order=order),
        parts=CODEC.places(request),
        coarse=CODEC.key(request).coarse,
        groups=("r1",),
        matched=matched,
        tier=1 if matched else 0,
    )


def judged(
    recorded: Sequence[CallRecord],
    live: Sequence[CallRecord],
    context: Context | None = None,
    **noise: Noise,
) -> Compared:
    """The calls of a run; noise by exchange id, "-" as "_"."""
    known = {name.replace("_", "-"): (one,) for name, one in noise.items()}
    shared = context or Context()
    learned = LearnedCalls(known, lambda _group: shared)
    rules = Rules((), "2026-09-01")
    return compare_calls(recorded, live, rules, Equality(), {"r1": "GET /"}, learned=learned)


def red(compared: Compared) -> list[tuple[str, str]]:
    """(change, place) of what is red."""
    return [(one.change, one.place) for one in compared.differences if not one.notice]


def test_learning_order_and_presence() -> None:
    """Orders that differ are unordered; reads that come and go are optional, writes never."""
    recorded = [call("o-1", "/a"), call("o-2", "/b"), call("o-3", "/c"), call("o-4", "/w", A)]
    replays = [["o-1", "o-2", "o-4"], ["o-2", "o-1", "o-3"], ["o-1", "o-2", "o-4"]]
    order, by_id = learn_calls(recorded, replays)
    assert [(one.at, one.kind) for one in order] == [("calls.pay", "unordered")]
    assert {name: one.seen for name, one in by_id.items()} == {"o-3": ("made in 1 of 3 replays",)}
    assert learn_calls(recorded, [["o-1"], ["o-1"]]) == ((), {})
    order, _ = learn_calls(recorded, [["o-1"], ["o-1"]], ["pay"])
    assert [(one.at, one.kind) for one in order] == [("calls.pay", "loose")]


def test_calls_in_any_order_still_wait_for_one_another() -> None:
    """What is made at once comes in any order; that one waits for the other is another thing."""
    recorded = [call("o-1", "/a"), call("o-2", "/b")]
    waited = msgspec.structs.replace(call("l1", "/b", matched="o-2"), awaited=("o-1",))
    live = [waited, call("l2", "/a", matched="o-1")]
    unordered = Noise(at="calls.pay", kind="unordered")
    assert [one for one, _ in red(judged(recorded, live, r1=unordered))] == ["fan-out"]
    loose = Noise(at="calls.pay", kind="loose")
    assert red(judged(recorded, live, r1=loose)) == []


def test_a_learned_place_of_a_call() -> None:
    """A fresh reference is no change and is counted; one of another type is, and so is another
    call."""
    context = Context()
    recorded = [call("o-1", "/charges", A)]
    assert red(judged(recorded, [call("l", "/charges", B, "o-1")], context, o_1=REF)) == []
    assert context.count == 1
    assert red(judged(recorded, [call("l", "/charges", B, "o-1")])) == [
        ("changed", "request.body.$.ref")
    ]
    assert red(judged(recorded, [call("l", "/charges", 17, "o-1")], o_1=REF)) == [
        ("changed", "request.body.$.ref")
    ]
    assert red(judged(recorded, [call("l", "/charges", 17)], o_1=REF)) == [
        ("changed", "request.body.$.ref")
    ]


def test_a_call_made_twice_is_still_repeated() -> None:
    """Two calls with fresh references where one was recorded are one too many."""
    recorded = [call("o-1", "/charges", A)]
    live = [call("l1", "/charges", B, "o-1"), call("l2", "/charges", A)]
    assert red(judged(recorded, live, o_1=REF)) == [("repeated", "")]


def test_order_and_presence_at_work() -> None:
    """Unordered calls and an optional read are notices; a missing write stays red."""
    recorded = [call("o-1", "/a", A, order="t"), call("o-2", "/b", A, order="t")]
    live = [call("l1", "/b", A, "o-2", "t"), call("l2", "/a", A, "o-1", "t")]
    assert [change for change, _ in red(judged(recorded, live))] == ["reordered"]
    unordered = Noise(at="calls.pay", kind="unordered")
    assert red(judged(recorded, live, r1=unordered)) == []
    optional = Noise(at="call", kind="optional")
    assert red(judged([call("o-1", "/a")], [], o_1=optional)) == []
    assert [change for change, _ in red(judged([call("o-1", "/a")], []))] == ["missing"]
    assert [change for change, _ in red(judged(recorded[:1], [], o_1=optional))] == ["missing"]


def test_made_up_values_of_a_call_that_was_not_answered() -> None:
    """Only what else differs is told of it."""
    learned = LearnedCalls(
        {},
        lambda _group: Context(),
        lambda name: ["request.body.$.ref"] if name == "o-1" else [],
        lambda name, place, expected, live: (name, expected, live) == ("o-1", A, B),
    )
    recorded = [call("o-1", "/charges?dry=1", A)]
    live = [call("l", "/charges?dry=2", B)]
    rules = Rules((), "2026-09-01")
    found = compare_calls(recorded, live, rules, Equality(), {"r1": "GET /"}, learned=learned)
    assert red(found) == [("changed", "request.query.dry")]
    assert learned.blank(recorded[0]) == ()


def test_made_up_values_do_not_tell_polls_apart() -> None:
    """A renewal of the start that was not made again is not missing when another one was."""
    learned = LearnedCalls({}, lambda _group: Context(), lambda _name: ["request.body.$.ref"])
    start = [
        msgspec.structs.replace(call(name, "/token", ref), groups=("startup",))
        for name, ref in (("o-1", A), ("o-2", B))
    ]
    live = [msgspec.structs.replace(call("l", "/token", A, "o-1"), groups=("startup",))]
    rules = Rules((), "2026-09-01")
    assert red(compare_calls(start, live, rules, Equality(), {}, learned=learned)) == []
    plain = compare_calls(start, live, rules, Equality(), {})
    assert [change for change, _ in red(plain)] == ["missing"]


def test_order_across_dependencies_that_varies_is_learned() -> None:
    """Two dependencies called at once, now this way round, now that: neither has a fixed place
    beside the other; a third one that keeps its place stays where it is."""
    recorded = [
        msgspec.structs.replace(call(name, "/x"), dependency=dependency)
        for name, dependency in (("a", "one"), ("b", "two"), ("c", "three"))
    ]
    order, _ = learn_calls(recorded, [["a", "b", "c"], ["b", "a", "c"]])
    assert [noise.at for noise in order] == ["calls.one", "calls.two"]
    order, _ = learn_calls(recorded, [["a", "b", "c"]] * 2)
    assert order == ()


def test_what_came_at_another_moment_is_loose() -> None:
    """A dependency that the unchanged service called past its response, or in turn."""
    recorded = [msgspec.structs.replace(call("a", "/x"), dependency="one")]
    order, _ = learn_calls(recorded, [["a"], ["a"]], {"one"})
    assert [noise.at for noise in order] == ["calls.one"]
