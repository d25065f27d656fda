"""Redacted places: compared by kind, and one to one within a run."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.codecs.http1.codec import Http1
from ci_gate.diff.equality import Equality, stand_ins_of, words_of
from ci_gate.diff.expectation import Expectation


@pytest.fixture(scope="module")
def email(stand_in: Any) -> str:
    """A stand-in for an e-mail address."""
    made: str = stand_in("email", "real@person.org")
    return made


def test_live_value_of_the_same_kind_is_equal(diff: Any, answer: Any, email: str) -> None:
    """Where an address was redacted any address may stand, and it is counted."""
    equality = Equality()
    assert diff(answer({"m": email}), answer({"m": "x@y.org"}), equality=equality) == ()
    assert equality.count == 1


@pytest.mark.parametrize("live", ["nobody", "", None, 7, ["x@y.org"]])
def test_value_of_another_kind_is_red(diff: Any, answer: Any, email: str, live: Any) -> None:
    """Null, empty, a number, a list or a text of another kind are differences."""
    assert len(diff(answer({"m": email}), answer({"m": live}))) == 1


def test_equal_stand_ins_stay_equal(diff: Any, answer: Any, email: str) -> None:
    """What was one value when recorded must be one value live, in all messages of a run."""
    equality = Equality()
    old = answer({"a": email, "b": email})
    assert diff(old, answer({"a": "x@y.org", "b": "x@y.org"}), equality=equality) == ()
    (found,) = diff(answer({"c": email}), answer({"c": "other@y.org"}), equality=equality)
    assert found.place == "response.body.$.c"


def test_different_stand_ins_stay_different(
    diff: Any, answer: Any, email: str, stand_in: Any
) -> None:
    """Two people must not become one."""
    other = stand_in("email", "second@person.org")
    found = diff(answer({"a": email, "b": other}), answer({"a": "x@y.org", "b": "x@y.org"}))
    assert [one.place for one in found] == ["response.body.$.b"]


def test_another_stand_in_of_the_recording_is_red(
    diff: Any, answer: Any, email: str, stand_in: Any
) -> None:
    """Serving another recorded person's address is a difference, though it is an address."""
    other = stand_in("email", "second@person.org")
    assert len(diff(answer({"a": email}), answer({"a": other}))) == 1


def test_word_for_word_here_and_another_there_is_red(diff: Any, answer: Any, email: str) -> None:
    """A stand-in that came back as it is may not be another value elsewhere, in either order."""
    old = answer({"a": email, "b": email})
    parts = Http1().places(old)
    stand_ins = stand_ins_of("response", parts)
    assert [place for place, _ in stand_ins] == ["response.body.$.a", "response.body.$.b"]
    for live in ({"a": email, "b": "x@y.org"}, {"a": "x@y.org", "b": email}):
        assert len(diff(old, answer(live), stand_ins=stand_ins)) == 1


def test_quick_look_tells_the_run(diff: Any, answer: Any, email: str) -> None:
    """An answer that is equal byte for byte binds its stand-ins too."""
    old = answer({"a": email})
    stand_ins = stand_ins_of("response", Http1().places(old), ("response.body.$.a",))
    expected, equality = Expectation(old, stand_ins), Equality()
    assert expected.matches(old)
    assert equality.verbatim(expected.stand_ins)
    assert len(diff(answer({"b": email}), answer({"b": "x@y.org"}), equality=equality)) == 1
    late = Equality()
    assert diff(answer({"b": email}), answer({"b": "x@y.org"}), equality=late) == ()
    assert not late.verbatim(expected.stand_ins)
    assert len(diff(old, old, equality=late, stand_ins=stand_ins)) == 1


