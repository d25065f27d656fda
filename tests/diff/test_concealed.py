"""Why a change at a place passes."""

from __future__ import annotations

import pytest

from ci_gate.diff import concealed
from ci_gate.model.message import Part
from ci_gate.model.noise import Noise
from ci_gate.model.result import RuleUse
from ci_gate.values.redaction.standins import StandIns


def use(index: int, used: int) -> RuleUse:
    """A rule that was used so often."""
    return RuleUse(index=index, text=f"text {index}", reason="r", used=used)


def test_rules_that_did_more() -> None:
    """Only those that the change made work are named, by index and text."""
    before, after = (use(1, 3), use(2, 0)), (use(1, 3), use(2, 1))
    assert concealed.by_rules(before, after) == ("rule 2: text 2",)


@pytest.mark.parametrize(
    ("at", "place", "covers"),
    [
        ("response.body.$.at", "response.body.$.at", True),
        ("response.body.$.items[*].at", "response.body.$.items[2].at", True),
        ("response.body.$.items", "response.body.$.items[0].id", True),
        ("response.body.$.item.at", "response.body.$.item", True),
        ("response.body#7", "response.body", True),
        ("response.body.$.at", "response.body.$.attic", False),
        ("response.body.$.at", "response.body.$.other", False),
    ],
)
def test_learned_places(at: str, place: str, covers: bool) -> None:
    """A learned place hides what is at it, in it, or around it."""
    noise = Noise(at=at, kind="timestamp", format="YYYY")
    expected = (f"learned: {at} is timestamp (YYYY)",) if covers else ()
    assert concealed.by_noise(place, (noise,)) == expected


def test_members_are_told() -> None:
    """Of one-of the first values are shown."""
    noise = Noise(at="response.body.$.a", kind="one-of", members=('"x"', '"y"', '"z"'))
    (text,) = concealed.by_noise("response.body.$.a", (noise,))
    assert text == 'learned: response.body.$.a is one-of ("x", "y")'


def test_redacted_places() -> None:
    """A stand-in at the place or below it, whether or not the recorder wrote it down."""
    stand_in = StandIns(b"k" * 32).stand_in("email", "ada@corp.example")
    body = Part("body", b'{"user": {"email": "%s"}, "id": 7}' % stand_in.encode(), "json")
    for place in ("response.body.$.user.email", "response.body.$.user"):
        (text,) = concealed.by_redaction(place, (body,))
        assert text.startswith("redacted: response.body.$.user.email is compared by kind")
    assert not concealed.by_redaction("response.body.$.use", (body,))
    assert not concealed.by_redaction("response.body.$.id", (body,))


@pytest.mark.parametrize(
    ("kind", "place", "group", "word"),
    [
        ("write-duplicated", "", "startup", "by key, not by count"),
        ("write-dropped", "", "startup", ""),
        ("header-removed", "response.headers.date", "", "not compared"),
        ("header-changed", "response.headers.x-request-id", "", "only the presence"),
        ("header-changed", "response.headers.cache-control", "", ""),
        ("argument-changed", "request.headers.user-agent", "", "a rule names"),
        ("argument-changed", "request.headers.accept", "", ""),
    ],
)
def test_what_is_built_in(kind: str, place: str, group: str, word: str) -> None:
    """Tolerances that need no rule are named, and only where they are at work."""
    found = concealed.built_in(kind, place, group)
    assert bool(found) == bool(word)
    assert word in "".join(found)


def test_what_was_seen_more_often() -> None:
    """Texts that are new or came more often than before."""
    assert concealed.by_more({"a": 1, "b": 1}, {"a": 1, "b": 2, "c": 1}) == ("b", "c")
