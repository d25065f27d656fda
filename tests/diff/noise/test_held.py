"""Learned places at work in a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.http1.codec import Http1
from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import Masks
from ci_gate.diff.messages import compare
from ci_gate.diff.noise.held import Context, Varying, holds, plain_json, reorder
from ci_gate.diff.rules import Rules
from ci_gate.model.difference import Difference
from ci_gate.model.message import HttpResponse
from ci_gate.model.noise import Noise
from ci_gate.model.rule import Rule

A, B = "1f0c2a34-0000-4000-8000-0123456789ab", "2f0c2a34-0000-4000-8000-0123456789ab"
C = "3f0c2a34-0000-4000-8000-0123456789ab"
UUID = Noise(at="response.body.$.id", kind="uuid", format="4")
Answer = Callable[..., HttpResponse]


def differences(
    expected: HttpResponse,
    actual: HttpResponse,
    *noise: Noise,
    context: Context | None = None,
    scope: str = "x-1",
    rules: tuple[Rule, ...] = (),
) -> tuple[Difference, ...]:
    """What differs between two responses when these places vary."""
    varying = Varying(noise, "response", context or Context(), scope, "GET /x")
    masks = Rules(rules, "2026-09-01").masks_for("GET /x", side="response").with_varying(varying)
    codec = Http1()
    return compare("response", codec.places(expected), codec.places(actual), masks, Equality())


@pytest.mark.parametrize(
    ("noise", "expected", "good", "bad"),
    [
        (UUID, A, [B, A], [None, 17, "x", B.upper().replace("-", ""), "", True]),
        (
            Noise(at="x", kind="timestamp", format="YYYY-MM-DDThh:mm:ssZ"),
            "2026-05-01T10:00:00Z",
            ["2031-01-01T00:00:00Z"],
            [None, "", 1_777_000_000, "2026-05-01", "0001-01-01T00:00:00Z"],
        ),
        (Noise(at="x", kind="counter", low=0), 5, [9], [None, "9", -1, 1.5, True]),
        (Noise(at="x", kind="integer", low=0, high=9), 5, [9, 0], [None, "5", 10, -1, 5.0]),
        (Noise(at="x", kind="integer", low=0, high=9), "5", ["9"], ["x", 9, "09"]),
        (Noise(at="x", kind="one-of", members=("1", "null")), 1, [None, 1], [2, "1", True]),
    ],
)
def test_the_kind_must_hold(
    noise: Noise, expected: object, good: list[object], bad: list[object]
) -> None:
    """A null timestamp, an integer for a UUID, a number become text are differences."""
    assert all(holds(noise, expected, live, Context()) for live in good)
    assert not any(holds(noise, expected, live, Context()) for live in bad)


def test_equal_values_stay_equal_in_a_chain() -> None:
    """One recorded id is one live id, and two are two; another chain starts anew."""
    context = Context()
    assert holds(UUID, A, B, context)
    assert holds(UUID, A, B, context)
    assert not holds(UUID, A, C, context)
    assert not holds(UUID, C, B, context)
    assert holds(UUID, A, C, Context())


def test_trying_remembers_nothing() -> None:
    """A comparison that is only tried knows the pairs but adds none."""
    context = Context()
    assert holds(UUID, A, B, context)
    tried = context.scratch()
    assert not holds(UUID, A, C, tried)
    assert holds(UUID, C, A, tried)
    assert holds(UUID, C, C, context)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20), st.integers(1, 500))
def test_counters_keep_their_order(recorded: list[int], offset: int) -> None:
    """A counter that starts elsewhere holds for any order of requests; one that runs backwards or
    stands still does not."""
    noise = Noise(at="x", kind="counter", low=0)
    context = Context()
    assert all(holds(noise, value, value + offset, context, series="s") for value in recorded)
    top = max(recorded)
    assert not holds(noise, top + 1, top + offset, context, series="s")
    assert not holds(noise, top + 1, 0, context, series="s")
    assert not holds(noise, top, top + offset + 1, context, series="s")
    assert holds(noise, top + 1, 0, context, series="another")


def test_chains_of_a_run() -> None:
    """Ids are a chain's, counters are the run's."""
    run = Context(at_recorded_clock=True)
    counter = Noise(at="x", kind="counter", low=0)
    one, other = run.chain(), run.chain()
    assert holds(UUID, A, B, one)
    assert holds(UUID, A, C, other)
    assert holds(counter, 5, 9, one, series="s")
    assert not holds(counter, 6, 8, other, series="s")
    assert holds(counter, 6, 10, other, series="s")
    assert other.at_recorded_clock


def test_what_is_known_of_two_values_counts() -> None:
    """Values that are known not to stand for one another do not, in any chain and when tried."""
    run = Context(agrees=lambda recorded, live: (recorded, live) != (A, B))
    for context in (run.chain(), run.chain().scratch()):
        assert not holds(UUID, A, B, context)
        assert holds(UUID, A, C, context)


def test_what_is_not_counted_is_held_to_its_kind_alone() -> None:
    """Ids, counters and times of polls have nothing to do with one another."""
    context = Context(by_kind=True)
    time = Noise(at="x", kind="timestamp", format="YYYY-MM-DDThh:mm:ss.ffffffZ")
    counter = Noise(at="x", kind="counter", low=0)
    for one in (context, context.scratch()):
        assert holds(UUID, A, B, one)
        assert holds(UUID, A, C, one)
        assert not holds(UUID, A, "x", one)
        assert holds(counter, 5, 9, one, series="s")
        assert holds(counter, 6, 8, one, series="s")
        for live in ("2026-06-01T10:00:00.000002Z", "2026-06-01T10:00:00.000003Z"):
            assert holds(time, "2026-05-01T10:00:00.000001Z", live, one, live)


def test_places_of_made_up_values() -> None:
    """Another value may stand there where it is said so, and no value of another type."""
    said: list[tuple[str, str, str]] = []

    def stands(*what: str) -> bool:
        said.append(what)  # type: ignore[arg-type]  # three of them
        return what[2] == B

    varying = Varying((), "request", Context(), made_up=["request.path[1]"], stands=stands)
    assert varying
    for one in (varying, varying.scratch()):
        assert one.allows("request.path[1]", A, B)
        assert not one.allows("request.path[1]", A, C)
        assert not one.allows("request.path[1]", A, 17)
        assert not one.allows("request.path[2]", A, B)
    assert said == [("request.path[1]", A, B), ("request.path[1]", A, C)] * 2


def test_tokens_that_carry_the_time_are_held_to_no_others() -> None:
    """Whether two of them are the same is up to the second in which they were made."""
    first, second = (
        f"ImY2YThlODcwNTNiOWIx.awEqU{sign}.Hk0wYvDrpYZM6ppmzoscpWrJ7IE" for sign in "wx"
    )
    chain = Context(timed={"stand-in"}).chain()
    for recorded, live in (("a", first), ("a", second), ("b", second), ("a", "stand-in")):
        assert chain.same(recorded, live)
        assert chain.scratch().same(recorded, live)
    assert chain.same("a", "x")
    assert not chain.same("a", "y")


def test_fine_timestamps_travel() -> None:
    """A timestamp to the microsecond that two exchanges share is shared live, too; in one exchange
    two readings of the clock may have been equal by chance."""
    noise = Noise(at="x", kind="timestamp", format="YYYY-MM-DDThh:mm:ss.ffffffZ")
    recorded = "2026-05-01T10:00:00.000001Z"
    live, other = "2026-06-01T10:00:00.000002Z", "2026-06-01T10:00:00.000003Z"
    context = Context()
    assert holds(noise, recorded, live, context, "post")
    assert holds(noise, recorded, other, context, "post")
    assert holds(noise, recorded, other, context, "get")
    assert not holds(noise, recorded, recorded, context, "get")
    assert not holds(noise, recorded, recorded, context.scratch(), "get")


def test_what_follows_the_clock_alone() -> None:
    """At the recording's time it must be equal; with the real clock it is of its type."""
    noise = Noise(at="x", kind="derived", format="string", clock=True)
    assert not holds(noise, "3 days", "4 days", Context(at_recorded_clock=True))
    assert holds(noise, "3 days", "3 days", Context(at_recorded_clock=True))
    seen = msgspec.structs.replace(noise, members=('"3 days"', '"34 days"'))
    assert holds(seen, "3 days", "34 days", Context(at_recorded_clock=True))
    assert not holds(seen, "3 days", "4 days", Context(at_recorded_clock=True))
    assert holds(noise, "3 days", "4 days", Context())
    assert not holds(noise, "3 days", None, Context())