def test_stand_ins_are_looked_for_only_where_they_are(answer: Any, email: str) -> None:
    """What was not redacted is not searched; what was is found by its place."""
    parts = Http1().places(answer({"a": email, "b": email}))
    assert stand_ins_of("response", parts, ()) == ()
    assert stand_ins_of("response", parts, ("request.body.$.a",)) == ()
    assert stand_ins_of("response", parts, ("response.body.$.b",)) == (
        ("response.body.$.b", email),
    )


def test_stand_in_inside_a_text(diff: Any, answer: Any, email: str) -> None:
    """A stand-in within a sentence or a page is compared by kind, the words around it strictly."""
    text = f"Hello {email}, welcome"
    assert diff(answer({"t": text}), answer({"t": "Hello x@y.org, welcome"})) == ()
    assert len(diff(answer({"t": text}), answer({"t": "Bye x@y.org, welcome"}))) == 1
    page, live = f"<p title='{email}'>\n".encode(), b"<p title='x@y.org'>\n"
    assert diff(answer(page, "text/html"), answer(live, "text/html")) == ()


def test_items_with_stand_ins_align(diff: Any, answer: Any, stand_in: Any) -> None:
    """Arrays of redacted people align by what is not redacted."""
    old = [{"id": n, "m": stand_in("email", f"p{n}@p.org")} for n in range(8)]
    new = [{"id": n, "m": f"live{n}@y.org"} for n in range(8)]
    new.insert(2, {"id": 50, "m": "fresh@y.org"})
    equality = Equality()
    found = diff(answer(old), answer(new), equality=equality)
    assert [(one.change, one.place) for one in found] == [("added", "response.body.$[2]")]
    assert equality.count == 8
    assert not equality.allows(old[0]["m"], "another@y.org")


def test_trying_leaves_no_trace(email: str) -> None:
    """A scratch equality knows what is known and tells nothing."""
    equality = Equality()
    assert equality.same(email, "x@y.org")
    scratch = equality.scratch()
    assert not scratch.allows(email, "z@y.org")
    assert scratch.same("other", "z@y.org")
    assert equality.allows("another", "z@y.org")


def test_what_is_held_is_itself() -> None:
    """A stand-in that live messages come with stands for nothing else, and nothing else for it."""
    equality = Equality()
    equality.hold(["one"])
    assert equality.count == 0
    assert equality.same("one", "one")
    assert not equality.same("one", "other")
    assert not equality.same("two", "one")
    assert not equality.scratch().allows("one", "other")


def test_tokens_that_carry_the_time_are_held_to_nothing() -> None:
    """A form's token is that of the second in which it was made: equal ones may come apart, and
    different ones may be the same."""
    first, second = (
        f"ImY2YThlODcwNTNiOWIx.awEqU{sign}.Hk0wYvDrpYZM6ppmzoscpWrJ7IE" for sign in "wx"
    )
    equality = Equality()
    assert equality.same("a", first)
    assert equality.same("a", second)
    assert equality.same("b", second)
    assert equality.same("a", "1f0c2a34")
    assert not equality.same("a", "2f0c2a34")
    learning = Equality(redacted=True, timed={"stand-in"})
    assert learning.same("a", "stand-in")
    assert learning.scratch().allows("b", "stand-in")


def test_what_was_sent_comes_back_as_it_was_sent() -> None:
    """No other value may stand where a stand-in that we sent stood; what another one stood for
    before stays as it is, and nothing is counted."""
    equality = Equality()
    assert equality.same("made", "live")
    equality.sent(["one", "made"])
    assert equality.count == 1
    assert not equality.same("one", "other")
    assert equality.same("one", "one")
    assert equality.same("made", "live")


def test_a_credential_comes_back_without_its_scheme(stand_in: Any) -> None:
    """`Bearer x` is held as it is, and as x."""
    token = stand_in("token", "2YotnFZFEjr1zCsicMWpAA")
    bare = token.rpartition(" ")[2]
    assert list(words_of([f"Bearer {bare}"])) == [f"Bearer {bare}", bare]
    assert list(words_of([bare, "of two"])) == [bare, "of two"]
