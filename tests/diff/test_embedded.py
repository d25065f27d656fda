"""Stand-ins inside longer texts."""

from ci_gate.diff.embedded import with_stand_ins
from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import NO_MASKS
from ci_gate.diff.messages import compare
from ci_gate.model.message import Part
from ci_gate.values.redaction.standins import StandIns

STAND_IN = StandIns(b"k" * 32).stand_in("email", "ops@shop.test")
PLACE = ("response.body.$.note",)


def body(text: str) -> tuple[Part, ...]:
    """A response with one text."""
    return (Part("body", f'{{"note": "{text}"}}'.encode(), "json"),)


def differences(recorded: str, live: str) -> list[str]:
    """What differs between two such texts."""
    equality = Equality()
    actual = with_stand_ins("response", body(recorded), body(live), PLACE, equality)
    return [one.place for one in compare("response", body(recorded), actual, NO_MASKS, equality)]


def test_a_secret_inside_a_text_is_compared_by_kind() -> None:
    """The service says its own address again, which the recording has only as a stand-in."""
    assert differences(f"write to {STAND_IN} today", "write to ops@shop.test today") == []


def test_the_words_around_it_still_count() -> None:
    """Taking the address for its stand-in must not hide that the text has changed."""
    assert differences(f"write to {STAND_IN} today", "call ops@shop.test today") == [PLACE[0]]


def test_a_secret_that_is_gone_is_a_difference() -> None:
    """A text without any address is not the text with one."""
    assert differences(f"write to {STAND_IN} today", "write to nobody today") == [PLACE[0]]


def test_one_stand_in_is_one_value_for_the_whole_run() -> None:
    """The same person recorded twice must be the same person twice."""
    text = f"from {STAND_IN} to {STAND_IN}"
    assert differences(text, "from a@b.test to a@b.test") == []
    assert differences(text, "from a@b.test to c@d.test") == [PLACE[0]]


def test_a_whole_stand_in_is_left_to_compare() -> None:
    """Where the value is nothing but a stand-in, comparing knows what to do itself."""
    live = body("a@b.test")
    assert with_stand_ins("response", body(STAND_IN), live, PLACE, Equality()) == live