def test_only_the_learned_place_is_open(answer: Answer) -> None:
    """Beside a place that varies everything is compared as strictly as before."""
    expected, actual = answer({"id": A, "n": 1}), answer({"id": B, "n": 2})
    found = differences(expected, actual, UUID)
    assert [one.place for one in found] == ["response.body.$.n"]
    assert differences(expected, answer({"id": B, "n": 1}), UUID) == ()
    found = differences(expected, answer({"id": 7, "n": 1}), UUID)
    assert [(one.place, one.change) for one in found] == [("response.body.$.id", "type")]
    found = differences(expected, answer({"n": 1}), UUID)
    assert [one.change for one in found] == ["removed"]


def test_patterns_and_indices(answer: Answer) -> None:
    """[*] is open at every index, an index only at its own."""
    expected = answer({"i": [{"id": A}, {"id": B}]})
    actual = answer({"i": [{"id": B}, {"id": A}]})
    every = Noise(at="response.body.$.i[*].id", kind="uuid")
    first = Noise(at="response.body.$.i[0].id", kind="uuid")
    assert differences(expected, actual, every) == ()
    assert [one.place for one in differences(expected, actual, first)] == [
        "response.body.$.i[1].id"
    ]


def test_learned_places_are_counted_apart_from_rules(answer: Answer) -> None:
    """What noise explains uses no rule, and the places are counted."""
    rule = Rule(index=1, at="response.body.$.id", allow="uuid", reason="r")
    rules = Rules([rule], "2026-09-01")
    context = Context()
    varying = Varying([UUID], "response", context, "x-1")
    masks = rules.masks_for("GET /x", side="response").with_varying(varying)
    codec = Http1()
    pair = codec.places(answer({"id": A})), codec.places(answer({"id": B}))
    assert compare("response", *pair, masks, Equality()) == ()
    assert compare("response", *pair, masks.quiet(), Equality()) == ()
    assert (context.count, rules.uses()[0].state) == (1, "unused")
    assert masks
    assert Masks().with_varying(Varying((), "response", context)) is not masks


def test_unordered_arrays(answer: Answer) -> None:
    """The same items in another order are equal; a changed, missing or doubled one is named."""
    noise = Noise(at="response.body.$.t", kind="unordered")
    expected = answer({"t": [1, 2, 3], "u": [1, 2]})
    context = Context()
    assert (
        differences(expected, answer({"t": [3, 1, 2], "u": [1, 2]}), noise, context=context) == ()
    )
    assert context.count == 1
    found = differences(expected, answer({"t": [3, 1, 7], "u": [1, 2]}), noise)
    assert [(one.place, one.expected, one.actual) for one in found] == [
        ("response.body.$.t[1]", "2", "7")
    ]
    found = differences(expected, answer({"t": [3, 1], "u": [1, 2]}), noise)
    assert [(one.change, one.expected) for one in found] == [("removed", "2")]
    found = differences(expected, answer({"t": [3, 1, 2, 2], "u": [1, 2]}), noise)
    assert [(one.change, one.actual) for one in found] == [("added", "2")]
    assert differences(expected, answer({"t": [1, 2, 3], "u": [2, 1]}), noise)


def test_unordered_by_a_key(answer: Answer) -> None:
    """Items are told apart by their key and then compared member by member."""
    noise = Noise(at="response.body.$.t", kind="unordered", key="id")
    expected = answer({"t": [{"id": 1, "n": "a"}, {"id": 2, "n": "b"}]})
    assert (
        differences(expected, answer({"t": [{"id": 2, "n": "b"}, {"id": 1, "n": "a"}]}), noise)
        == ()
    )
    found = differences(expected, answer({"t": [{"id": 2, "n": "x"}, {"id": 1, "n": "a"}]}), noise)
    assert [(one.place, one.actual) for one in found] == [("response.body.$.t[1].n", '"x"')]


@given(st.lists(st.integers(0, 4)), st.lists(st.integers(0, 4)))
def test_reordering_loses_nothing(expected: list[object], live: list[object]) -> None:
    """Every live item stays, and every item that was expected stands as early as it can."""
    ordered = reorder(expected, live, "")
    assert sorted(map(str, ordered)) == sorted(map(str, live))
    if sorted(map(str, expected)) == sorted(map(str, live)):
        assert ordered == expected


def test_one_of_whole_values(answer: Answer) -> None:
    """A container seen in two shapes is open to these two."""
    noise = Noise(at="response.body.$.c", kind="one-of", members=("[]", '[{"a": 1}]'))
    expected = answer({"c": []})
    assert differences(expected, answer({"c": [{"a": 1}]}), noise) == ()
    assert differences(expected, answer({"c": [{"a": 2}]}), noise)
    assert differences(expected, answer({"c": None}), noise)
    assert differences(answer({"c": None}), answer({"c": []}), noise) == ()


def test_words_of_a_text(answer: Answer) -> None:
    """In a page only the learned word varies, and only as its kind."""
    page = '<p>Hello</p><input name="csrf" value="{}"><p>{}</p>'
    noise = Noise(at="response.body#7", kind="hex", length=(12, 12), alphabet="hex")
    expected = answer(page.format("8f3a01c28f3a", "done").encode(), "text/html")
    good = answer(page.format("77b0e4d977b0", "done").encode(), "text/html")
    assert differences(expected, good, noise) == ()
    for wrong in (("77b0e4d977b", "done"), ("77b0e4d977b0", "failed"), ("77b0 e4d977b0", "done")):
        assert differences(expected, answer(page.format(*wrong).encode(), "text/html"), noise)


def test_pieces_of_a_header(answer: Answer) -> None:
    """A Location with a fresh id keeps its path."""
    noise = Noise(at="response.headers.location#0.1", kind="uuid", format="4")
    expected = answer(b"", "", (b"Location", f"/orders/{A}".encode()))
    assert (
        differences(expected, answer(b"", "", (b"Location", f"/orders/{B}".encode())), noise) == ()
    )
    assert differences(expected, answer(b"", "", (b"Location", f"/order/{B}".encode())), noise)
    assert differences(expected, answer(b"", "", (b"Location", b"/orders/7")), noise)


def test_words_in_every_item(answer: Answer) -> None:
    """A pattern may name a word of a text in every item."""
    noise = Noise(at="response.body.$.l[*]#0.1", kind="uuid")
    expected = answer({"l": [f"/o/{A}", f"/o/{B}"]})
    context = Context()
    assert (
        differences(expected, answer({"l": [f"/o/{B}", f"/o/{C}"]}), noise, context=context) == ()
    )
    assert context.count == 2
    varying = Varying([noise], "response", context)
    assert varying.words_of("response.body.$.l[1]") == ["0.1"]


def test_one_id_in_two_exchanges(answer: Answer) -> None:
    """An id that one exchange brings must come back in the next one of its chain."""
    context = Context()
    assert differences(answer({"id": A}), answer({"id": B}), UUID, context=context) == ()
    assert (
        differences(answer({"id": A}), answer({"id": B}), UUID, context=context, scope="x-2") == ()
    )
    found = differences(answer({"id": A}), answer({"id": C}), UUID, context=context, scope="x-2")
    assert [one.place for one in found] == ["response.body.$.id"]


def test_plain_json() -> None:
    """Equal values have one text, whatever the order of members; 1 is not 1.0."""
    one: Any = {"b": [("1",)], "a": None}
    assert plain_json(one) == json.dumps({"a": None, "b": [1]})
    assert plain_json(("1",)) != plain_json(("1.0",))
